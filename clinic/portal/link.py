"""The link in a message: one visit, without signing in. First name, date, time, place; nothing clinical."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone

from clinic.appointments.actions import attendance, booking
from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from clinic.portal import limits, refusals
from clinic.portal.visit_deeds import may_change, refuse_if_moved_since
from clinic.reminders.actions import links
from clinic.reminders.models import ShortLink
from people.actions import audit
from people.models import Clinic
from people.rules.refusal import Refused
from people.web.guards import public

BY_LINK = "patient_link"


@public
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The visit as it stands now. A GET changes nothing about it: mail scanners open every link they see."""
    if limits.is_flooding(request):
        return limits.asked_to_wait(request)
    visit = visit_behind(token)
    if visit is None:
        return stopped_working(request)
    refusal, is_outdated = "", _time_told(token) != visit.starts_at
    if request.method == "POST":
        try:
            _answered(request, visit, is_outdated=is_outdated)
        except Refused as refused:
            refusal = refusals.said(refused)
            visit.refresh_from_db()
        else:
            return redirect("portal:link", token)
    else:
        audit.record(None, "appointment.link_opened", visit)
    now = timezone.now()
    context = {
        "visit": visit,
        "refusal": refusal,
        "is_outdated": is_outdated,
        "can_confirm": visit.status == Status.BOOKED and now < visit.starts_at and not is_outdated,
        "can_change": not is_outdated and may_change(visit, now),
        "has_begun": visit.starts_at <= now,
        "is_cancelling": "cancel" in request.GET and not refusal,
    }
    return render(request, "portal/link.html", context)


def visit_behind(token: str, opens: ShortLink.Opens = ShortLink.Opens.VISIT) -> Appointment | None:
    """The visit a link opens, or None: never given, too old, or the patient's record is closed."""
    now, given = timezone.now(), Appointment.in_link(token)
    visit = Appointment.objects.select_related("patient", "site").filter(pk=given[0]).first() if given else None
    if visit and not visit.link_works_at(now):
        return None
    # A text has no room for the long form.
    visit = visit or links.visit_behind(token, opens, now=now)
    if visit is None:
        return None
    return None if visit.patient.is_archived or visit.patient.is_dead else visit


def stopped_working(request: HttpRequest) -> HttpResponse:
    """The same bytes for a link that is too old and for one that never was: no answer helps to guess."""
    # Rendered without the request, so that not even a fresh CSRF token tells two answers apart.
    return HttpResponse(render_to_string("portal/link_stopped.html", {"clinic": Clinic.objects.first()}), status=404)


def _time_told(token: str) -> datetime | None:
    """When the visit was to be, by the message that holds the link."""
    given = Appointment.in_link(token)
    return given[1] if given else links.time_told(token)


def _answered(request: HttpRequest, visit: Appointment, *, is_outdated: bool) -> None:
    """Say yes or call it off: a link does that once, and pressing again says what is so already. Raises `Refused`."""
    now, do = timezone.now(), request.POST.get("do")
    if do == "cancel" and visit.status == Status.CANCELLED:
        return
    refuse_if_moved_since(visit, "" if is_outdated else request.POST.get("revision", ""))
    if do == "confirm":
        attendance.confirm(visit, by=None, now=now)
    elif do == "cancel" and may_change(visit, now):
        booking.cancel(visit, reason=BY_LINK, by=None, now=now)
