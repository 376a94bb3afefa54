"""The desk of the simulation: whole plans booked and mended, visits called off."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from clinic.appointments.actions import booking, series
from clinic.appointments.actions.series import Stands
from clinic.appointments.actions.series_problem import Asked, NothingToBook, Task, task
from clinic.appointments.models import Appointment
from clinic.appointments.rules.series.answer import Impossible, Limit, Proposal, Relaxation
from clinic.appointments.rules.series.problem import Session
from clinic.appointments.rules.status import MAY_BE_CANCELLED
from clinic.simulation.story import Told
from people.models import User
from people.rules.refusal import Refused
from programs.models import Plan


@dataclass(frozen=True, slots=True)
class Desk:
    """Who answers the phone."""

    by: User

    def book(
        self, plan: Plan, told: Told, *, now: datetime, away: Collection[date] = (), as_: str = "repaired"
    ) -> bool:
        """Book or mend whatever of the plan does not stand, giving way where the patient has to. Whether all does."""
        asked = Asked(away=frozenset(away))
        try:
            found = task(plan, asked, now=now)
            if held := _held(found):
                told.counts["held"] += len(held)
                found = task(plan, replace(asked, left_out=held), now=now)
        except NothingToBook:
            return True
        if not found.problem.wanted:
            return False
        answer = series.propose(found)
        left: frozenset[UUID] = frozenset()
        if isinstance(answer, Impossible):
            told.refused["impossible: " + ", ".join(sorted({it.limit for it in answer.conflicts}))] += 1
            chosen = _chosen(answer)
            if chosen is None:
                return False
            found = replace(found, problem=chosen.relaxed)
            answer = series.propose(found)
            if isinstance(answer, Impossible):
                told.counts["unhelped"] += 1
                return False
            left = frozenset(it.session_id for it in chosen.steps if it.leaves_out and it.session_id)
            told.given_way.update("for later" if it.leaves_out else str(it.limit) for it in chosen.steps)
            told.counts["eased"] += 1
        return self._commit(found, answer, told, now=now, as_=as_) and not held and not left

    def _commit(self, found: Task, made: Proposal, told: Told, *, now: datetime, as_: str) -> bool:
        placed = series.changes(found, made)
        if not placed:
            return True
        stands = {pk: Stands(visit.pk, visit.revision) for pk, visit in found.ahead.items()}
        try:
            done = series.commit(
                found.plan, placed, sessions=found.sessions, key=uuid4(), by=self.by, now=now, stands=stands
            )
        except Refused as no:
            told.refused["not booked: " + type(no).__name__] += 1
            return False
        told.counts[as_] += len(done.booked)
        told.counts["moved"] += len(done.moved)
        return True

    def call_off(self, visit: Appointment, *, now: datetime, reason: str) -> bool:
        """Whether it could be: somebody may have begun it."""
        visit.refresh_from_db(fields=["status", "revision"])
        if visit.status not in MAY_BE_CANCELLED:
            return False
        booking.cancel(visit, reason=reason, by=self.by, now=now)
        return True


def _held(found: Task) -> frozenset[UUID]:
    """The sessions that facts or flags forbid on every day on which they could be."""
    return frozenset(it.id for it in found.problem.wanted if all(day in it.blocked for day in _days(it)))


def _chosen(answer: Impossible) -> Relaxation | None:
    """What the patient agrees to on the phone: the least that would do. What a clinician must unlock is not theirs."""
    for it in answer.relaxations:
        if all(step.limit != Limit.OVERRIDE for step in it.steps):
            return it
    return None


def _days(it: Session) -> Iterator[date]:
    yield from (it.due_from + timedelta(days=n) for n in range((it.due_until - it.due_from).days + 1))
