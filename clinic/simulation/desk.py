"""The desk of the simulation: whole plans booked and mended, visits called off."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from clinic.appointments.actions import booking, series
from clinic.appointments.actions.series import Stands
from clinic.appointments.actions.series_problem import Asked, NothingToBook, Task, task
from clinic.appointments.models import Appointment
from clinic.appointments.rules.series import relaxing
from clinic.appointments.rules.series.answer import Limit, Proposal, Step
from clinic.appointments.rules.series.problem import Session
from clinic.appointments.rules.status import MAY_BE_CANCELLED
from clinic.simulation.story import Told
from people.models import User
from people.rules.refusal import Refused
from programs.models import Plan

LATER: Final = timedelta(days=28)


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
        # Agreed with the patient beforehand: rather a month later than not at all. Asking what the least would be
        # takes the solver longer than all of the rest.
        steps = _later(found) if as_ == "repaired" else ()
        eased = replace(found, problem=relaxing.applied(found.problem, *steps))
        answer = series.propose(eased)
        if not isinstance(answer, Proposal):
            told.refused["impossible: " + ", ".join(sorted({it.limit for it in answer.conflicts}))] += 1
            return False
        return self._commit(eased, answer, told, now=now, as_=as_) and not held

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


def _days(it: Session) -> Iterator[date]:
    yield from (it.due_from + timedelta(days=n) for n in range((it.due_until - it.due_from).days + 1))


def _later(found: Task) -> Iterator[Step]:
    for it in found.problem.wanted:
        yield Step(Limit.WINDOW, it.id, it.due_until + LATER)
        if it.gap:
            yield Step(Limit.MOST_GAP, it.id, it.gap.most + LATER.days)
