"""The short screen before a visit and at a flare: asked again, kept, and what it holds and opens."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from factories import NOW, a_patient, a_portal_patient, a_user, the_clinic
from pytest_django import DjangoAssertNumQueries

from patients.actions import facts, red_flags
from patients.actions import intake as intakes
from patients.models import Assessment, Intake, Patient, RedFlag
from patients.rules.intake_parts import safety_groups
from patients.rules.rulebook import intake_questions, rulebook
from patients.rules.screen import Occasion, is_told_at_once, short_questions
from people.models import AuditEvent, User
from people.rules.permissions import Role
from programs.actions import safety

ASKED = short_questions(48, rulebook=rulebook())
GROUPS = list(safety_groups(ASKED))
ALL_NO = {f"signs_{nth}": "none" for nth in range(1, len(GROUPS) + 1)}


@pytest.fixture
def leila(db: None) -> Patient:
    the_clinic(emergency_number="112")
    return a_portal_patient()


@pytest.fixture
def phone(leila: Patient) -> Client:
    return signed_in(leila.user)


def signed_in(user: User | None) -> Client:
    assert user
    client = Client()
    client.force_login(user)
    return client


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def the_group_of(code: str) -> str:
    return next(f"signs_{nth}" for nth, group in enumerate(GROUPS, start=1) if code in {it.code for it in group})


def no_to_all(**others: bool) -> dict[str, bool]:
    return {it.code: others.get(it.code, False) for it in ASKED}


def send_form(patient: Patient, **answers: bool) -> Intake:
    assert patient.user
    form = intakes.start(patient, by=patient.user, now=NOW)
    if answers:
        intakes.save_part(form, "safety-1", answers, by=patient.user, now=NOW)
    intakes.submit(form, by=patient.user, now=NOW)
    return form


def screened(patient: Patient, *, after_days: int = 1, **others: bool) -> Intake:
    assert patient.user
    at = NOW + timedelta(days=after_days)
    return intakes.short_screen(patient, no_to_all(**others), by=patient.user, now=at)


def test_the_short_screen_asks_what_must_not_wait_and_nothing_else() -> None:
    left_out = {it.code for it in intake_questions(48)} - {it.code for it in ASKED}

    assert all(is_told_at_once(it.urgency, rulebook=rulebook()) for it in ASKED)
    assert not any(is_told_at_once(rulebook().red_flags[code].urgency, rulebook=rulebook()) for code in left_out)
    assert "rf_self_harm_thoughts" in {it.code for it in ASKED}


def test_all_no_takes_one_tap_a_group_and_is_kept_as_no(leila: Patient, phone: Client) -> None:
    answer = phone.post(reverse("patients:check"), ALL_NO, follow=True)

    made = Intake.objects.screens().get()
    assert made.answers == {"occasion": "check", "red_flags": no_to_all()}
    assert (made.urgency, made.triage["unanswered"]) == ("none", [])
    assert "Thank you, we have your answers" in words(answer)
    assert facts.known(leila, on=made.submitted_at.date())["recent_trauma_uncleared"] is False  # type: ignore[union-attr]  # sent
    assert AuditEvent.objects.filter(deed="intake.screened").count() == 1


def test_a_group_left_out_is_asked_for_and_nothing_is_kept(phone: Client) -> None:
    answer = phone.post(reverse("patients:check"), {"signs_1": "none"})

    assert "<title>" in words(answer)
    assert "Choose the signs you have, or choose “None of these”." in words(answer)
    assert not Intake.objects.exists()


def test_an_emergency_never_waits_for_the_rest_of_the_page(leila: Patient, phone: Client) -> None:
    code = "rf_thunderclap_headache"

    answer = phone.post(reverse("patients:check"), {the_group_of(code): code}, follow=True)

    assert "Call 112 or go to the nearest emergency department now." in words(answer)
    made = Intake.objects.screens().get()
    assert made.answers["red_flags"][code] is True
    assert made.triage["unanswered"], "what was left out stays open and holds"
    assert [it.code for it in RedFlag.objects.open()] == [code]


def test_a_contradiction_with_an_emergency_in_it_is_sent_as_the_emergency(phone: Client) -> None:
    code = "rf_dysarthria"

    phone.post(reverse("patients:check"), ALL_NO | {the_group_of(code): [code, "none"]})

    assert RedFlag.objects.open().get().code == code


def test_a_cleared_sign_opens_again_when_it_is_answered_yes_again(leila: Patient) -> None:
    assert leila.user
    send_form(leila, rf_gait_change=True)
    flag = RedFlag.objects.open().get()
    red_flags.clear(flag, finding="Examined, normal.", by=a_user(Role.CLINICIAN, profession="physician"), now=NOW)

    screened(leila, rf_gait_change=True)

    again = RedFlag.objects.open().get()
    assert (again.code, again.pk == flag.pk) == ("rf_gait_change", False)
    assert "shockwave" in safety.held_modalities(leila)


def test_an_unanswered_grave_question_of_the_form_holds_until_it_is_answered(leila: Patient) -> None:
    assert leila.user
    answers = {it.code: False for it in intake_questions(48) if it.code != "rf_gait_change"}
    send_form(leila, **answers)
    assert "shockwave" in safety.held_modalities(leila)

    partly = {code: no for code, no in no_to_all().items() if code != "rf_gait_change"}
    intakes.short_screen(leila, partly, by=leila.user, now=NOW + timedelta(hours=1))
    assert "shockwave" in safety.held_modalities(leila), "a short screen does not answer what it was not told"

    screened(leila)
    assert safety.held_modalities(leila) == frozenset()


def test_a_form_without_any_safety_answer_holds_hands_on_treatment(leila: Patient) -> None:
    send_form(leila)

    assert {"shockwave", "chiropractic_care", "prp"} <= safety.held_modalities(leila)


def test_the_short_screen_counts_as_asked_today_and_not_tomorrow(leila: Patient) -> None:
    send_form(leila, **{it.code: False for it in intake_questions(48)})
    on = NOW.date() + timedelta(days=5)
    before = safety.standings(leila, [safety.Treatment("exercise_program", on)])
    screened(leila, after_days=5)
    after = safety.standings(leila, [safety.Treatment("exercise_program", on)])
    later = safety.standings(leila, [safety.Treatment("exercise_program", on + timedelta(days=3))])

    assert [safety.UNCLEARED in it.facts for (it,) in (before, after, later)] == [False, True, False]


def test_a_check_is_not_taken_for_the_form(leila: Patient) -> None:
    screened(leila)

    assert not Intake.objects.submitted().exists()
    form = send_form(leila)
    assert list(Intake.objects.submitted()) == [form]


def test_a_flare_asks_how_much_and_the_signs_and_reaches_the_clinicians(leila: Patient, phone: Client) -> None:
    said = ALL_NO | {"pain": "6", "words": "Since Sunday, after moving boxes"}

    answer = phone.post(reverse("patients:flare"), said, follow=True)

    assert "To come earlier than planned, call us." in words(answer)
    assert 'data-draft-sent="/me/check/ /me/flare/"' in answer.content.decode()
    assert "tel:+12025550100" in words(answer)
    made = Intake.objects.flares().get()
    assert (made.answers["pain"], made.urgency) == ({"now": 6}, "none")
    worklist = words(signed_in(a_user(Role.CLINICIAN)).get(reverse("patients:flares")))
    for shown in (leila.list_name, "Pain 6 of 10", "after moving boxes"):
        assert shown in worklist


def test_a_flare_with_unbearable_pain_is_told_to_see_a_doctor_today(leila: Patient, phone: Client) -> None:
    answer = phone.post(reverse("patients:flare"), ALL_NO | {"pain": "9"}, follow=True)

    assert "You need a doctor today" in words(answer)
    assert RedFlag.objects.open().get().code == "rf_pain_very_severe"


def test_a_flare_without_a_number_asks_for_one_and_keeps_the_words(phone: Client) -> None:
    answer = phone.post(reverse("patients:flare"), ALL_NO | {"words": "Worse at night"})

    assert "Choose a number from 0 to 10." in words(answer)
    assert "Worse at night" in words(answer)
    assert not Intake.objects.exists()


def test_nobody_else_answers_for_her(leila: Patient) -> None:
    other = signed_in(a_portal_patient(family_name="Other").user)
    made = screened(leila)
    for name in ("form_sent", "form_urgent", "form_check"):
        assert other.get(reverse(f"patients:{name}", args=[made.pk])).status_code == 404
    for role in (Role.FRONT_DESK, Role.CLINICIAN, Role.MANAGER):
        client = signed_in(a_user(role))
        assert client.get(reverse("patients:check")).status_code == 404
        assert client.post(reverse("patients:flare"), ALL_NO | {"pain": "1"}).status_code == 404
    assert signed_in(a_user(Role.FRONT_DESK)).get(reverse("patients:flares")).status_code == 404
    assert Intake.objects.count() == 1


def test_a_parent_of_two_says_for_whom_first(leila: Patient, phone: Client) -> None:
    a_patient(given_name="Zoe", user=leila.user, portal_confirmed_at=NOW)

    assert phone.get(reverse("patients:check"))["Location"] == reverse("home")


def test_a_question_nobody_has_is_refused(leila: Patient) -> None:
    assert leila.user
    with pytest.raises(KeyError):
        intakes.short_screen(leila, {"rf_made_up": True}, occasion=Occasion.CHECK, by=leila.user, now=NOW)


@pytest.mark.parametrize("count", [1, 50])
def test_the_worklist_costs_the_same_however_many_wrote(
    db: None, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    the_clinic()
    client = signed_in(a_user(Role.CLINICIAN))
    for _ in range(count):
        patient = a_patient()
        intakes.short_screen(
            patient, {}, occasion=Occasion.FLARE, pain=4, by=a_user(Role.CLINICIAN), now=timezone.now()
        )
    client.get(reverse("patients:flares"))

    with django_assert_num_queries(6):
        client.get(reverse("patients:flares"))


def test_what_a_clinician_has_examined_since_is_not_held_again_by_a_check(leila: Patient) -> None:
    assert leila.user
    send_form(leila)
    Assessment.objects.create(
        patient=leila, author=a_user(Role.CLINICIAN), started_at=NOW, signed_at=NOW + timedelta(hours=1),
        signed_by=a_user(Role.CLINICIAN),
    )  # fmt: skip

    assert screened(leila).triage["unanswered"] == []


def test_a_clinician_reads_the_check_and_the_flare_in_the_record(leila: Patient, phone: Client) -> None:
    screened(leila)
    phone.post(reverse("patients:flare"), ALL_NO | {"pain": "5", "words": "Worse since Sunday"})

    page = words(signed_in(a_user(Role.CLINICIAN)).get(reverse("patients:record", args=[leila.pk])))

    assert "Got worse, " in page
    assert "Worse since Sunday" in page
    assert "Short check of " in page


def test_today_leads_to_the_check_and_to_the_flare(leila: Patient, phone: Client) -> None:
    page = words(phone.get(reverse("portal:today")))

    assert f'href="{reverse("patients:flare")}"' in page
    assert reverse("patients:check") not in page, "without a visit there is nothing to check for"
