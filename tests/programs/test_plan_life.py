"""A plan from its beginning to its end: begun, paused, gone on with, looked at again, ended."""

from datetime import timedelta
from typing import Any

import pytest
from factories import MONDAY, NOW
from plan_cast import ACUTE, a_plan, a_therapist

from patients.actions import facts, outcomes
from people.rules.refusal import Refused
from programs.actions import checkpoints, offering, plan_pauses, plans, self_care
from programs.models import Checkpoint, Plan

DAY = timedelta(days=1)


def pain(plan: Plan, score: int, *, days: int) -> None:
    at = NOW + days * DAY
    outcomes.record(plan.patient, "nprs", {"current": score}, on=MONDAY + days * DAY, by=plan.started_by, now=at)


@pytest.mark.django_db
def test_a_plan_begins_with_its_first_version_its_gaps_and_its_checkpoints() -> None:
    plan = a_plan(template_code="tpl_chronic_prp_series")

    first = plan.versions.get()
    prp = plan.sessions.filter(modality="prp").first()
    assert prp is not None
    assert (first.number, first.changes, len(first.contents["sessions"])) == (1, [], plan.sessions.count())
    assert (prp.gap_days_min, prp.hold_loading_days) == (None, 14)
    assert [(it.due_on - MONDAY).days for it in plan.checkpoints.all()] == [14, 56, 98, 168]
    assert plan.sessions.filter(modality="exercise_program", ordinal=2).get().gap_days_target == 7


@pytest.mark.django_db
def test_what_the_clinic_has_switched_off_is_left_out_and_said() -> None:
    therapist = a_therapist()
    offering.change("laser_therapy", by=therapist, now=NOW, is_enabled=False)

    plan = a_plan(by=therapist)

    assert not plan.sessions.filter(modality="laser_therapy").exists()
    assert {it["modality"] for it in plan.versions.get().changes} == {"laser_therapy"}


@pytest.mark.django_db
def test_a_pause_moves_what_is_left_by_its_length() -> None:
    plan = a_plan()
    days = {it.pk: it.due_on for it in plan.sessions.all()}
    ends_on = plan.ends_on

    plan_pauses.pause(plan, reason="away", by=plan.started_by, now=NOW)
    with pytest.raises(plan_pauses.PausedAlready):
        plan_pauses.pause(plan, reason="away", by=plan.started_by, now=NOW)
    with pytest.raises(checkpoints.NotDecided):
        checkpoints.refuse_unless_asked_for(plan.sessions.select_related("plan").first())
    assert not Plan.objects.active().exists()
    held = plan_pauses.resume(plan, by=plan.started_by, now=NOW + 10 * DAY)

    assert held == []
    assert {it.pk: it.due_on - 10 * DAY for it in plan.sessions.all()} == days
    assert (plan.ends_on - ends_on, plan.version, plan.is_active) == (10 * DAY, 2, True)
    assert plan.phases.last().ends_on == plan.ends_on  # type: ignore[union-attr]
    assert plan.pauses.get().resumed_on == MONDAY + 10 * DAY
    with pytest.raises(plan_pauses.NotPaused):
        plan_pauses.resume(plan, by=plan.started_by, now=NOW)


@pytest.mark.django_db
def test_going_on_holds_what_must_not_be_given_any_more() -> None:
    plan = a_plan()
    plan_pauses.pause(plan, reason="illness", by=plan.started_by, now=NOW)
    facts.state(plan.patient, {"suspected_cad": True}, by=plan.started_by, now=NOW)

    held = plan_pauses.resume(plan, by=plan.started_by, now=NOW + DAY)

    assert "chiropractic_care" in {it.treatment.modality for it in held}
    assert {"what": "held", "modality": "chiropractic_care", "technique": "cervical_mobilization"} in (
        plan.versions.get(number=2).changes
    )


@pytest.mark.django_db
def test_a_paused_plan_can_be_ended() -> None:
    plan = a_plan()
    plan_pauses.pause(plan, reason="away", by=plan.started_by, now=NOW)

    plans.stop(plan, by=plan.started_by, now=NOW, reason="patient_asked")

    assert (plan.status, plan.pauses.get().resumed_at) == ("stopped", NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scores", "waits"), [([7, 6], True), ([7], True), ([7, 4], False)], ids=["swing", "not measured", "clear"]
)
def test_after_a_checkpoint_no_session_begins_without_a_clear_change_or_a_decision(
    scores: list[int], waits: bool
) -> None:
    plan = a_plan()
    for nth, score in enumerate(scores):
        pain(plan, score, days=9 * nth)
    session = plan.sessions.select_related("plan").filter(modality="chiropractic_care").first()

    checkpoints.refuse_if_undecided(session, on=MONDAY + 10 * DAY)
    if waits:
        with pytest.raises(checkpoints.NotDecided, match="Clinician check needed"):
            checkpoints.refuse_if_undecided(session, on=MONDAY + 11 * DAY)
        first = plan.checkpoints.first()
        checkpoints.decide(plan, first, decision="go_on", reason="Sleeps.", by=plan.started_by, now=NOW + 11 * DAY)
    checkpoints.refuse_if_undecided(session, on=MONDAY + 11 * DAY)


@pytest.mark.django_db
def test_a_decision_keeps_its_numbers_and_is_made_once() -> None:
    plan = a_plan()
    pain(plan, 7, days=0)
    pain(plan, 6, days=9)
    first = plan.checkpoints.first()
    asked: dict[str, Any] = {"decision": "go_on", "reason": "Sleeps.", "by": plan.started_by, "now": NOW + 10 * DAY}

    kept = checkpoints.decide(plan, first, **asked)

    assert kept.change["nprs"] == {"was": 7, "now": 6, "by": 1.0, "meaning": "no_clear_change"}
    with pytest.raises(Refused, match="decided this meanwhile"):
        checkpoints.decide(plan, first, **asked)
    with pytest.raises(checkpoints.CannotBeDecided):
        checkpoints.decide(plan, None, **asked | {"reason": ""})
    with pytest.raises(checkpoints.CannotBeDecided):
        checkpoints.decide(plan, None, **asked | {"decision": "perhaps"})
    assert checkpoints.decide(plan, None, **asked).ordinal == Checkpoint.objects.count()


@pytest.mark.django_db
def test_self_care_is_judged_for_the_patient() -> None:
    plan = a_plan(template_code=ACUTE)
    facts.state(plan.patient, {"anticoagulant_use": True}, by=plan.started_by, now=NOW)

    found = {it.it.code: it for it in self_care.advice(plan.patient, ["sc_otc_nsaid", "sc_relaxation"], on=MONDAY)}

    assert found["sc_otc_nsaid"].is_not_for_you
    assert not found["sc_relaxation"].is_not_for_you
