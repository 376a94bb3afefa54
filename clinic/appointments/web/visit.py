"""One visit: its card, its next step, moving it and calling it off."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.appointments.actions import attendance, availability, booking
from clinic.appointments.models import Appointment
from clinic.appointments.rules.refusals import NothingChosen
from clinic.appointments.rules.status import MAY_BE_CANCELLED, MAY_BE_MOVED, STEPS, Status, is_step_back
from clinic.appointments.web import times, words
from clinic.appointments.web.forms import CancelForm
from patients.web.records import open_record
from people.models import AuditEvent
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

GONE = 409


def _visit(request: SignedInRequest, visit_id: UUID) -> Appointment:
    """Raises `Http404` for a visit that does not exist and, in the same words, for one that is not theirs."""
    visit = Appointment.objects.visible_to(request.user).for_board().filter(pk=visit_id).first()
    if visit is None:
        raise Http404
    return visit


@needs(Permission.APPOINTMENT_VIEW)
def visit(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """Who, when, where, what may happen next, and what has happened."""
    return _card(request, _visit(request, visit_id))


def _card(request: SignedInRequest, it: Appointment, *, refusal: Refused | None = None) -> HttpResponse:
    events = AuditEvent.objects.filter(object_type="appointments.appointment", object_id=str(it.pk))
    context = {
        "active": "day",
        "visit": it,
        "patient": open_record(request, it.patient_id),
        "now": timezone.now(),
        "steps_back": [step for step in STEPS[Status(it.status)] if is_step_back(it.status, step)],
        "may_be_moved": it.status in MAY_BE_MOVED,
        "may_be_cancelled": it.status in MAY_BE_CANCELLED,
        "history": [(event, words.deed(event)) for event in events.select_related("by").order_by("-at")],
        "refusal": refusal,
    }
    return render(request, "appointments/visit.html", context, status=GONE if refusal else 200)


@needs(Permission.APPOINTMENT_BOOK)
@require_POST
def status(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """One tap: the visit goes a step on or back, and the page it was tapped on is shown again."""
    it = _visit(request, visit_id)
    wanted, was = request.POST.get("status", ""), request.POST.get("was", "")
    if wanted not in STEPS or was not in STEPS:
        raise Http404
    try:
        attendance.set_status(it, wanted, was=was, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _card(request, _visit(request, visit_id), refusal=refusal)
    return redirect(_back(request, it))


def _back(request: SignedInRequest, it: Appointment) -> str:
    """Where the button stood. Never to another server, whatever the form says."""
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if is_ours else it.get_absolute_url()


@needs(Permission.APPOINTMENT_BOOK)
def move(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """Another time, another clinician or another site. The old time is kept until the new one is certain."""
    it = _visit(request, visit_id)
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            moved = _moved(request, it)
        except Refused as no:
            refusal, it = no, _visit(request, visit_id)
        else:
            messages.success(request, _("Moved: %s.") % words.booked(moved))
            return redirect(_day(moved))
    now = timezone.now()
    when = times.filters(request.GET, first=timezone.localdate(now))
    context = {
        "active": "day",
        "visit": it,
        "patient": open_record(request, it.patient_id),
        "service": it.service,
        "may_be_moved": it.status in MAY_BE_MOVED,
        "times": times.find(it.service, when, patient=it.patient, session=it.session, now=now, moving=it),
        "when": when,
        **times.choices(it.service),
        "refusal": refusal,
    }
    return render(request, "appointments/move.html", context, status=GONE if refusal else 200)


def _moved(request: SignedInRequest, it: Appointment) -> Appointment:
    choice = availability.chosen(request.POST.get("offer", ""))
    if choice is None:
        raise NothingChosen
    return booking.move(
        it,
        starts_at=choice.starts_at,
        resources=choice.resources,
        revision=_number(request.POST.get("revision", "")),
        by=request.user,
        now=timezone.now(),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1


def _day(it: Appointment) -> str:
    return f"{reverse('desk:day', args=[it.local_start.date().isoformat()])}?site={it.site_id}"


@needs(Permission.APPOINTMENT_BOOK)
def cancel(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """Call the visit off, with a reason. Everything it held is free at once."""
    it = _visit(request, visit_id)
    form = CancelForm(request.POST or None, initial={"revision": it.revision})
    if form.is_valid():
        it.revision = form.cleaned_data["revision"]  # what was on the screen, not what is now
        try:
            booking.cancel(it, reason=form.reason, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Cancelled: %s. The time is free again.") % words.booked(it))
            return redirect(_day(it))
    context: dict[str, Any] = {
        "active": "day",
        "visit": it,
        "patient": open_record(request, it.patient_id),
        "form": form,
        "may_be_cancelled": it.status in MAY_BE_CANCELLED,
    }
    return render(request, "appointments/cancel.html", context, status=GONE if form.errors else 200)
