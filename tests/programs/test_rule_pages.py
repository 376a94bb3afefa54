"""The pages on which the owner sets a rule otherwise: looked at before it is done, and shown wherever it counts."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from factories import a_clinician, a_patient, a_site, a_user, the_clinic

from clinic.appointments.models import Appointment
from patients.actions import facts
from people.models import User
from people.rules.permissions import Role
from programs.actions import plans, rule_changes, safety
from programs.actions.safety import Treatment
from programs.models import RuleChange, SafetyDecision

pytestmark = pytest.mark.django_db

NSAID = "ci_prp__days_since_nsaid_lt7__relative"
WHY = "Our surgeons wait ten days."


@pytest.fixture
def owner() -> User:
    the_clinic()
    return a_user(Role.OWNER, name="Ines Okafor")


def door(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="people.web.backends.RightsBackend")
    return client


def page_of(kind: str, code: str, name: str = "rule_change") -> str:
    return reverse(f"programs:{name}", args=[kind, code])


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def sent(owner: User, do: str, **changes: Any) -> Any:
    typed = {"kind": "threshold", "number": "10", "reason": WHY, "do": do}
    return door(owner).post(page_of("contraindications", NSAID), typed | changes)


def test_what_a_change_would_do_is_seen_before_it_is_done(owner: User) -> None:
    doctor, patient = a_user(Role.CLINICIAN, profession="physician"), a_patient(birth_date=date(1978, 3, 4))
    facts.state(patient, {"days_since_nsaid": 8}, by=doctor, now=timezone.now())
    treatment = Treatment("prp", timezone.localdate())
    safety.decide(patient, [treatment], SafetyDecision.Moment.BOOKED, by=doctor, now=timezone.now())

    looked = text(sent(owner, "look"))

    assert "Of 1 decision of the last 90 days" in looked
    assert "1 would have come out as “locked” instead of “not all asked yet”" in looked
    assert "below 10 days" in looked
    assert WHY in looked, "nothing typed is lost"
    assert not RuleChange.objects.exists()


def test_once_done_the_page_of_the_rule_says_who_when_why_and_what_it_was(owner: User) -> None:
    assert sent(owner, "change").url == page_of("contraindications", NSAID, "entry")

    page = text(door(owner).get(page_of("contraindications", NSAID, "entry")))
    every = text(door(owner).get(reverse("programs:rule_changes")))
    shelf = text(door(owner).get(reverse("programs:shelf", args=["contraindications"])))

    for shown in (page, every):
        assert "below 7 days" in shown
        assert "below 10 days" in shown
        assert WHY in shown
        assert "Ines Okafor" in shown
    assert "Not yet confirmed by a clinician" in page
    assert shelf.count("Changed by the clinic") == 1


def test_it_is_withdrawn_with_a_reason_and_stays_in_the_history(owner: User) -> None:
    sent(owner, "change")
    made, client = RuleChange.objects.get(), door(owner)
    url = page_of("contraindications", NSAID, "rule_withdraw")

    asked = client.post(url, {"change": made.pk})
    assert "Why" in text(asked)
    assert client.post(url, {"change": made.pk, "reason": " "}).status_code == 422
    assert client.post(url, {"change": made.pk, "reason": "Nobody agreed."}).status_code == 302

    page = text(client.get(page_of("contraindications", NSAID, "entry")))
    assert "The clinic has changed nothing here." in page
    assert "Nobody agreed." in page
    assert "Nobody agreed." in text(client.get(reverse("programs:rule_changes")))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"number": "soon"}, "Write a number, such as 14."),
        ({"number": ""}, "Write the new number."),
        ({"number": "7"}, "says so already"),
        ({"kind": "severity", "severity": ""}, "Choose how strict it shall be."),
        ({"number": "99999999"}, "Write a number between 0 and 36500."),
    ],
)
def test_what_cannot_be_is_said_in_plain_words_and_nothing_typed_is_lost(
    owner: User, typed: dict[str, str], words: str
) -> None:
    for do in ("look", "change"):
        answer = sent(owner, do, **typed)
        assert answer.status_code == 422
        assert words in text(answer)
        assert WHY in text(answer)
    assert not RuleChange.objects.exists()


def test_what_forbids_absolutely_is_not_offered_for_loosening(owner: User) -> None:
    never = "ci_prp__red_flag_uncleared__absolute"

    page = text(door(owner).get(page_of("contraindications", never)))

    assert "Nothing here can be made stricter, and nothing may be made milder." in page
    refused = door(owner).post(
        page_of("timing", "int_injection_thrust_same_day"),
        {"kind": "gap", "number": "0", "reason": WHY, "do": "change"},
    )
    assert "never milder" in text(refused)


def test_somebody_elses_change_in_the_meantime_is_not_overwritten(owner: User) -> None:
    sent(owner, "change")

    late = sent(owner, "change", number="12")
    made = RuleChange.objects.get()
    seen = sent(owner, "change", number="12", **{f"seen_threshold_{NSAID}": made.pk})

    assert "Somebody else changed this rule meanwhile" in text(late)
    assert seen.status_code == 302
    assert [it.value for it in rule_changes.in_force()] == [12]


def test_switching_a_treatment_off_shows_whose_plans_and_visits_it_concerns(owner: User) -> None:
    therapist, patient = a_user(Role.CLINICIAN), a_patient(given_name="Leila", family_name="Rahimi")
    now, site = timezone.now(), a_site()
    plans.start(
        patient, template_code="tpl_subacute_chiropractic_exercise", starts_on=timezone.localdate(), remind_at=None,
        by=therapist, now=now,
    )  # fmt: skip
    Appointment.objects.create(
        patient=patient, service_code="chiropractic_care", clinician=a_clinician(), site=site, booked_at=now,
        timed_at=now, starts_at=now + timedelta(days=2), ends_at=now + timedelta(days=2, minutes=30),
    )  # fmt: skip
    client, url = door(owner), page_of("treatments", "chiropractic_care")
    visits = reverse("appointments:visits_of_treatment", args=["chiropractic_care"])

    looked = text(client.post(url, {"kind": "modality_off", "reason": WHY, "do": "look"}))
    listed = text(client.get(visits))
    done = client.post(url, {"kind": "modality_off", "reason": WHY, "do": "change"})

    assert "Rahimi, Leila" in looked
    assert visits in looked
    assert "1 visit is booked" in listed
    assert "Rahimi" in listed
    assert done.status_code == 302
    assert "Changed by the clinic" in text(client.get(page_of("treatments", "chiropractic_care", "entry")))


def test_a_technique_is_switched_off_alone(owner: User) -> None:
    url = page_of("treatments", "chiropractic_care")
    typed = {"kind": "technique_off", "technique": "cervical_thrust", "reason": WHY, "do": "change"}

    assert "Choose the technique." in text(door(owner).post(url, typed | {"technique": ""}))
    assert door(owner).post(url, typed).status_code == 302
    assert [(it.kind, it.code) for it in rule_changes.in_force()] == [("technique_off", "cervical_thrust")]


def test_a_clinician_reads_what_was_changed_and_changes_nothing(owner: User) -> None:
    sent(owner, "change")
    clinician, desk = door(a_user(Role.CLINICIAN)), door(a_user(Role.FRONT_DESK))

    page = text(clinician.get(page_of("contraindications", NSAID, "entry")))
    assert WHY in page
    assert "Withdraw this change" not in page
    assert "Change it for the clinic" not in page
    for name in ("rule_change", "rule_withdraw"):
        assert clinician.post(page_of("contraindications", NSAID, name), {"do": "change"}).status_code == 404
    assert clinician.get(reverse("appointments:visits_of_treatment", args=["prp"])).status_code == 404
    assert desk.get(reverse("programs:rule_changes")).status_code == 404
    assert door(owner).get(page_of("exercises", "ex_chin_tuck_sitting")).status_code == 404


@pytest.mark.parametrize("many", [1, 20])
def test_the_lists_cost_the_same_however_much_was_changed(
    owner: User, many: int, django_assert_num_queries: Any
) -> None:
    codes = ["int_dn_dn", "int_prp_prp", "int_prp_dn", "int_eswt_eswt"]
    for n in range(many):
        code = codes[n % 4]
        seen = next((it.pk for it in rule_changes.in_force() if it.code == code), None)
        rule_changes.change("gap", code, 60 + n, reason=WHY, by=owner, now=timezone.now(), seen=seen)
    client = door(owner)
    client.get(reverse("programs:rule_changes"))

    # session, user, second factor, clinic, what is in force, how much was withdrawn and its page
    with django_assert_num_queries(7 if many > 4 else 6):
        client.get(reverse("programs:rule_changes"))
    with django_assert_num_queries(5):
        client.get(reverse("programs:shelf", args=["timing"]))
    with django_assert_num_queries(5):
        client.get(page_of("timing", "int_dn_dn", "entry"))
