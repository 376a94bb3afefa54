"""A plan changed by its clinician: a new version that says why, and that never changes."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from factories import NOW, a_user
from plan_cast import a_plan

from patients.actions import facts
from people.models import AuditEvent
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed, Refused
from programs.actions import checkpoints, plan_pauses, plan_revising, plan_versions, prescribing
from programs.actions.plan_at_home import AtHome, NotInTheLibrary
from programs.actions.safety import Contraindicated
from programs.models import Plan, PlanVersion
from programs.rules.revising import More, Wish

LASER = More(modality="laser_therapy", technique="lllt_3b", count=2, every_days=7)


def revised(plan: Plan, wish: Wish | None = None, at_home: AtHome | None = None, **changes: Any) -> PlanVersion:
    asked: dict[str, Any] = {"seen": plan.version, "why": "More is needed.", "by": plan.started_by, "now": NOW}
    return plan_revising.revise(plan, Wish(more=(LASER,)) if wish is None else wish, at_home, **asked | changes)


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
