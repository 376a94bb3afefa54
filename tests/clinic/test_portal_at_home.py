"""At home, from the patient's side: all exercises, pain at one of them, the sheet, the desk and the breaks."""

from collections.abc import Iterator
from datetime import time

import pytest
from django.urls import reverse
from factories import MONDAY, NOW, a_portal_patient
from portal_cast import Portal, a_portal, it_is, signed_in

from clinic.reminders.models import ContactPreference
from people.models import AuditEvent
from programs.actions import exercises, posture, prescribing
from programs.actions.prescribing import Given
from programs.models import BreaksOfDay, DoseChange, ExerciseDone, PlanExercise, PostureCheck
from programs.rules.rulebook import rulebook

pytestmark = pytest.mark.django_db


@pytest.fixture
def portal() -> Iterator[Portal]:
    with it_is(NOW):
        yield a_portal()


def of_today(portal: Portal) -> PlanExercise:
    return portal.plan.exercises.on(MONDAY).get(code="ex_shoulder_rolls")


def page(portal: Portal, name: str, *args: object) -> str:
    return portal.client.get(reverse(f"portal:{name}", args=args)).content.decode()


def test_pain_at_an_exercise_is_told_with_one_tap_and_the_clinician_hears_of_it(portal: Portal) -> None:
    it = of_today(portal)
    url = reverse("portal:exercise", args=[it.pk])

    portal.client.post(url, {"do": "tick"})
    portal.client.post(url, {"pain": "9" * 5000})
    said = portal.client.post(url, {"pain": "7"}, headers={"HX-Request": "true"}).content.decode()

    assert "Stop when pain goes above 5" in said
    assert "Pain 7 of 10" in said
    assert ExerciseDone.objects.get().pain == 7
    assert DoseChange.objects.get().because == "pain_above_5"


@pytest.mark.parametrize("nonsense", ["11", "-1", "much", "²"])
def test_a_pain_that_is_no_number_up_to_ten_is_not_kept(portal: Portal, nonsense: str) -> None:
    portal.client.post(reverse("portal:exercise", args=[of_today(portal).pk]), {"pain": nonsense})

    assert not ExerciseDone.objects.exclude(pain=None).exists()


def test_all_exercises_are_on_one_page_with_the_days_and_without_scolding(portal: Portal) -> None:
    exercises.tick(of_today(portal), on=MONDAY, by=portal.leila.user, now=NOW)  # type: ignore[arg-type]

    said = page(portal, "exercises")

    assert "Shoulder rolls" in said
    assert "You exercised on 1 day this week." in said
    assert "Show as a table" in said
    assert not [word for word in ("streak", "missed", "failed", "only") if word in said.lower()]


def test_the_patient_takes_the_sheet_home_and_nobody_elses(portal: Portal) -> None:
    ContactPreference.objects.create(patient=portal.leila, language="es")

    answer = portal.client.get(reverse("portal:exercise_sheet") + "?print=large")

    assert answer.content.startswith(b"%PDF")
    line = AuditEvent.objects.get(deed="exercise.sheet_printed")
    assert (line.by, line.detail["language"]) == (portal.leila.user, "es")
    assert '<option value="es" lang="es" selected>' in page(portal, "exercises")
    assert signed_in(a_portal_patient().user).get(reverse("portal:exercise_sheet")).status_code == 404


def test_a_new_prescription_is_on_today_and_what_was_ticked_stays_ticked(portal: Portal) -> None:
    assert portal.leila.user
    exercises.tick(of_today(portal), on=MONDAY, by=portal.leila.user, now=NOW)
    given = [Given("ex_shoulder_rolls", {"reps": 5}), Given("ex_diaphragm_breathing", {})]

    prescribing.prescribe(
        portal.plan, given, acknowledged=(), version=portal.plan.version, by=portal.plan.started_by, now=NOW
    )

    said = page(portal, "today")
    assert "1 of 2 done" in said
    assert "5 times." in said
    assert "Turn the head slowly" not in said


def test_an_old_list_that_is_still_open_says_that_it_has_changed(portal: Portal) -> None:
    old = portal.plan.exercises.on(MONDAY).get(code="ex_rotation_arom")
    given = [Given("ex_shoulder_rolls", {}), Given("ex_diaphragm_breathing", {})]
    prescribing.prescribe(
        portal.plan, given, acknowledged=(), version=portal.plan.version, by=portal.plan.started_by, now=NOW
    )

    said = portal.client.post(reverse("portal:exercise", args=[old.pk]), {"do": "tick"}, follow=True).content.decode()

    assert "Your exercises have changed." in said
    assert not ExerciseDone.objects.exists()


def test_the_patient_checks_desk_and_nights_and_prints_what_to_change(portal: Portal) -> None:
    url = reverse("portal:posture")

    empty = portal.client.get(url).content.decode()
    sent = portal.client.post(url, {"ps.ps_monitor_height": "not_met"}, follow=True).content.decode()
    said = page(portal, "posture_print")

    assert "Top edge of the screen" in said
    assert "0-5 cm below eye height" in said
    assert empty.count("<details") == len({it.area for it in rulebook().posture_items.values()})
    assert ["data-draft-sent" in it for it in (empty, sent)] == [False, True]  # what was ticked goes once it is kept
    assert PostureCheck.objects.get().by == portal.leila.user
    assert "Answer at least one line." in portal.client.post(url, {}).content.decode()


def test_breaks_are_kept_at_the_hours_that_were_chosen(portal: Portal) -> None:
    url = reverse("portal:breaks")

    portal.client.post(url, {"break1": "15:00", "break2": "10:30", "break3": "10:30"})
    portal.plan.refresh_from_db()
    assert portal.plan.break_times == [time(10, 30), time(15)]
    assert 'value="10:30"' in page(portal, "posture")

    said = portal.client.post(url, {"break1": "noonish"}, follow=True).content.decode()
    portal.client.post(url, {})

    portal.plan.refresh_from_db()
    assert "A time reads like 10:30" in said
    assert portal.plan.break_times == []
    assert AuditEvent.objects.filter(deed="plan.breaks_set").count() == 2


def test_a_break_is_ticked_off_on_the_page_of_today_once_its_hour_has_come(portal: Portal) -> None:
    posture.set_breaks(portal.plan, [time(0, 30), time(23, 30)], by=portal.plan.started_by, now=NOW)
    url = reverse("portal:break_taken")

    before = page(portal, "today")
    said = portal.client.post(url, {"hour": "00:30:00"}, headers={"HX-Request": "true"}).content.decode()
    again = portal.client.post(url, {"hour": "00:30"}, follow=True).content.decode()

    assert "Time to move" in before
    assert 'aria-pressed="true"' in said
    assert "<html" not in said
    assert "Break at 12:30am: done." in again
    told = BreaksOfDay.objects.get()
    assert (told.taken, told.asked) == ([time(0, 30)], [time(0, 30), time(23, 30)])
    assert AuditEvent.objects.filter(deed="break.taken").count() == 1

    posture.set_breaks(portal.plan, [time(23, 30)], by=portal.plan.started_by, now=NOW)
    portal.client.post(url, {"hour": "00:30", "do": "undo"})
    assert BreaksOfDay.objects.get().taken == []


@pytest.mark.parametrize(("hour", "status"), [("23:30", 200), ("11:11", 200), ("25:00", 404), ("", 404)])
def test_a_break_that_was_not_asked_for_or_is_to_come_is_not_kept(portal: Portal, hour: str, status: int) -> None:
    posture.set_breaks(portal.plan, [time(0, 30), time(23, 30)], by=portal.plan.started_by, now=NOW)

    answer = portal.client.post(reverse("portal:break_taken"), {"hour": hour}, follow=True)

    assert answer.status_code == status
    assert status != 200 or "There is no break to tick off at this hour." in answer.content.decode()
    assert not BreaksOfDay.objects.exists()
