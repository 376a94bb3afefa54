"""Taking back a slip of the hand before anybody has been told of it."""

from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from clinic.appointments.actions import booking, clashes, class_undo, history, holding, neighbours, waitlist
from clinic.appointments.actions.asked import treatment
from clinic.appointments.actions.contention import tried_again
from clinic.appointments.models import Appointment, Hold, VisitChange
from clinic.appointments.rules.refusals import CannotBecome, TooLateToUndo
from clinic.appointments.rules.status import MAY_BE_MOVED, Status
from people.actions import audit
from people.actions.wall import seen_by_the_clinic
from people.models import User
from programs.actions import safety
from programs.models import SafetyDecision

UNDONE: Final = "undone"  # the reason of a visit whose booking was taken back
Deed = VisitChange.Deed
_MAY_BE: Final = {
    Deed.BOOKED: MAY_BE_MOVED,
    Deed.MOVED: MAY_BE_MOVED,
    Deed.CANCELLED: frozenset({Status.CANCELLED}),
}


def open_changes(*, by: User, now: datetime) -> QuerySet[VisitChange]:
    """What this person has just done and can still take back, newest first."""
    changes = VisitChange.objects.filter(by=by, undone_at=None, appointment__news_at__gt=now)
    newest = changes.filter(revision=F("appointment__revision"), at__lte=now)
    return newest.select_related("appointment__patient", "appointment__site", "appointment__clinician").order_by("-at")


@tried_again
@seen_by_the_clinic()
@transaction.atomic
def undo(change: VisitChange, *, by: User, now: datetime) -> Appointment:
    """Take the change back, as if it had not been: no message leaves. Undone twice is undone once.

    A booking is withdrawn, a move goes back to its old time, a called-off visit stands again. Who waited for what
    is taken back waits again.

    Raises `TooLateToUndo` when its minutes are over or the visit has changed since, `CannotBecome` when it has
    begun, `SlotTaken` when somebody else has the old time by now, and what `safety.decide` refuses: a warning sign
    that was found meanwhile counts for a visit that comes back as it does for a new one.
    """
    visit = Appointment.objects.select_for_update(of=("self",), no_key=True).get(pk=change.appointment_id)
    change.refresh_from_db()
    if change.undone_at:
        return visit
    if visit.revision != change.revision or visit.news_at is None or now >= visit.news_at:
        raise TooLateToUndo
    if class_undo.is_of_a_class(change):  # nobody goes back alone to another time than their class
        raise CannotBecome
    if visit.status not in _MAY_BE[Deed(change.deed)] or (visit.group and visit.group.cancelled_at):
        raise CannotBecome
    visit.revision += 1
    if change.deed == Deed.BOOKED:
        _withdraw(visit, now)
    else:
        _put_back(visit, change, by=by, now=now)
    change.undone_at = now
    change.save(update_fields=["undone_at"])
    waitlist.reopen(visit, closed_at=change.at, by=by)
    audit.record(by, "appointment.undone", visit, deed=change.deed, revision=visit.revision)
    return visit


def _withdraw(visit: Appointment, now: datetime) -> None:
    holding.lock(holding.held_by([visit]))
    visit.status, visit.cancelled_at, visit.cancel_reason = Status.CANCELLED, now, UNDONE
    visit.news_at = None
    visit.request_key = None  # the form is free again: sent once more, it books
    visit.save()
    visit.holds.all().delete()


def _put_back(visit: Appointment, change: VisitChange, *, by: User, now: datetime) -> None:
    held = history.restore(visit, change.before)
    if wanted := treatment(visit, visit.service):
        nearby = neighbours.of(visit.patient, visit.starts_at, leaving=[visit.pk])
        safety.decide(visit.patient, [wanted], SafetyDecision.Moment.BOOKED, by=by, now=now, nearby=nearby)
    holding.lock(holding.held_by([visit]) | Q(pk__in=[it.resource_id for it in held]))
    visit.cancelled_at, visit.cancel_reason = None, ""
    visit.holds.all().delete()
    clashes.sweep_stale(held, now=now)
    try:
        visit.save()
        Hold.objects.bulk_create(held)
    except IntegrityError as error:
        raise booking.refusal(error) from error


@transaction.atomic
def send_now(visit: Appointment, *, by: User, now: datetime) -> Appointment:
    """Let the message go: the call is over and nothing will be undone. Said twice, it goes once.

    Raises `TooLateToUndo` if the visit has changed since: the message would be about something else.
    """
    waiting = Appointment.objects.filter(pk=visit.pk, revision=visit.revision)
    if waiting.filter(news_at__gt=now).update(news_at=now):
        visit.news_at = now
        audit.record(by, "appointment.news_sent_at_once", visit)
    elif not waiting.exists():
        raise TooLateToUndo
    return visit
