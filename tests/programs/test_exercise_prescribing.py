"""What is prescribed for home: the set, the dose, what must be looked at, and the next dose that follows."""

from datetime import timedelta
from typing import Any

import pytest
from factories import MONDAY, NOW
from plan_cast import a_plan

from patients.actions import facts
from people.models import AuditEvent
from people.rules.refusal import ChangedMeanwhile, Refused
from programs.actions import doses, exercises, plans, prescribing
from programs.actions.prescribing import Given
from programs.models import DoseChange, Plan, PlanExercise, PlanVersion

pytestmark = pytest.mark.django_db
THREE = ("ex_diaphragm_breathing", "ex_shoulder_rolls", "ex_scapular_setting")


@pytest.fixture
def plan() -> Plan:
    return a_plan()


def prescribe(plan: Plan, *codes: str, acknowledged: tuple[str, ...] = (), **dose: Any) -> PlanVersion | None:
    given = [Given(code, dose) for code in codes]
    plan.refresh_from_db()
    return prescribing.prescribe(
        plan, given, acknowledged=acknowledged, version=plan.version, by=plan.started_by, now=NOW
    )


def of_today(plan: Plan) -> list[str]:
    return [it.code for it in plan.exercises.on(MONDAY)]


def test_a_new_set_takes_the_place_of_the_old_one_and_the_old_one_is_kept(plan: Plan) -> None:
    before = of_today(plan)

    version = prescribe(plan, *THREE)

    assert version is not None
    assert of_today(plan) == list(THREE)
    assert (version.number, version.why) == (2, "Exercises prescribed anew")
    assert {it["exercise"] for it in version.changes if it["what"] == "exercise_dropped"} == set(before) - set(THREE)
    assert plan.exercises.filter(phase__ordinal=1).count() == len(set(before) | set(THREE))
    phase = plan.phases.get(ordinal=1).code
    assert len([it for it in version.contents["exercises"] if it["phase"] == phase]) == 3
    assert plan.exercises.standing().filter(phase__ordinal=2).count() == 6


def test_an_exercise_whose_dose_stays_keeps_what_was_ticked(plan: Plan) -> None:
    rolls = plan.exercises.get(code="ex_shoulder_rolls", phase__ordinal=1)
    exercises.tick(rolls, on=MONDAY, by=plan.started_by, now=NOW)

    prescribe(plan, *THREE)

    assert plan.exercises.on(MONDAY).get(code="ex_shoulder_rolls").pk == rolls.pk


def test_prescribing_the_same_again_changes_nothing(plan: Plan) -> None:
    prescribe(plan, *THREE)

    assert prescribe(plan, *THREE) is None
    assert PlanVersion.objects.filter(plan=plan, number__gt=1).count() == 1


def test_another_dose_is_another_row(plan: Plan) -> None:
    prescribe(plan, *THREE)

    prescribe(plan, *THREE, reps=7)

    assert {it.dosage["reps"] for it in plan.exercises.on(MONDAY)} == {7}
    assert plan.exercises.filter(code="ex_shoulder_rolls", phase__ordinal=1).count() == 2


@pytest.mark.parametrize("codes", [THREE[:1], (*THREE, "ex_walk", "ex_wall_angel"), (THREE[0], THREE[0])])
def test_two_to_four_exercises_are_prescribed_each_once(plan: Plan, codes: tuple[str, ...]) -> None:
    with pytest.raises(prescribing.NotSoMany):
        prescribe(plan, *codes)


def test_a_dose_that_cannot_be_meant_is_refused(plan: Plan) -> None:
    with pytest.raises(prescribing.DoseCannotBe, match="Slow belly breathing"):
        prescribe(plan, *THREE, reps=300)
    with pytest.raises(prescribing.DoseCannotBe):
        prescribe(plan, "ex_walk", "ex_unheard_of")


def test_two_clinicians_do_not_write_over_each_other(plan: Plan) -> None:
    prescribe(plan, *THREE)

    with pytest.raises(ChangedMeanwhile):
        prescribing.prescribe(
            plan, [Given(it, {}) for it in THREE[:2]], acknowledged=(), version=1, by=plan.started_by, now=NOW
        )


def test_an_exercise_that_a_rule_forbids_is_held(plan: Plan) -> None:
    facts.state(plan.patient, {"bp_systolic": 185}, by=plan.started_by, now=NOW)

    with pytest.raises(Refused, match="Isometric front press must not be given"):
        prescribe(plan, "ex_isometric_flexion", *THREE, acknowledged=("ex_isometric_flexion",))
    assert prescribe(plan, *THREE) is not None


def test_a_precaution_on_the_record_must_be_looked_at_first(plan: Plan) -> None:
    facts.state(plan.patient, {"pregnancy": True}, by=plan.started_by, now=NOW)
    found = prescribing.verdicts(plan.patient, ["ex_thread_needle", "ex_shoulder_rolls"], on=MONDAY)

    assert {code: it.status for code, it in found.items()} == {"ex_thread_needle": "look", "ex_shoulder_rolls": "free"}
    with pytest.raises(prescribing.MustBeLookedAt, match="Thread the needle"):
        prescribe(plan, "ex_thread_needle", *THREE)
    assert prescribe(plan, "ex_thread_needle", *THREE, acknowledged=("ex_thread_needle",)) is not None


def test_nothing_is_prescribed_on_a_plan_that_has_ended(plan: Plan) -> None:
    plans.stop(plan, by=plan.started_by, now=NOW)

    with pytest.raises(plans.PlanHasEnded):
        prescribe(plan, *THREE)


def easy_days(exercise: PlanExercise, n: int = 3, *, feeling: str = "easier", pain: int = 2) -> None:
    for day in range(n):
        now = NOW + timedelta(days=day)
        exercises.tick(exercise, on=now.date(), by=exercise.plan.started_by, now=now, feeling=feeling, pain=pain)


def test_three_easy_days_propose_more_and_a_clinician_confirms_it(plan: Plan) -> None:
    prescribe(plan, *THREE)
    rolls = plan.exercises.on(MONDAY).get(code="ex_shoulder_rolls")
    easy_days(rolls)
    change = DoseChange.objects.get()
    by, now = plan.started_by, NOW + timedelta(days=3)

    doses.confirm(change, by=by, now=now)

    rolls = plan.exercises.on(MONDAY).get(code="ex_shoulder_rolls")
    assert (change.direction, change.was["reps"], rolls.dosage["reps"]) == ("up", 10, 12)
    assert of_today(plan) == list(THREE)
    assert PlanVersion.objects.get(plan=plan, number=3).why.startswith("Felt easier 3 days")
    with pytest.raises(doses.DecidedAlready):
        doses.decline(change, by=by, now=now)


def test_a_declined_dose_is_not_proposed_again_for_the_same_days(plan: Plan) -> None:
    rolls = plan.exercises.on(MONDAY).get(code="ex_shoulder_rolls")
    easy_days(rolls)
    doses.decline(DoseChange.objects.get(), by=plan.started_by, now=NOW + timedelta(days=2, hours=1))

    assert doses.propose_by_rule(rolls, now=NOW + timedelta(days=3)) is None


def test_pain_takes_the_proposal_of_more_back(plan: Plan) -> None:
    rolls = plan.exercises.on(MONDAY).get(code="ex_shoulder_rolls")
    easy_days(rolls)
    later = NOW + timedelta(days=3)

    exercises.tick(rolls, on=later.date(), by=plan.started_by, now=later, pain=7)

    assert list(DoseChange.objects.values_list("direction", "because")) == [("down", "pain_above_5")]


def test_a_tick_taken_back_takes_its_proposal_back(plan: Plan) -> None:
    rolls = plan.exercises.on(MONDAY).get(code="ex_shoulder_rolls")
    exercises.tick(rolls, on=MONDAY, by=plan.started_by, now=NOW, pain=9)
    assert DoseChange.objects.count() == 1

    exercises.untick(rolls, on=MONDAY, by=plan.started_by, now=NOW)

    assert not DoseChange.objects.exists()
    assert set(AuditEvent.objects.filter(deed__startswith="dose.").values_list("deed", "role")) == {
        ("dose.proposed", "system"),
        ("dose.proposal_withdrawn", "system"),
    }


def test_an_exercise_that_was_dropped_is_no_longer_ticked(plan: Plan) -> None:
    dropped = plan.exercises.on(MONDAY).get(code="ex_rotation_arom")
    prescribe(plan, *THREE)
    dropped.refresh_from_db()

    with pytest.raises(exercises.NotForThatDay, match="have changed"):
        exercises.tick(dropped, on=MONDAY, by=plan.started_by, now=NOW)


def test_pain_is_a_number_from_nought_to_ten(plan: Plan) -> None:
    with pytest.raises(exercises.NotForThatDay):
        exercises.tick(plan.exercises.on(MONDAY)[0], on=MONDAY, by=plan.started_by, now=NOW, pain=11)
