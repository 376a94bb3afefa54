"""Asking again at a visit: all no in one tap, a yes at once, and nothing that is known is tapped away."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from factories import NOW
from visit_cast import (
    LEFT_OUT,
    TEN,
    by,
    kept,
    on_apixaban,
    page_of,
    post,
    sent,
    words,
)

from clinic.appointments.models import Appointment, Resource
from patients.actions import facts
from patients.models import Patient, RedFlag
from patients.rules.rulebook import rulebook
from people.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ten_o_clock")]


def test_all_no_is_one_recorded_tap(visit: Appointment, sara: Resource, screen: Client) -> None:
    answer = post(screen, visit, do="all_no", worst="3")

    draft = kept(visit)
    assert answer.status_code == 302
    assert (draft.asked_again_at, draft.asked_again_by, draft.told["worst"]) == (TEN, by(sara), 3)
    assert len(draft.examined) > 50
    assert set(draft.examined.values()) == {False}
    event = AuditEvent.objects.get(deed="assessment.asked_again")
    assert event.detail == {"questions": len(draft.examined)}
    assert "Asked again: all no" in words(screen.get(page_of(visit)))


def test_all_no_leaves_an_open_sign_open(visit: Appointment, linh: Patient, screen: Client) -> None:
    RedFlag.objects.create(patient=linh, code="rf_fever", urgency="same_day", raised_at=NOW)

    post(screen, visit, do="all_no")

    assert "rf_fever" not in kept(visit).examined
    assert linh.red_flags.open().count() == 1


def test_a_yes_raises_the_sign_at_once_and_suggests_the_quick_test(
    visit: Appointment, linh: Patient, screen: Client
) -> None:
    sign = next(
        it.code for it in rulebook().red_flags.values()
        if "myelopathy" in it.may_indicate and it.asked_of == "patient" and it.urgency == "same_day"
    )  # fmt: skip
    answer = screen.post(
        reverse("desk:visit_draft", args=[visit.pk]), sent(visit, asked=[sign], **{f"q_{sign}": "yes"})
    )

    page = words(answer)
    assert linh.red_flags.get().code == sign
    assert "Upper motor neuron signs" in page
    assert "Doctor in charge called" in page
    assert "warning sign open" in page
    assert "Stopped: Dry needling" in words(screen.get(page_of(visit)))


def test_the_decision_about_a_sign_is_a_choice_with_a_name_and_a_time(
    visit: Appointment, linh: Patient, sara: Resource, screen: Client
) -> None:
    RedFlag.objects.create(patient=linh, code="rf_fever", urgency="same_day", raised_at=NOW)
    asked = LEFT_OUT | {"asked": ["decision"], "do": "all_no"}

    post(screen, visit, next_steps="Called somebody", **asked)
    before = words(screen.get(page_of(visit)))
    post(screen, visit, decision="referred", decision_words="Dr Weber, neurology", **asked)
    told = kept(visit).told["decision"]
    post(screen, visit, decision="referred", decision_words="Dr Weber, neurology", worst="3", **asked)

    assert "choose what is decided about it" in before
    assert told == kept(visit).told["decision"]
    assert (told["what"], told["of"], told["by"]) == ("referred", ["rf_fever"], by(sara).name)
    said = f"Urgent referral started, 10:00, {by(sara).name}: Dr Weber, neurology."
    assert said in words(screen.get(page_of(visit)))
    RedFlag.objects.create(patient=linh, code="rf_bladder_bowel_saddle", urgency="emergency_now", raised_at=NOW)
    page = words(screen.get(page_of(visit)))
    assert "choose what is decided about it" in page
    assert not re.search(r'name="decision"[^>]* checked', page)
    assert 'value="watch"' not in page
    assert said in page  # it was decided, and stays in the note until something else is


def test_all_no_is_taken_back_with_one_tap_and_nothing_of_it_stays_known(
    visit: Appointment, linh: Patient, sara: Resource, screen: Client
) -> None:
    facts.state(linh, {"recent_fever_illness": False}, by=by(sara), now=NOW)
    before = facts.known(linh, on=TEN.date())
    post(screen, visit, do="all_no")
    answered = kept(visit).examined
    assert set(answered.values()) == {False}

    with time_machine.travel(TEN + timedelta(seconds=5), tick=False):
        page = words(screen.post(page_of(visit), sent(visit, do="not_asked"), follow=True))

    assert "I asked again: all no" in page
    draft = kept(visit)
    assert (draft.examined, draft.asked_again_at, draft.told) == ({}, None, {})
    now = facts.known(linh, on=TEN.date())
    assert {code: it for code, it in now.items() if it is not None} == before
    deeds = AuditEvent.objects.filter(patient_id=linh.pk).values_list("deed", flat=True)
    assert "assessment.asking_taken_back" in deeds
    assert "not answered by one tap" in words(screen.post(page_of(visit), sent(visit, do="not_asked")))


def test_all_no_does_not_tap_a_known_blood_thinner_away(
    visit: Appointment, linh: Patient, sara: Resource, screen: Client
) -> None:
    on_apixaban(linh, by(sara))

    post(screen, visit, do="all_no")

    assert kept(visit).asked_again_at == TEN
    assert facts.known(linh, on=TEN.date())["anticoagulant_use"] is True
    assert "Anticoagulant medicine" in words(screen.get(page_of(visit)))
