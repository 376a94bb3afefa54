"""Taking back what was done to a class, with everybody in it, before anybody has been told of it.

The change of each seat carries the class as it was, so a class in which nobody sits has nothing to undo: nobody
would be told.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from clinic.appointments.actions import booking, clashes, history, holding
from clinic.appointments.actions.asked import treatment
from clinic.appointments.actions.contention import tried_again
from clinic.appointments.actions.history import Image
from clinic.appointments.models import Appointment, GroupSession, Hold, VisitChange
from clinic.appointments.rules.refusals import CannotBecome, TooLateToUndo
from clinic.appointments.rules.status import MAY_BE_MOVED, Status
from people.actions import audit
from people.models import User
from programs.actions import safety
from programs.models import SafetyDecision

CLASS: Final = "class"  # where the class stands in what a visit was before
Deed = VisitChange.Deed


def image(group: GroupSession) -> Image:
    """How the class stands now and what it holds; `revision` is what it will have once it is changed. One query."""
    return {
        "name": group.name,
        "places": group.places,
        "clinician": str(group.clinician_id),
        "starts_at": group.starts_at.isoformat(),
        "ends_at": group.ends_at.isoformat(),
        "revision": group.revision + 1,
        "holds": [
            [str(it.resource_id), it.during.lower.isoformat(), it.during.upper.isoformat()]
            for it in group.holds.order_by("pk")
        ],
    }


def is_of_a_class(change: VisitChange) -> bool:
    """Whether it was done to the whole class that the visit is a seat of."""
    return CLASS in change.before


def together(change: VisitChange) -> list[VisitChange]:
    """The changes of everybody in the class, which were made in one instant. One query."""
    found = VisitChange.objects.filter(at=change.at, by=change.by_id, deed=change.deed)
    found = found.filter(appointment__group=change.appointment.group_id)
    found = found.filter(before__class__revision=change.before[CLASS]["revision"])
    return list(found.order_by("appointment"))


@tried_again
@transaction.atomic
def undo(change: VisitChange, *, by: User, now: datetime) -> GroupSession:
    """Put the class back as it was, with everybody in it: no message leaves. Undone twice is undone once.

    Raises `TooLateToUndo` when the minutes of one of them are over or the class has changed since, `CannotBecome`
    when somebody has come to it, `SlotTaken` when anybody or its room is taken by now, and what `safety.decide`
    refuses, as for a single visit.
    """
    of_change = GroupSession.objects.filter(seats=change.appointment_id)
    group = GroupSession.objects.select_for_update(of=("self",), no_key=True).get(pk__in=of_change)
    changes = together(change)
    if all(it.undone_at for it in changes):
        return group
    visits = _claimed(group, changes, now=now)
    held = [hold for it in changes for hold in history.restore(visits[it.appointment_id], it.before)]
    held += _restored(group, change.before[CLASS])
    for visit in visits.values():
        visit.cancelled_at, visit.cancel_reason, visit.revision = None, "", visit.revision + 1
        if wanted := treatment(visit, visit.service):
            safety.decide(visit.patient, [wanted], SafetyDecision.Moment.BOOKED, by=by, now=now)
    _write(group, list(visits.values()), held, now=now)
    VisitChange.objects.filter(pk__in=[it.pk for it in changes]).update(undone_at=now)
    lines = [(visit, {"deed": change.deed, "revision": visit.revision}) for visit in visits.values()]
    audit.record_all(by, "appointment.undone", lines)
    audit.record(by, "class.undone", group, deed=change.deed, revision=group.revision)
    return group


def _claimed(group: GroupSession, changes: Sequence[VisitChange], *, now: datetime) -> dict[UUID, Appointment]:
    """Everybody who came along, locked, if it is still they who sit in the class and nobody was told."""
    rows = Appointment.objects.filter(pk__in=[it.appointment_id for it in changes]).order_by("pk")
    rows = rows.select_related("patient", "session__plan", "site")
    visits = {it.pk: it for it in rows.select_for_update(of=("self",), no_key=True)}
    seated = set(group.seats.standing().values_list("pk", flat=True))
    is_cancelled = changes[0].deed == Deed.CANCELLED
    if group.revision != changes[0].before[CLASS]["revision"] or seated != (set() if is_cancelled else set(visits)):
        raise TooLateToUndo
    for it in changes:
        visit = visits[it.appointment_id]
        if visit.revision != it.revision or visit.news_at is None or now >= visit.news_at:
            raise TooLateToUndo
        if visit.status not in ({Status.CANCELLED} if is_cancelled else MAY_BE_MOVED):
            raise CannotBecome
    return visits


def _restored(group: GroupSession, before: Image) -> list[Hold]:
    """Make the class what it was, unsaved, and give what it held then."""
    group.name, group.places, group.clinician_id = before["name"], before["places"], UUID(before["clinician"])
    group.starts_at, group.ends_at = (datetime.fromisoformat(before[at]) for at in ("starts_at", "ends_at"))
    group.cancelled_at, group.cancel_reason, group.revision = None, "", group.revision + 1
    return [
        Hold(
            group=group,
            resource_id=UUID(resource),
            during=DateTimeTZRange(datetime.fromisoformat(begins), datetime.fromisoformat(ends)),
        )
        for resource, begins, ends in before["holds"]
    ]


def _write(group: GroupSession, visits: Collection[Appointment], held: Sequence[Hold], *, now: datetime) -> None:
    theirs = Hold.objects.filter(Q(group=group) | Q(appointment__in=visits))
    holding.lock(Q(pk__in=theirs.values("resource")) | Q(pk__in=[it.resource_id for it in held]))
    theirs.delete()
    clashes.sweep_stale(held, now=now)
    try:
        group.save()
        for visit in visits:
            visit.save()
        Hold.objects.bulk_create(held)
    except IntegrityError as error:
        raise booking.refusal(error) from error
