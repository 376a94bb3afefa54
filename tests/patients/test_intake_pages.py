"""The form in the portal, as she fills it in on a phone, and as staff write it for her."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_portal_patient, a_user, the_clinic
from form_cast import SAFETY, checked, part, said, signed_in
from pytest_django import DjangoAssertNumQueries
from visit_cast import words

from patients.actions import intake as intakes
from patients.models import Intake, Patient
from people.models import AuditEvent
from people.rules.permissions import Role


def test_she_begins_with_one_tap_and_looking_writes_nothing(phone: Client) -> None:
    first = phone.get(reverse("patients:forms"))
    assert (Intake.objects.count(), "Begin" in words(first)) == (0, True)

    answer = phone.post(reverse("patients:form_start"))

    assert answer.url == part(Intake.objects.get(), "story")


def test_each_page_says_which_of_seven_parts_it_is_and_leads_to_the_next(phone: Client, form: Intake) -> None:
    assert "Part 1 of 7" in words(phone.get(part(form, "story")))

    answer = phone.post(part(form, "story"), {"text": "Stiff", "since_count": "3", "since_unit": "weeks"})

    assert answer.url == part(form, "symptoms")
    form.refresh_from_db()
    assert form.answers["story"]["since_days"] == 21


def test_going_back_shows_what_she_answered(phone: Client, form: Intake) -> None:
    phone.post(part(form, "places"), {"codes": ["lateral_neck:left", "nuchal_ligament:middle"]})
    phone.post(part(form, "pain"), {"now": "6", "worst": "7"})

    assert checked(phone.get(part(form, "places"))) == {
        ("codes", "lateral_neck:left"),
        ("codes", "nuchal_ligament:middle"),
    }
    assert checked(phone.get(part(form, "pain"))) == {("now", "6"), ("worst", "7")}


def test_a_page_with_a_mistake_keeps_what_was_typed_and_says_what_is_wrong(phone: Client, form: Intake) -> None:
    answer = phone.post(part(form, "pain"), {"best": "5", "worst": "2"})

    page = words(answer)
    assert "<title>Error:" in page
    assert "There is a problem" in page
    assert "Choose a number from 0 to 10." in page
    assert "The worst pain cannot be less than the least pain." in page
    assert checked(answer) == {("best", "5"), ("worst", "2")}
    form.refresh_from_db()
    assert form.answers == {}


def test_an_allergy_nobody_asked_about_is_not_kept_as_none(phone: Client, form: Intake) -> None:
    phone.post(part(form, "allergies"), {})
    form.refresh_from_db()
    assert (form.answers["health"]["allergy_state"], form.answers["health"]["facts"]) == ("not_asked", {})

    answer = phone.post(part(form, "allergies"), {"allergy_state": "known"})
    assert "Write what you are allergic to." in words(answer)

    said = {"allergy_state": "known", "codes": ["latex_allergy"], "what_1": "Lidocaine", "reaction_1": "swelling"}
    phone.post(part(form, "allergies"), said)
    page = words(phone.get(reverse("patients:form_check", args=[form.pk])))
    assert "Known allergies" in page
    assert "Lidocaine: swelling" in page
    form.refresh_from_db()
    facts = form.answers["health"]["facts"]
    assert (facts["latex_allergy"], facts["metal_allergy"]) == (True, False)


def test_no_known_allergy_is_an_answer_and_cannot_stand_beside_one(phone: Client, form: Intake) -> None:
    answer = phone.post(part(form, "allergies"), {"allergy_state": "none_known", "what_1": "Latex"})
    assert "You named an allergy below." in words(answer)

    phone.post(part(form, "allergies"), {"allergy_state": "none_known"})
    form.refresh_from_db()
    assert set(form.answers["health"]["facts"].values()) == {False}
    phone.post(part(form, "allergies"), {"allergy_state": "unable"})
    form.refresh_from_db()
    assert form.answers["health"]["facts"] == {}, "who could not say has said neither yes nor no"


def test_she_may_stop_and_go_on_where_she_was(phone: Client, form: Intake) -> None:
    phone.post(part(form, "story"), {"text": "Stiff"})
    answer = phone.post(part(form, "symptoms"), {"codes": ["stiff_neck"], "later": "1"})
    assert answer.url == reverse("patients:forms")

    assert f'href="{part(form, "places")}"' in words(phone.get(reverse("patients:forms")))


def test_before_sending_she_checks_and_may_change_each_answer(phone: Client, form: Intake) -> None:
    phone.post(part(form, "story"), {"text": "Since I moved house", "causes": ["awkward_sleep"]})
    phone.post(part(form, "safety-3"), said(SAFETY[2], rf_gait_change="unsure"))

    page = words(phone.get(reverse("patients:form_check", args=[form.pk])))

    for shown in ("Since I moved house", "Sleeping in an awkward position", "Not sure: Have you become unsteady"):
        assert shown in page
    for key in ("story", "symptoms", "pain", "medicines", "allergies", "safety-1", "safety-6", "goals", "last"):
        assert f'href="{part(form, key)}"' in page
    assert "safety questions have no answer" in page


@time_machine.travel(NOW, tick=False)
def test_a_form_sent_twice_is_sent_once_and_opens_no_more(phone: Client, form: Intake) -> None:
    url = reverse("patients:form_check", args=[form.pk])
    for _ in range(2):
        assert phone.post(url).url == reverse("patients:form_sent", args=[form.pk])

    assert AuditEvent.objects.filter(deed="intake.submitted").count() == 1
    assert phone.get(part(form, "story")).url == reverse("patients:form_sent", args=[form.pk])
    assert "Sent on 14 September 2026" in words(phone.get(reverse("patients:forms")))


def test_anothers_form_does_not_exist_for_her(phone: Client) -> None:
    other = a_portal_patient(family_name="Other")
    assert other.user
    theirs = intakes.start(other, by=other.user, now=NOW)

    for name in ("form_check", "form_sent", "form_urgent"):
        assert phone.get(reverse(f"patients:{name}", args=[theirs.pk])).status_code == 404
    assert phone.get(part(theirs, "story")).status_code == 404
    assert phone.post(part(theirs, "story"), {"text": "x"}).status_code == 404
    assert Intake.objects.get(pk=theirs.pk).answers == {}


def test_an_account_without_a_confirmed_record_has_no_form(db: None) -> None:
    the_clinic()
    stranger = a_patient(user=a_user(Role.PATIENT))

    assert signed_in(stranger).get(reverse("patients:forms")).status_code == 404


def test_a_mother_fills_in_for_the_child_she_has_chosen(leila: Patient, phone: Client) -> None:
    child = a_patient(given_name="Zoe", family_name="Adams", user=leila.user, portal_confirmed_at=NOW)
    session = phone.session
    session["patient_id"] = str(child.pk)
    session.save()

    phone.post(reverse("patients:form_start"))

    assert Intake.objects.get().patient == child


def test_a_page_that_does_not_exist_is_not_found(phone: Client, form: Intake) -> None:
    assert phone.get(part(form, "safety-99")).status_code == 404


def test_a_clinician_writes_the_form_for_her_and_the_record_is_opened_in_the_trail(leila: Patient) -> None:
    clinician = Client()
    author = a_user(Role.CLINICIAN)
    clinician.force_login(author)

    answer = clinician.post(reverse("patients:staff_form_start", args=[leila.pk]))
    form = Intake.objects.get()
    assert answer.url == reverse("patients:staff_form_part", args=[leila.pk, form.pk, "story"])
    assert leila.clinic_number in words(clinician.get(answer.url))

    clinician.post(answer.url, {"text": "Told by phone"})
    saved = AuditEvent.objects.get(deed="intake.part_saved")
    assert (saved.by, saved.patient_id) == (author, leila.pk)
    assert AuditEvent.objects.filter(deed="patient.opened", by=author).count() == 3


def test_the_desk_has_no_way_to_the_form(leila: Patient, form: Intake) -> None:
    desk = Client()
    desk.force_login(a_user(Role.FRONT_DESK))

    assert desk.post(reverse("patients:staff_form_start", args=[leila.pk])).status_code == 404
    assert desk.get(reverse("patients:staff_form_part", args=[leila.pk, form.pk, "story"])).status_code == 404
    assert desk.get(reverse("patients:form_check", args=[form.pk])).status_code == 404


@pytest.mark.parametrize("sent", [1, 50])
def test_her_forms_cost_the_same_however_many_she_sent(
    leila: Patient, phone: Client, sent: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Intake.objects.bulk_create(Intake(patient=leila, started_at=NOW, submitted_at=NOW) for _ in range(sent))
    phone.get(reverse("patients:forms"))

    with django_assert_num_queries(11):
        phone.get(reverse("patients:forms"))


def test_a_parent_of_two_says_for_whom_before_any_form_opens(db: None) -> None:
    the_clinic()
    first = a_portal_patient(given_name="Ada")
    a_patient(given_name="Bo", user=first.user, portal_confirmed_at=NOW)
    assert first.user
    client = signed_in(first)

    assert client.get(reverse("patients:forms")).url == reverse("home")
    assert client.post(reverse("patients:form_start")).status_code == 404
    assert not Intake.objects.exists()
