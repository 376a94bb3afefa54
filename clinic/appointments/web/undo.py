"""The undo bar: what I have just done, while nobody has been told of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.appointments.actions import class_undo, undo
from clinic.appointments.models import Appointment, VisitChange
from clinic.appointments.web import deeds
from clinic.appointments.web import visit as card
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

MOST_SHOWN = 20  # a sick clinician's day
MOST_READ = 200  # with everybody in the classes among them
SEND = "send"


@needs(Permission.APPOINTMENT_BOOK)
def pending(request: SignedInRequest) -> HttpResponse:
    """What can still be undone: as the bar on every page, or as a page of its own."""
    now = timezone.now()
    changes = _once_each(undo.open_changes(by=request.user, now=now)[:MOST_READ])
    context: dict[str, Any] = {
        "active": "day",
        "lines": [
            (change, change.appointment, deeds.done(request, change), _left(change.appointment, now))
            for change in changes
        ],
        "next": _page_below(request),
    }
    part = "appointments/undo_bar.html" if request.headers.get("HX-Request") else "appointments/undo.html"
    return render(request, part, context)


def _page_below(request: SignedInRequest) -> str:
    """The page that the bar lies on: pressing a button there does not lead away from it."""
    below = urlsplit(request.headers.get("HX-Current-URL", ""))
    return f"{below.path}?{below.query}" if below.query else below.path


def _left(visit: Appointment, now: datetime) -> int:
    """Whole seconds until the message may leave."""
    return int((visit.news_at - now).total_seconds()) if visit.news_at else 0


def _once_each(changes: Iterable[VisitChange]) -> list[VisitChange]:
    """What was done to a class is one line, however many sit in it."""
    found: dict[object, VisitChange] = {}
    for it in changes:
        found.setdefault((it.at, it.appointment.group_id) if class_undo.is_of_a_class(it) else it.pk, it)
    return list(found.values())[:MOST_SHOWN]


def _undone(request: SignedInRequest, change: VisitChange, *, now: datetime) -> str:
    if class_undo.is_of_a_class(change):
        return deeds.class_undone(class_undo.undo(change, by=request.user, now=now))
    return deeds.undone(request, change, undo.undo(change, by=request.user, now=now))


def _send_now(it: Appointment, change: VisitChange, *, by: User, now: datetime) -> None:
    if not class_undo.is_of_a_class(change):
        undo.send_now(it, by=by, now=now)
        return
    for each in class_undo.together(change):
        visit = each.appointment
        visit.revision = each.revision
        undo.send_now(visit, by=by, now=now)


@needs(Permission.APPOINTMENT_BOOK)
@require_POST
def answer(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """Take the last change back, or let its message go."""
    it = Appointment.objects.visible_to(request.user).filter(pk=visit_id).first()
    revision = card.number(request.POST.get("revision", ""))
    change = VisitChange.objects.filter(appointment=it, revision=revision).order_by("-at").first() if it else None
    if it is None or change is None:
        raise Http404
    now = timezone.now()
    try:
        if request.POST.get("do") == SEND:
            it.revision = revision  # what the bar was about, not what is now
            _send_now(it, change, by=request.user, now=now)
            messages.success(request, _("The message goes out now."))
        else:
            messages.success(request, _undone(request, change, now=now))
    except Refused as refusal:
        return card.shown_again(request, visit_id, refusal)
    it.refresh_from_db()
    return redirect(card.back(request, it))
