"""A proposal as lines of a page: what is new, what moves from where and why, and what stays."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from clinic.appointments.actions import series
from clinic.appointments.actions.series_problem import Asked, Task
from clinic.appointments.models import Appointment
from clinic.appointments.rules.series.answer import Placed, Proposal, Why
from clinic.appointments.rules.status import Status
from clinic.appointments.web import series_words
from programs.models import PlannedSession
from programs.rules.rulebook import rulebook


@dataclass(frozen=True, slots=True)
class Line:
    """A visit as the list shows it. `was` is where it stands, if it moves."""

    session: PlannedSession
    placed: Placed
    local_start: datetime
    who: str
    where: str
    why: str
    was: datetime | None
    is_new: bool
    is_changed: bool
    is_pinned: bool
    breaks: bool  # a distance that should have been kept
    is_unseen: bool  # somebody should have looked before it whether the treatment helps

    @property
    def pin(self) -> str:
        return f"{self.session.pk}.{self.placed.visit.starts}.{self.placed.visit.clinician_id}"

    @property
    def stays(self) -> bool:
        return not self.is_new and self.was is None


def lines(found: Task, made: Proposal, asked: Asked, changed: Collection[UUID] = ()) -> list[Line]:
    """In the order of their days."""
    differs = {it.session_id for it in series.changes(found, made)}
    broken = {it.session_id for it in made.broken if not it.unseen}
    unseen = {it.session_id for it in made.broken if it.unseen}
    rows = []
    for it in made.placed:
        visit = found.ahead.get(it.session_id)
        site = found.sites[it.visit.site_id]
        moves = visit if it.session_id in differs else None
        where = _name_of(found, it.visit.room_id, visit)
        rows.append(
            Line(
                session=found.sessions[it.session_id],
                placed=it,
                local_start=it.starts_at.astimezone(site.zone),
                who=_name_of(found, it.visit.clinician_id, visit),
                where=f"{where}, {site.name}" if len(found.sites) > 1 else where,
                why=_why(found, it, moves),
                was=moves.local_start if moves else None,
                is_new=visit is None,
                is_changed=it.session_id in changed,
                is_pinned=it.session_id in asked.pins,
                breaks=it.session_id in broken,
                is_unseen=it.session_id in unseen,
            )
        )
    return sorted(rows, key=lambda line: line.placed.visit.starts)


def _name_of(found: Task, resource_id: UUID, visit: Appointment | None) -> str:
    """Of what is not in use any more the visit still knows the name."""
    if resource_id in found.resources:
        return found.resources[resource_id].name
    held = (hold.resource for hold in visit.holds.all()) if visit else ()
    return next((it.name for it in held if it.pk == resource_id), "")


def _why(found: Task, it: Placed, moves: Appointment | None) -> str:
    """Why a visit moves, or why it is where it is. Never a clinical reason: the desk reads it."""
    if moves:
        if why := why_it_cannot_stay(found, it.session_id):
            return why
        if _is_elsewhere_that_day(found, moves):
            return _("too little time to get there from the other site")
        return _("to keep its distance from the others")
    failed = found.course.failed.get(it.session_id)
    if it.session_id in found.ahead or failed is None:
        reasons = tuple(why for why in it.reasons if why != Why.KEPT or it.session_id in found.ahead)
        return series_words.why(Placed(it.session_id, it.visit, reasons))
    return missed(failed)


def _is_elsewhere_that_day(found: Task, visit: Appointment) -> bool:
    day, site = visit.local_start.date(), visit.site_id
    return any(it.local_start.date() == day and it.site_id != site for it in found.ahead.values())


def missed(failed: Appointment) -> str:
    """That a visit did not happen, and when it would have been."""
    day = series_words.day(failed.local_start.date())
    if failed.status == Status.MISSED:
        return _("did not come on %(day)s") % {"day": day}
    return _("called off on %(day)s") % {"day": day}


def why_it_cannot_stay(found: Task, session_id: UUID) -> str:
    """Empty where nothing but the others is in its way."""
    if session_id in found.forbidden:
        return _("a clinician must check first")
    if session_id in found.course.stranded:
        return str(series_words.STRANDED[found.course.stranded[session_id]])
    return _("put elsewhere by hand") if session_id in found.lost else ""


def named(session: PlannedSession) -> str:
    services: Mapping[str, Any] = rulebook().services
    name = services[session.modality].name if session.modality in services else session.modality
    return f"{name} {session.ordinal}"
