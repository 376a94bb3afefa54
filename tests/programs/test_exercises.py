"""Ticking off what was done at home."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from factories import MONDAY, NOW
from plan_cast import a_plan

from people.models import AuditEvent
from programs.actions import exercises, plans
from programs.models import ExerciseDone, Plan, PlanExercise

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def plan() -> Plan:
    return a_plan()


def first_of(plan: Plan, phase: int = 1) -> PlanExercise:
    return plan.exercises.filter(phase__ordinal=phase)[0]


def deeds() -> list[str]:
    return list(
        AuditEvent.objects.filter(object_type__contains="exercise").order_by("pk").values_list("deed", flat=True)
    )


def test_an_exercise_ticked_twice_is_done_once(plan: Plan) -> None:
    exercise = first_of(plan)

    exercises.tick(exercise, on=MONDAY, by=plan.started_by, now=NOW)
    exercises.tick(exercise, on=MONDAY, by=plan.started_by, now=LATER)

    assert [(it.on, it.done_at) for it in exercise.done.all()] == [(MONDAY, NOW)]
    assert deeds() == ["exercise.ticked"]


def test_how_it_felt_can_be_said_afterwards_and_changed(plan: Plan) -> None:
    exercise = first_of(plan)

    for feeling in ["", "harder", "harder", "same"]:
        exercises.tick(exercise, on=MONDAY, by=plan.started_by, now=NOW, feeling=feeling)

    assert exercise.done.get().feeling == "same"
    assert deeds() == ["exercise.ticked", "exercise.felt", "exercise.felt"]


def test_a_tick_without_a_feeling_keeps_the_one_that_was_said(plan: Plan) -> None:
    exercise = first_of(plan)
    exercises.tick(exercise, on=MONDAY, by=plan.started_by, now=NOW, feeling="easier")

    exercises.tick(exercise, on=MONDAY, by=plan.started_by, now=NOW)

    assert exercise.done.get().feeling == "easier"


def test_what_a_patient_felt_never_reaches_the_audit_trail(plan: Plan) -> None:
    exercises.tick(first_of(plan), on=MONDAY, by=plan.started_by, now=NOW, feeling="harder")

    assert "harder" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))


@pytest.mark.parametrize("feeling", ["awful", "EASIER"])
def test_a_feeling_nobody_offered_is_refused(feeling: str, plan: Plan) -> None:
    with pytest.raises(exercises.NotForThatDay):
        exercises.tick(first_of(plan), on=MONDAY, by=plan.started_by, now=NOW, feeling=feeling)


def test_an_exercise_of_the_next_phase_cannot_be_ticked_yet(plan: Plan) -> None:
    with pytest.raises(exercises.NotForThatDay, match="not part of your plan today"):
        exercises.tick(first_of(plan, 2), on=MONDAY, by=plan.started_by, now=NOW)


def test_tomorrow_cannot_be_ticked_today(plan: Plan) -> None:
    with pytest.raises(exercises.NotForThatDay, match="not come yet"):
        exercises.tick(first_of(plan), on=MONDAY + timedelta(days=1), by=plan.started_by, now=NOW)


def test_nothing_is_ticked_once_the_plan_has_ended(plan: Plan) -> None:
    plans.stop(plan, by=plan.started_by, now=NOW)

    with pytest.raises(exercises.NotForThatDay):
        exercises.tick(first_of(plan), on=MONDAY, by=plan.started_by, now=NOW)


def test_a_tick_taken_back_is_gone_but_the_trail_keeps_both(plan: Plan) -> None:
    exercise = first_of(plan)
    exercises.tick(exercise, on=MONDAY, by=plan.started_by, now=NOW)

    exercises.untick(exercise, on=MONDAY, by=plan.started_by, now=LATER)
    exercises.untick(exercise, on=MONDAY, by=plan.started_by, now=LATER)

    assert not ExerciseDone.objects.exists()
    assert deeds() == ["exercise.ticked", "exercise.unticked"]


def test_a_tick_of_yesterday_stays(plan: Plan) -> None:
    exercise = first_of(plan)
    exercises.tick(exercise, on=MONDAY, by=plan.started_by, now=NOW)

    with pytest.raises(exercises.TooLateToUndo):
        exercises.untick(exercise, on=MONDAY, by=plan.started_by, now=NOW + timedelta(days=1))

    assert exercise.done.count() == 1


def test_all_of_a_day_are_ticked_at_once_and_only_those_of_its_phase(plan: Plan) -> None:
    exercises.tick(first_of(plan), on=MONDAY, by=plan.started_by, now=NOW)

    ticked = exercises.tick_all(plan, on=MONDAY, by=plan.started_by, now=LATER)
    again = exercises.tick_all(plan, on=MONDAY, by=plan.started_by, now=LATER)

    assert (ticked, again) == (4, 0)
    assert set(ExerciseDone.objects.values_list("exercise__phase__ordinal", flat=True)) == {1}
    assert AuditEvent.objects.get(deed="exercise.all_ticked").detail == {"count": 4, "on": MONDAY.isoformat()}


def test_on_a_day_without_a_phase_there_is_nothing_to_tick(plan: Plan) -> None:
    after = MONDAY + timedelta(days=40)

    assert exercises.tick_all(plan, on=after, by=plan.started_by, now=NOW + timedelta(days=40)) == 0


@pytest.mark.django_db(transaction=True)
def test_of_eight_taps_at_once_one_is_kept(plan: Plan) -> None:
    exercise, together = first_of(plan), threading.Barrier(8)
    ticked: list[ExerciseDone] = []

    def tap() -> None:
        together.wait()
        try:
            ticked.append(exercises.tick(exercise, on=MONDAY, by=plan.started_by, now=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=tap) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ticked) == 8
    assert exercise.done.count() == 1
    assert deeds() == ["exercise.ticked"]
