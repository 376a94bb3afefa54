"""The page on which a clinician sees what speaks against a treatment, answers what is open, and unlocks."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from factories import a_patient, a_user, the_clinic

from patients.actions import facts
from patients.models import Fact, Patient
from people.models import AuditEvent, User
from people.rules.permissions import Role
from programs.actions import plans, safety
from programs.actions.safety import Treatment
from programs.models import Override, SafetyDecision
from programs.rules.rulebook import rulebook

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> User:
    the_clinic()
    return a_user(Role.CLINICIAN, profession="physician")


@pytest.fixture
def patient(doctor: User) -> Patient:
    found = a_patient(birth_date=date(1978, 3, 4))
    plans.start(
        found,
        template_code="tpl_subacute_chiropractic_exercise",
        starts_on=timezone.localdate(),
        remind_at=None,
        by=doctor,
        now=timezone.now(),
    )
    return found


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="people.web.backends.RightsBackend")
    return client


def url(name: str, patient: Patient) -> str:
    return reverse(f"programs:{name}", args=[patient.pk])


def show(client: Client, patient: Patient, query: str = "") -> str:
    return client.get(url("safety", patient) + query).content.decode()


def test_it_shows_the_treatments_of_the_plan_and_on_request_all(doctor: User, patient: Patient) -> None:
    page, every = show(signed_in(doctor), patient), show(signed_in(doctor), patient, "?all=1")
    modalities = rulebook().modalities

    assert modalities["chiropractic_care"].name in page
    assert modalities["prp"].name not in page
    assert modalities["prp"].name in every
    assert modalities["stem_cell"].name not in every  # switched off
    assert "Not all asked yet" in page
    assert "Not yet confirmed by a clinician" in page


def test_one_tap_answers_every_open_question_with_no_and_says_who_asked(doctor: User, patient: Patient) -> None:
    answered = signed_in(doctor).post(
        url("safety_answers", patient), {"do": "all_no", "fact_bp_systolic": "128", "fact_bp_diastolic": "82"}
    )

    assert answered.status_code == 302
    said = dict(Fact.objects.filter(patient=patient).values_list("code", "value"))
    assert said["anticoagulant_use"] is False
    assert said["bp_systolic"] == 128
    assert Fact.objects.filter(patient=patient).exclude(by=doctor).count() == 0
    assert AuditEvent.objects.get(deed="facts.stated").detail == {"origin": "clinician", "count": len(said)}


def test_a_tap_on_all_no_never_takes_back_a_yes(doctor: User, patient: Patient) -> None:
    facts.state(patient, {"osteoporosis": True}, by=doctor, now=timezone.now())

    signed_in(doctor).post(url("safety_answers", patient), {"do": "all_no"})

    assert facts.known(patient, on=timezone.localdate())["osteoporosis"] is True


def test_a_number_that_cannot_be_is_said_at_the_field_and_nothing_typed_is_lost(doctor: User, patient: Patient) -> None:
    answered = signed_in(doctor).post(
        url("safety_answers", patient),
        {"do": "save", "fact_bp_systolic": "high", "fact_anticoagulant_use": "yes"},
    )
    page = answered.content.decode()

    assert answered.status_code == 422
    assert "Write a number, such as 120." in page
    assert 'value="high"' in page
    assert 'value="yes" checked' in page
    assert not Fact.objects.exists()


def test_who_never_took_something_can_say_so(doctor: User) -> None:
    patient = a_patient()
    signed_in(doctor).post(url("safety_answers", patient) + "?all=1", {"do": "save", "fact_days_since_nsaid": "never"})

    assert facts.known(patient, on=timezone.localdate())["days_since_nsaid"] >= 36_500
    assert "never" in show(signed_in(doctor), patient, "?all=1")


def test_a_clinician_unlocks_with_a_reason_and_locks_again(doctor: User, patient: Patient) -> None:
    facts.state(patient, {"anticoagulant_use": True}, by=doctor, now=timezone.now())
    client = signed_in(doctor)
    assert "Unlock it with a reason" in show(client, patient)

    asked: dict[str, Any] = {
        "modality": "chiropractic_care",
        "technique": "",
        "reason": "Gentle mobilisation only, prescriber agrees",
        "until": timezone.localdate() + timedelta(days=14),
    }
    planned = patient.plans.get().sessions.filter(modality="chiropractic_care").values_list("technique", flat=True)
    every = safety.standings(patient, [Treatment("chiropractic_care", timezone.localdate(), it) for it in planned])
    technique = next(it.treatment.technique for it in every if it.to_override)
    client.post(url("unlock", patient), asked | {"technique": technique})
    unlocked = Override.objects.get()
    page = show(client, patient)
    assert "Gentle mobilisation only" in page
    assert doctor.name in page

    client.post(reverse("programs:lock", args=[unlocked.pk]))
    unlocked.refresh_from_db()
    assert unlocked.revoked_by == doctor


def test_without_a_reason_nothing_is_unlocked(doctor: User, patient: Patient) -> None:
    facts.state(patient, {"anticoagulant_use": True}, by=doctor, now=timezone.now())

    answered = signed_in(doctor).post(
        url("unlock", patient), {"modality": "chiropractic_care", "reason": "", "until": timezone.localdate()}
    )

    assert answered.status_code == 422
    assert not Override.objects.exists()


def test_the_desk_never_sees_it(patient: Patient) -> None:
    desk = signed_in(a_user(Role.FRONT_DESK))

    assert desk.get(url("safety", patient)).status_code == 404
    assert desk.post(url("safety_answers", patient), {"do": "all_no"}).status_code == 404
    assert desk.post(url("unlock", patient), {}).status_code == 404


def test_however_much_is_known_the_page_asks_as_often(
    doctor: User, patient: Patient, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(doctor)
    show(client, patient)
    with django_assert_max_num_queries(25):
        show(client, patient)
    codes = dict.fromkeys(("osteoporosis", "smoking", "latex_allergy", "diabetes_uncontrolled"), True)
    for _again in range(5):
        facts.state(patient, codes, by=doctor, now=timezone.now())
    with django_assert_max_num_queries(25):
        show(client, patient)


def test_what_is_unlocked_stands_in_one_list_with_the_rule_and_the_reason(doctor: User) -> None:
    client, url_of_list, rosa = signed_in(doctor), reverse("programs:unlocked"), a_user(Role.FRONT_DESK)
    assert "Nothing is unlocked against a rule." in client.get(url_of_list).content.decode()
    counts = []
    for number in (1, 20):
        for _each in range(number):
            other = a_patient()
            facts.state(other, {"anticoagulant_use": True}, by=doctor, now=timezone.now())
            thrust = Treatment("chiropractic_care", timezone.localdate(), "cervical_thrust")
            safety.override(
                other, thrust, reason="Prescriber agrees", until=timezone.localdate(), by=doctor, now=timezone.now()
            )
            SafetyDecision.objects.create(
                patient=other, moment="started", modality="dry_needling", on=timezone.localdate(), status="caution",
                rules=["int_dn_dn_preferred"], rulebook_version="1", by=doctor, at=timezone.now(),
            )  # fmt: skip
            SafetyDecision.objects.create(
                patient=other, moment="started", modality="dry_needling", on=timezone.localdate(), status="caution",
                rules=["int_dn_dn_preferred"], rulebook_version="1", by=rosa, at=timezone.now(),
            )  # fmt: skip
        with CaptureQueriesContext(connection) as asked:
            page = client.get(url_of_list).content.decode()
        counts.append(len(asked))

    assert "Prescriber agrees" in page
    assert escape(rulebook().timing_rules["int_dn_dn_preferred"].reason.capitalize()) in page
    assert page.count("Dry needling") == 21, "what the desk called in was read by nobody"
    assert reverse("programs:rule_changes") in page
    assert counts[0] == counts[1]
    assert signed_in(a_user(Role.FRONT_DESK)).get(url_of_list).status_code == 404
