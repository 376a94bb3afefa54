"""A plan from its first version to its last: revised, paused, looked at again, ended."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from factories import MONDAY, NOW, a_user
from plan_cast import ACUTE, a_plan, a_therapist

from patients.actions import facts, outcomes
from people.models import AuditEvent
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed, Refused
from programs.actions import (
    checkpoints,
    offering,
    plan_pauses,
    plan_revising,
    plan_versions,
    plans,
    prescribing,
    self_care,
)
from programs.actions.plan_at_home import AtHome, NotInTheLibrary
from programs.actions.safety import Contraindicated
from programs.models import Checkpoint, Plan, PlanVersion
from programs.rules.revising import More, Wish

LASER = More(modality="laser_therapy", technique="lllt_3b", count=2, every_days=7)
DAY = timedelta(days=1)


def revised(plan: Plan, wish: Wish | None = None, at_home: AtHome | None = None, **changes: Any) -> PlanVersion:
    asked: dict[str, Any] = {"seen": plan.version, "why": "More is needed.", "by": plan.started_by, "now": NOW}
    return plan_revising.revise(plan, Wish(more=(LASER,)) if wish is None else wish, at_home, **asked | changes)


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
def test_two_more_visits_are_a_new_version_that_says_why() -> None:
    plan = a_plan()
    had = plan.sessions.filter(modality="laser_therapy").count()

    version = revised(plan)

    lasers = list(plan.sessions.standing().filter(modality="laser_therapy"))
    assert [it.ordinal for it in lasers] == list(range(1, had + 3))
    assert {it.course_length for it in lasers} == {had + 2}
    assert [(later.due_on - before.due_on).days for before, later in zip(lasers[-3:], lasers[-2:], strict=False)] == [
        7,
        7,
    ]
    assert (plan.version, version.number, version.why) == (2, 2, "More is needed.")
    assert version.changes[0]["what"] == "sessions_added"
    assert len(version.contents["sessions"]) == plan.sessions.standing().count()
    assert AuditEvent.objects.order_by("pk").last().deed == "plan.revised"  # type: ignore[union-attr]


@pytest.mark.django_db
def test_a_session_left_out_stays_on_file_and_the_others_are_numbered_anew() -> None:
    plan = a_plan()
    gone = plan.sessions.get(modality="laser_therapy", ordinal=2)

    revised(plan, Wish(dropped=frozenset({gone.pk})))

    gone.refresh_from_db()
    assert gone.dropped_in == 2
    numbers = plan.sessions.standing().filter(modality="laser_therapy").values_list("ordinal", flat=True)
    assert list(numbers) == [1, 2, 3]


@pytest.mark.django_db
def test_another_distance_another_technique_and_other_exercises_in_one_change() -> None:
    plan = a_plan()
    exercise, habit = plan.exercises.first(), plan.posture_items.first()
    assert exercise
    assert habit
    at_home = AtHome(
        exercises=((1, "ex_walk"),), dropped_exercises=frozenset({exercise.pk}), posture=((1, "ps_active_break"),),
        dropped_posture=frozenset({habit.pk}),
    )  # fmt: skip

    version = revised(plan, Wish(every_days={"laser_therapy": 3}, techniques={"laser_therapy": "hilt_4"}), at_home)

    lasers = list(plan.sessions.standing().filter(modality="laser_therapy"))
    assert {it.technique for it in lasers} == {"hilt_4"}
    assert {it.gap_days_target for it in lasers[1:]} == {3}
    assert {it["what"] for it in version.changes} == {
        "spacing_changed", "technique_changed", "exercise_added", "exercise_dropped", "posture_added",
        "posture_dropped",
    }  # fmt: skip
    assert "ex_walk" in plan.exercises.standing().values_list("code", flat=True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"wish": Wish()}, plan_revising.NothingChanged),
        ({"why": " "}, plan_revising.NothingChanged),
        ({"seen": 7}, plan_revising.PlanChanged),
        ({"wish": Wish(more=(More(modality="laser_therapy", technique="lllt_3b", count=0, every_days=7),))},
         plan_revising.CannotBeChanged),
        ({"wish": Wish(more=(More(modality="stem_cell", technique="x", count=1, every_days=7),))},
         plan_revising.CannotBeChanged),
        ({"wish": Wish(more=(More(modality="prp", technique="prp_ligament", count=2, every_days=5),))},
         plan_revising.TooCloseTogether),
    ],
    ids=["nothing", "no reason", "stale", "none", "switched off", "too close"],
)  # fmt: skip
def test_a_change_that_cannot_be_is_refused_and_leaves_the_plan_as_it_was(
    changes: dict[str, Any], refusal: type[Refused]
) -> None:
    plan = a_plan()

    with pytest.raises(refusal):
        revised(plan, **changes)

    plan.refresh_from_db()
    assert (plan.version, plan.versions.count()) == (1, 1)


@pytest.mark.django_db
def test_a_new_exercise_is_looked_at_as_a_prescription_would_look_at_it() -> None:
    plan = a_plan()
    facts.state(plan.patient, {"pregnancy": True, "bp_systolic": 185}, by=plan.started_by, now=NOW)
    held, looked, free = (
        AtHome(exercises=((1, code),)) for code in ("ex_isometric_flexion", "ex_thread_needle", "ex_wall_angel")
    )

    with pytest.raises(Contraindicated, match="Isometric front press must not be given"):
        revised(plan, Wish(), replace(held, acknowledged=frozenset({"ex_isometric_flexion"})))
    with pytest.raises(prescribing.MustBeLookedAt, match="Thread the needle"):
        revised(plan, Wish(), looked)
    assert plan.versions.count() == 1
    revised(plan, Wish(), replace(looked, acknowledged=frozenset({"ex_thread_needle"})))
    revised(plan, Wish(), free)

    added = set(plan.exercises.filter(phase__ordinal=1).standing().values_list("code", flat=True))
    assert added >= {"ex_thread_needle", "ex_wall_angel"}


@pytest.mark.django_db
@pytest.mark.parametrize("wish", [{"exercises": ((1, "ps_active_break"),)}, {"posture": ((9, "ps_active_break"),)}])
def test_nothing_at_home_is_added_that_is_not_in_the_library(wish: dict[str, Any]) -> None:
    with pytest.raises(NotInTheLibrary):
        revised(a_plan(), Wish(), AtHome(**wish))


@pytest.mark.django_db
def test_nobody_but_a_clinician_changes_pauses_or_decides() -> None:
    plan, rosa = a_plan(), a_user(Role.FRONT_DESK)

    with pytest.raises(NotAllowed):
        revised(plan, by=rosa)
    with pytest.raises(NotAllowed):
        plan_pauses.pause(plan, reason="away", by=rosa, now=NOW)
    with pytest.raises(NotAllowed):
        plan_pauses.resume(plan, by=rosa, now=NOW)
    with pytest.raises(NotAllowed):
        checkpoints.decide(plan, None, decision="go_on", reason="x", by=rosa, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_two_clinicians_who_change_a_plan_at_once_one_is_told() -> None:
    plan, together, said = a_plan(), threading.Barrier(2), list[str]()

    def change() -> None:
        mine = Plan.objects.get(pk=plan.pk)
        together.wait()
        try:
            revised(mine)
            said.append("changed")
        except Refused as refusal:
            said.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=change) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["PlanChanged", "changed"]
    assert plan.versions.count() == 2


def by_row(version: PlanVersion) -> None:
    version.why = "Otherwise."
    version.save()


def by_sql(version: PlanVersion) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE programs_planversion SET number = 9 WHERE id = %s", [version.pk])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "way",
    [
        by_row,
        by_sql,
        lambda _it: PlanVersion.objects.update(contents={}),
        lambda it: PlanVersion.objects.filter(pk=it.pk).delete(),
    ],
    ids=["row", "sql", "bulk", "delete"],
)
def test_a_version_never_changes_whoever_tries(way: Callable[[PlanVersion], None]) -> None:
    version = a_plan().versions.get()

    with pytest.raises(DatabaseError, match="programs"), transaction.atomic():
        way(version)


@pytest.mark.django_db
def test_the_patient_says_once_that_the_change_was_seen() -> None:
    plan = a_plan()
    revised(plan)

    assert [plan_versions.seen(plan, by=plan.started_by, now=NOW) for _ in range(2)] == [1, 0]
    assert plan.versions.get(number=2).seen_at == NOW


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
