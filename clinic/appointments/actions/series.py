"""A whole plan booked in one action: proposed, and then kept as a whole or not at all."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from clinic.appointments.actions import booking
from clinic.appointments.actions.series_problem import Asked, Task, task
from clinic.appointments.actions.wanted import Wanted
from clinic.appointments.models import Appointment
from clinic.appointments.rules.refusals import SlotTaken
from clinic.appointments.rules.series import solving
from clinic.appointments.rules.series.answer import Answer, Placed, Proposal
from clinic.appointments.rules.series.problem import Pin
from people.models import Site, User
from programs.actions import offering
from programs.models import Plan, PlannedSession


def propose(found: Task) -> Answer:
    """The best complete proposal; or what makes it impossible, and what would help."""
    return solving.solve(found.problem)


def other_ways(found: Task, best: Proposal) -> Sequence[Proposal]:
    """Up to two that really differ: done sooner, or with fewer trips. Takes as long again for each."""
    return solving.alternatives(found.problem, best)


def mended(plan: Plan, asked: Asked, lost_some: Proposal, *, now: datetime) -> tuple[Task, Answer, frozenset[UUID]]:
    """After somebody was quicker: what can still be had stays where it was proposed, only the rest is looked for anew.

    Says which sessions had to change. Where that is impossible everything is looked for anew.
    """
    found = task(plan, asked, now=now)
    kept, _lost = found.without_broken(lost_some)
    tied = task(plan, pinned(asked, kept), now=now)
    answer = solving.solve(tied.problem)
    if not isinstance(answer, Proposal):
        answer = solving.solve(found.problem)
    before = {it.session_id: it.visit.starts for it in lost_some.placed}
    if not isinstance(answer, Proposal):
        return found, answer, frozenset()
    changed = {it.session_id for it in answer.placed if before.get(it.session_id) != it.visit.starts}
    return found, answer, frozenset(changed)


def commit(
    plan: Plan, placed: Sequence[Placed], *, sessions: Mapping[UUID, PlannedSession], key: UUID, by: User, now: datetime
) -> list[Appointment]:
    """Book all of it in one transaction, or nothing. The same `key` again gives the same visits.

    Raises `SlotTaken` if anything was lost meanwhile, and what `booking.book_all` refuses.
    """
    services = offering.current()
    sites = {site.pk: site for site in Site.objects.filter(pk__in={it.visit.site_id for it in placed})}
    wanted = []
    for it in placed:
        session, visit = sessions.get(it.session_id), it.visit
        if session is None or visit.site_id not in sites:
            raise SlotTaken
        wanted.append(
            Wanted(
                service=services[session.modality],
                site=sites[visit.site_id],
                starts_at=it.starts_at,
                resource_ids=(visit.clinician_id, visit.room_id, *visit.device_ids),
                session=session,
                request_key=uuid.uuid5(key, str(it.session_id)),
            )
        )
    return booking.book_all(plan.patient, wanted, by=by, now=now)


def pinned(asked: Asked, kept: Iterable[Placed]) -> Asked:
    """The same wish, with what could be kept of an earlier proposal held where it was."""
    pins = {it.session_id: Pin(it.visit.starts, it.visit.clinician_id, it.visit.site_id) for it in kept}
    return replace(asked, pins={**pins, **asked.pins})
