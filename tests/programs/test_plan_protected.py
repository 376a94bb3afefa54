"""What was decided about a plan, and a pause that has ended, can never be rewritten: not even by a slip in the code."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from factories import NOW
from plan_cast import a_plan

from programs.actions import checkpoints, plan_pauses
from programs.models import Checkpoint, Plan, PlanPause

pytestmark = pytest.mark.django_db
Slip = Callable[[], object]


def sql(text: str) -> Slip:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(text)

    return run


def by_orm() -> None:
    it = Checkpoint.objects.exclude(decided_at=None).get()
    it.reason = "Another reason."
    it.save()


def in_bulk() -> None:
    it = Checkpoint.objects.exclude(decided_at=None).get()
    it.decision = "stop"
    Checkpoint.objects.bulk_update([it], ["decision"])


DECIDED = {
    "saved": by_orm,
    "updated": lambda: Checkpoint.objects.update(reason="Another reason."),
    "in bulk": in_bulk,
    "deleted": lambda: Checkpoint.objects.exclude(decided_at=None).delete(),
    "one deleted": lambda: Checkpoint.objects.exclude(decided_at=None).get().delete(),
    "raw": sql("UPDATE programs_checkpoint SET decided_at = NULL, decision = '', reason = ''"),
    "raw delete": sql("DELETE FROM programs_checkpoint"),
}
PAUSED = {
    "saved": lambda: PlanPause.objects.get().save(),
    "updated": lambda: PlanPause.objects.update(resumed_on="2030-01-01"),
    "in bulk": lambda: PlanPause.objects.bulk_update([PlanPause.objects.get()], ["since"]),
    "deleted": lambda: PlanPause.objects.all().delete(),
    "raw": sql("UPDATE programs_planpause SET since = since - 30"),
    "raw delete": sql("DELETE FROM programs_planpause"),
}


@pytest.fixture
def plan() -> Plan:
    plan = a_plan()
    first = plan.checkpoints.first()
    checkpoints.decide(plan, first, decision="go_on", reason="Sleeps through.", by=plan.started_by, now=NOW)
    plan_pauses.pause(plan, reason="away", by=plan.started_by, now=NOW)
    plan_pauses.resume(plan, by=plan.started_by, now=NOW)
    return plan


@pytest.mark.parametrize("slip", DECIDED.values(), ids=DECIDED.keys())
def test_what_was_decided_stays_as_it_was_decided(plan: Plan, slip: Slip) -> None:
    before = list(Checkpoint.objects.order_by("pk").values())

    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        slip()

    assert list(Checkpoint.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("slip", PAUSED.values(), ids=PAUSED.keys())
def test_a_pause_that_has_ended_stays_as_it_was(plan: Plan, slip: Slip) -> None:
    before = list(PlanPause.objects.values())

    with pytest.raises(DatabaseError, match=r"Cannot (update|delete)"), transaction.atomic():
        slip()

    assert list(PlanPause.objects.values()) == before


def test_an_open_pause_is_not_deleted_either_but_can_still_end(plan: Plan) -> None:
    pause = plan_pauses.pause(plan, reason="illness", by=plan.started_by, now=NOW)

    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        pause.delete()
    plan_pauses.resume(plan, by=plan.started_by, now=NOW)

    assert not PlanPause.objects.filter(resumed_at=None).exists()


def test_what_is_not_decided_yet_still_moves_with_its_plan(plan: Plan) -> None:
    waiting = plan.checkpoints.undecided()

    assert waiting.update(due_on="2030-01-01") == waiting.count() > 0
