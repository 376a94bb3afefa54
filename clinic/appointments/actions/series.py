"""A whole plan booked, mended or taken back in one action: proposed, and then done as a whole or not at all."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import prefetch_related_objects

from clinic.appointments.actions import booking, holding, undo
from clinic.appointments.actions.availability import Offer
from clinic.appointments.actions.contention import tried_again
from clinic.appointments.actions.series_problem import Asked, Task, task
from clinic.appointments.actions.wanted import Wanted
from clinic.appointments.models import Appointment, Resource, VisitChange
from clinic.appointments.rules.refusals import SlotTaken, TooLateToUndo
from clinic.appointments.rules.series import repairing, solving
from clinic.appointments.rules.series.answer import Answer, Placed, Proposal
from clinic.appointments.rules.series.repairing import Case
from clinic.appointments.rules.status import MAY_BE_MOVED
from people.models import Site, User
from people.rules.refusal import Refused
from programs.actions import offering
from programs.models import Plan, PlannedSession


@dataclass(frozen=True, slots=True)
class Stands:
    """A visit of the plan as it was shown to whoever decides."""

    visit_id: UUID
    revision: int


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a proposal."""

    booked: Sequence[Appointment]
    moved: Sequence[Appointment]

    @property
    def count(self) -> int:
        return len(self.booked) + len(self.moved)


def propose(found: Task) -> Answer:
    """The best complete proposal; or what makes it impossible, and what would help.

    Where visits are booked ahead it is the smallest change that keeps every rule.
    """
    return repairing.repair(found.problem, found.lost) if found.ahead else solving.solve(found.problem)


def propose_all(found: Sequence[Task]) -> list[Answer]:
    """The same for the plans of many patients together: nothing is given twice."""
    return repairing.repair_all([Case(it.problem, it.lost) for it in found])


def other_ways(found: Task, best: Proposal) -> Sequence[Proposal]:
    """Up to two that really differ: done sooner, or with fewer trips. Takes as long again for each.

    None where visits stand: another way would move what was agreed.
    """
    return () if found.ahead else solving.alternatives(found.problem, best)


def changes(found: Task, made: Proposal) -> list[Placed]:
    """What is new or moves; the rest of the proposal stands already."""
    booked = {it.id: it.booked for it in found.problem.sessions}
    return [it for it in made.placed if booked[it.session_id] != it.visit]


def mended(plan: Plan, asked: Asked, shown: Proposal, *, now: datetime) -> tuple[Task, Answer, frozenset[UUID]]:
    """After somebody was quicker: what can still be had stays where it was proposed, only the rest is looked for anew.

    Says which sessions had to change. Where that is impossible everything is looked for anew.
    """
    found = task(plan, asked, now=now)
    stand = [Placed(it.id, it.booked) for it in found.problem.wanted if it.booked]
    known = {it.session_id for it in shown.placed}
    whole = replace(shown, placed=(*shown.placed, *(it for it in stand if it.session_id not in known)))
    _kept, lost = found.without_broken(whole)
    answer = repairing.resolve_keeping(found.problem, whole, [it.session_id for it in lost])
    if not isinstance(answer, Proposal):
        answer = propose(found)
    if not isinstance(answer, Proposal):
        return found, answer, frozenset()
    before = {it.session_id: it.visit.starts for it in shown.placed}
    changed = {it.session_id for it in answer.placed if before.get(it.session_id) != it.visit.starts}
    return found, answer, frozenset(changed)


def commit(
    plan: Plan,
    placed: Sequence[Placed],
    *,
    sessions: Mapping[UUID, PlannedSession],
    key: UUID,
    by: User,
    now: datetime,
    stands: Mapping[UUID, Stands] | None = None,
) -> Done:
    """Move and book all of it in one transaction, or change nothing. The same again gives the same visits.

    `stands` are the visits of the plan that its proposal counted on, by session, also those that do not move.

    Raises `ChangedMeanwhile` if one of them is not as it was shown, `SlotTaken` if anything was lost meanwhile, and
    what `booking.move_all` and `booking.book_all` refuse.
    """
    try:
        return _commit(plan, placed, sessions, stands or {}, key=key, by=by, now=now)
    except Refused:
        # The same form again: what stands in its way now is what it did the first time.
        if again := _as_it_was_asked(plan, placed):
            return again
        raise


@tried_again
@transaction.atomic
def _commit(
    plan: Plan,
    placed: Sequence[Placed],
    sessions: Mapping[UUID, PlannedSession],
    stands: Mapping[UUID, Stands],
    *,
    key: UUID,
    by: User,
    now: datetime,
) -> Done:
    if any(it.session_id not in sessions for it in placed):
        raise SlotTaken
    visits = booking.claimed({it.visit_id: it.revision for it in stands.values()}, may_be=MAY_BE_MOVED)
    prefetch_related_objects(list(visits.values()), "holds")
    by_session = {visit.session_id: visit for visit in visits.values()}
    # All of it at once and in one order, although moving and booking lock as well: two desks do not deadlock.
    locked = holding.locked([plan.patient], {pk for it in placed for pk in _pieces(it)}, freeing=list(visits.values()))
    offer = _Offers(locked.pieces, placed)
    moves = [(by_session[it.session_id], offer(it)) for it in placed if _moves(it, by_session, stands)]
    new = [it for it in placed if it.session_id not in stands]
    # What moves gives its time back first.
    moved = booking.move_all(moves, by=by, now=now) if moves else []
    services = offering.current()
    wanted = [
        Wanted(
            service=services[sessions[it.session_id].modality],
            site=offer(it).site,
            starts_at=it.starts_at,
            resource_ids=_pieces(it),
            session=sessions[it.session_id],
            request_key=uuid.uuid5(key, str(it.session_id)),
        )
        for it in new
    ]
    booked = booking.book_all(plan.patient, wanted, by=by, now=now) if wanted else []
    return Done(booked, moved)


class _Offers:
    """Places of a proposal as offers of the book."""

    def __init__(self, pieces: Mapping[UUID, Resource], placed: Sequence[Placed]) -> None:
        self.pieces = pieces
        self.sites = Site.objects.in_bulk({it.visit.site_id for it in placed})

    def __call__(self, it: Placed) -> Offer:
        visit = it.visit
        if visit.site_id not in self.sites or any(pk not in self.pieces for pk in _pieces(it)):
            raise SlotTaken
        return Offer(
            starts_at=it.starts_at,
            ends_at=it.ends_at,
            site=self.sites[visit.site_id],
            clinician=self.pieces[visit.clinician_id],
            room=self.pieces[visit.room_id],
            devices=tuple(self.pieces[pk] for pk in visit.device_ids),
        )


def _pieces(it: Placed) -> tuple[UUID, ...]:
    return (it.visit.clinician_id, it.visit.room_id, *it.visit.device_ids)


def _moves(it: Placed, visits: Mapping[UUID | None, Appointment], stands: Mapping[UUID, Stands]) -> bool:
    if it.session_id not in stands:
        return False
    visit = visits.get(it.session_id)
    if visit is None:  # a session that the visit is no longer for
        raise SlotTaken
    held = {hold.resource_id for hold in visit.holds.all()}
    return visit.starts_at != it.starts_at or not held.issuperset(_pieces(it))


def _as_it_was_asked(plan: Plan, placed: Sequence[Placed]) -> Done | None:
    """The visits, if every one of them stands just as the proposal has it."""
    sessions = PlannedSession.objects.filter(pk__in=[it.session_id for it in placed])
    rows = Appointment.objects.of_session(sessions).filter(patient=plan.patient)
    found = {visit.session_id: visit for visit in rows}
    for it in placed:
        visit = found.get(it.session_id)
        if visit is None or (visit.starts_at, visit.clinician_id) != (it.starts_at, it.visit.clinician_id):
            return None
    return Done(list(found.values()), []) if placed else None


def undoable(plan: Plan, *, by: User, now: datetime) -> list[VisitChange]:
    """What this person did to the plan last, in one go, while all of it can still be taken back; newest first."""
    mine = undo.open_changes(by=by, now=now).filter(appointment__session__plan=plan)
    found = list(mine.select_related("appointment__session"))
    return [it for it in found if it.at == found[0].at]


@tried_again
@transaction.atomic
def undo_all(plan: Plan, at: datetime, *, by: User, now: datetime) -> list[Appointment]:
    """Take back everything that this person did to the plan at that moment, or nothing.

    Raises `TooLateToUndo` when a part of it is over or has changed since, and what `undo.undo` refuses.
    """
    done = VisitChange.objects.filter(appointment__session__plan=plan, by=by, at=at, undone_at=None)
    still = list(done.select_related("appointment").order_by("appointment_id"))
    visits = [it.appointment for it in still]
    list(Appointment.objects.filter(pk__in=[it.pk for it in visits]).order_by("pk").select_for_update(no_key=True))
    holding.lock(holding.held_by(visits))
    # New visits first: they may stand where another one has to go back to.
    waiting = sorted(still, key=lambda it: it.deed != VisitChange.Deed.BOOKED)
    if not waiting:
        raise TooLateToUndo
    undone: list[Appointment] = []
    while waiting:
        left = [it for it in waiting if not _undone(it, undone, by=by, now=now)]
        if len(left) == len(waiting):
            raise SlotTaken
        waiting = left
    return undone


def _undone(change: VisitChange, undone: list[Appointment], *, by: User, now: datetime) -> bool:
    """False where its old place is still taken, perhaps by one that goes back after it."""
    try:
        undone.append(undo.undo(change, by=by, now=now))
    except SlotTaken:
        return False
    return True
