"""What the buttons on a visit do: yes, another time, not at all, taking that back, and "I am here"."""

from datetime import datetime
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.appointments.actions import arriving, attendance, availability, booking, class_undo, seats, undo
from clinic.appointments.actions.availability import Choice
from clinic.appointments.models import Appointment, BookingPolicy, GroupSession, VisitChange
from clinic.appointments.rules import arriving as opening
from clinic.appointments.rules.limits import Door
from clinic.appointments.rules.refusals import TooLateToUndo
from clinic.appointments.rules.status import MAY_BE_MOVED
from clinic.portal import classes
from patients.models import Patient
from people.models import User
from people.rules.refusal import ChangedMeanwhile, Refused
from people.web.guards import SignedInRequest

BY_PATIENT: Final = "patient_portal"


class TooLateToChange(Refused):
    """So late the clinic can no longer give the time to anybody else: a call settles it."""


def may_change(visit: Appointment, now: datetime) -> bool:
    """Whether the patient may still move or cancel it without a call. At most one query."""
    hours = change_until() if visit.status in MAY_BE_MOVED else 0
    return visit.status in MAY_BE_MOVED and (visit.starts_at - now).total_seconds() > hours * 3600


def change_until() -> int:
    """How many hours before a visit the clinic lets patients change it."""
    return BookingPolicy.current().change_until_hours


def may_say_here(visit: Appointment, now: datetime) -> bool:
    """Whether the patient may check in from outside: near the time, and nobody knows yet."""
    is_awaited = visit.status in MAY_BE_MOVED and visit.arrived_at is None
    return is_awaited and opening.may_say_so(visit.starts_at, visit.ends_at, now)


def refuse_if_moved_since(visit: Appointment, revision: str) -> None:
    """A yes or a no counts for the time that stood on the page. Raises `ChangedMeanwhile`."""
    if revision != str(visit.revision):
        raise ChangedMeanwhile(_("The clinic changed this visit a moment ago. Please look at it again."))


def done(request: SignedInRequest, visit: Appointment, now: datetime) -> HttpResponse:
    """Do what was asked. Raises `Refused`."""
    refuse_if_moved_since(visit, request.POST.get("revision", ""))
    match request.POST.get("do"):
        case "confirm":
            attendance.confirm(visit, by=request.user, now=now)
            messages.success(request, _("Thank you. We expect you."))
            return redirect("portal:today")
        case "here":
            arriving.says_here(visit, by=request.user, now=now)
            messages.success(request, _("Thank you. We know that you are here. Please come to the desk."))
            return redirect("portal:visit_change", visit.pk)
        case "undo":
            return _taken_back(request, visit, now)
    return _changed(request, visit, now)


def _changed(request: SignedInRequest, visit: Appointment, now: datetime) -> HttpResponse:
    if not may_change(visit, now):
        hours = change_until()
        words = ngettext(
            "This visit is less than %(n)s hour away, or has changed. Please call us.",
            "This visit is less than %(n)s hours away, or has changed. Please call us.",
            hours,
        )
        raise TooLateToChange(words % {"n": hours})
    if request.POST.get("do") == "cancel":
        booking.cancel(visit, reason=BY_PATIENT, by=request.user, now=now)
        messages.success(request, _("The visit is cancelled."))
        return redirect("portal:visits")
    choice = chosen(visit, request.POST.get("class", ""), request.POST.get("offer", ""))
    if request.POST.get("do") != "move" or choice is None:
        raise Http404
    moved = _moved(visit, choice, by=request.user, now=now)
    messages.success(request, _("Your visit has moved."))
    return redirect("portal:visit_change", moved.pk)


def _moved(visit: Appointment, to: Choice | GroupSession, *, by: User, now: datetime) -> Appointment:
    """What it has now is kept until the new one is certain. Raises `Refused`."""
    if isinstance(to, GroupSession):
        return seats.reseat(visit, to, revision=visit.revision, by=by, now=now, door=Door.PORTAL)
    return booking.move(
        visit,
        starts_at=to.starts_at,
        resources=to.resources,
        revision=visit.revision,
        by=by,
        now=now,
        door=Door.PORTAL,
    )


def chosen(visit: Appointment, group: str, code: str) -> Choice | GroupSession | None:
    """The time behind a button of this page: the same class or the same clinician, whatever the address says."""
    if visit.group_id:
        return classes.chosen(visit, group)
    choice = availability.chosen(code) if code else None
    return choice if choice and visit.clinician in choice.resources else None


def _taken_back(request: SignedInRequest, visit: Appointment, now: datetime) -> HttpResponse:
    change = undo.open_changes(by=request.user, now=now).filter(appointment=visit).first()
    if change is None or class_undo.is_of_a_class(change):
        raise TooLateToUndo
    kept = undo.undo(change, by=request.user, now=now)
    if not kept.is_standing:
        messages.success(request, _("Undone. Nothing is booked."))
        return redirect("portal:visits")
    messages.success(request, _("Undone. Your visit is as it was before."))
    return redirect("portal:visit_change", kept.pk)


def to_undo(patient: Patient, user: User, now: datetime) -> VisitChange | None:
    """What was just done here for this patient and nobody has been told of yet: the last of it. One query."""
    found = undo.open_changes(by=user, now=now).filter(appointment__patient=patient).first()
    return None if found is None or class_undo.is_of_a_class(found) else found
