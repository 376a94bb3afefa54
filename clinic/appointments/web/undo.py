"""The undo bar: what I have just done, while nobody has been told of it."""

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

from clinic.appointments.actions import undo
from clinic.appointments.models import Appointment, VisitChange
from clinic.appointments.web import deeds
from clinic.appointments.web import visit as card
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

MOST_SHOWN = 20  # a sick clinician's day
SEND = "send"


@needs(Permission.APPOINTMENT_BOOK)
def pending(request: SignedInRequest) -> HttpResponse:
    """What can still be undone: as the bar on every page, or as a page of its own."""
    now = timezone.now()
    changes = list(undo.open_changes(by=request.user, now=now)[:MOST_SHOWN])
    context: dict[str, Any] = {
        "active": "day",
        "lines": [
            (change, change.appointment, deeds.done(change), _left(change.appointment, now)) for change in changes
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
            undo.send_now(it, by=request.user, now=now)
            messages.success(request, _("The message goes out now."))
        else:
            undone = undo.undo(change, by=request.user, now=now)
            messages.success(request, deeds.undone(change, undone))
    except Refused as refusal:
        return card.shown_again(request, visit_id, refusal)
    it.refresh_from_db()
    return redirect(card.back(request, it))
