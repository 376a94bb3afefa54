"""One visit: its card, its next step, moving it and calling it off."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.appointments.actions import attendance, availability, booking, neighbours
from clinic.appointments.actions.asked import treatment
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules import lengths
from clinic.appointments.rules.refusals import NothingChosen
from clinic.appointments.rules.status import MAY_BE_CANCELLED, MAY_BE_MOVED, STEPS, Status, is_step_back
from clinic.appointments.web import choices, conflict, deeds, times, words
from clinic.appointments.web.forms import CancelForm
from patients.web.records import open_record
from people.models import AuditEvent
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import offering

GONE = 409
LATE_MINUTES = (5, 10, 20)
LATE_IS_SAID = timedelta(hours=12)  # before the visit; nobody phones today to be late next week
LONGEST_REASON = 200  # as the column


def _visit(request: SignedInRequest, visit_id: UUID) -> Appointment:
    """Raises `Http404` for a visit that does not exist and, in the same words, for one that is not theirs."""
    visit = Appointment.objects.visible_to(request.user).for_board().filter(pk=visit_id).first()
    if visit is None:
        raise Http404
    return visit


def _changed(request: SignedInRequest, visit_id: UUID) -> Appointment:
    """The same, to be changed: without what only its card prints."""
    seen = Appointment.objects.visible_to(request.user).select_related("patient", "site", "clinician")
    return get_object_or_404(seen, pk=visit_id)


@needs(Permission.APPOINTMENT_VIEW)
def visit(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """Who, when, where, what may happen next, and what has happened."""
    return _card(request, _visit(request, visit_id))


def _card(request: SignedInRequest, it: Appointment, *, refusal: Refused | None = None) -> HttpResponse:
    now = timezone.now()
    context = {
        "active": "day",
        "visit": it,
        "patient": open_record(request, it.patient_id),
        "now": now,
        "steps_back": [step for step in STEPS[Status(it.status)] if is_step_back(it.status, step)],
        "may_be_moved": it.status in MAY_BE_MOVED,
        "may_be_cancelled": it.status in MAY_BE_CANCELLED,
        # Refused at the check-in or known beforehand: that she stands here must not be lost.
        "may_wait": it.status in MAY_BE_MOVED and not it.arrived_at,
        "late_choices": LATE_MINUTES if _may_be_late(it, now) else [],
        "history": _history(it),
        "near": _how_near(it),
        "refusal": refusal,
    }
    return render(request, "appointments/visit.html", context, status=GONE if refusal else 200)


def _how_near(it: Appointment) -> str:
    """How near it comes to another treatment, while it lies ahead. Two queries."""
    wanted = treatment(it, it.service) if it.status in MAY_BE_MOVED else None
    found = neighbours.looked_at(it.patient, [wanted] if wanted else [], leaving=[it.pk])
    return next((choices.how_near(each) for each in found), "")


def _history(it: Appointment) -> list[tuple[AuditEvent, str | Promise]]:
    """What was done, newest first, in words. Two queries."""
    events = AuditEvent.objects.filter(object_type="appointments.appointment", object_id=str(it.pk))
    changes = {change.revision: change for change in it.changes.all()}
    return [
        (event, deeds.said(event, changes.get(event.detail.get("revision")), zone=it.site.zone))
        for event in events.select_related("by").order_by("-at")
    ]


def _may_be_late(it: Appointment, now: datetime) -> bool:
    return it.status in MAY_BE_MOVED and not it.arrived_at and it.starts_at - LATE_IS_SAID < now < it.ends_at


def shown_again(request: SignedInRequest, visit_id: UUID, refusal: Refused) -> HttpResponse:
    """The card as it is now, with why something could not be done."""
    return _card(request, _visit(request, visit_id), refusal=refusal)


@needs(Permission.APPOINTMENT_BOOK)
@require_POST
def late(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """The patient has phoned: some minutes late, or in time after all (0)."""
    it = _changed(request, visit_id)
    minutes = number(request.POST.get("minutes", ""))
    if minutes not in {0, *LATE_MINUTES}:
        raise Http404
    it.revision = number(request.POST.get("revision", ""))
    at = it.starts_at + timedelta(minutes=minutes) if minutes else None
    try:
        attendance.expect(it, at, by=request.user, now=timezone.now())
    except Refused as refusal:
        return shown_again(request, visit_id, refusal)
    return redirect(back(request, it))


@needs(Permission.APPOINTMENT_BOOK)
@require_POST
def here(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """The patient is here and a clinician must look before she is checked in; or that is taken back (0)."""
    it = _changed(request, visit_id)
    is_here = number(request.POST.get("is_here", ""))
    if is_here not in {0, 1}:
        raise Http404
    try:
        attendance.wait_for_clinician(it, is_here=bool(is_here), by=request.user, now=timezone.now())
    except Refused as refusal:
        return shown_again(request, visit_id, refusal)
    return redirect(back(request, it))


@needs(Permission.APPOINTMENT_BOOK)
@require_POST
def status(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """One tap: the visit goes a step on or back, and the page it was tapped on is shown again."""
    it = _changed(request, visit_id)
    wanted, was = request.POST.get("status", ""), request.POST.get("was", "")
    if wanted not in STEPS or was not in STEPS:
        raise Http404
    try:
        attendance.set_status(it, wanted, was=was, by=request.user, now=timezone.now())
    except Refused as refusal:
        return shown_again(request, visit_id, refusal)
    return redirect(back(request, it))


def back(request: SignedInRequest, it: Appointment) -> str:
    """Where the button stood. Never to another server, whatever the form says."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if is_ours else it.get_absolute_url()


@needs(Permission.APPOINTMENT_BOOK)
def move(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """Another time, another clinician or another site. The old time is kept until the new one is certain."""
    refusal = ""
    if request.method == "POST":
        try:
            moved = _moved(request, _changed(request, visit_id))
        except Refused as no:
            refusal = conflict.told(no, availability.chosen(request.POST.get("offer", "")), now=timezone.now())
        else:
            messages.success(request, _("Moved: %s.") % words.booked(request, moved))
            return redirect(_day(moved))
    it = _visit(request, visit_id)
    now = timezone.now()
    usual = offering.current()[it.service_code]
    may_take = lengths.lengths(usual.minutes, so_far=it.minutes)
    asked = _minutes(request.POST) or _minutes(request.GET) or it.minutes
    service = lengths.lasting(usual, asked if asked in may_take else it.minutes)
    when = times.filters(request.GET, first=timezone.localdate(now))
    found = times.find(service, when, patient=it.patient, session=it.session, now=now, moving=it)
    technique = it.session.technique if it.session else ""
    near = choices.near_on(found.days, it.patient, service, technique, leaving=[it.pk])
    context = {
        "active": "day",
        "visit": it,
        "patient": open_record(request, it.patient_id),
        "service": service,
        "may_be_moved": it.status in MAY_BE_MOVED,
        "times": found,
        "best": [(each, near.get(each.offer.local_start.date(), "")) for each in found.best],
        "day_near": near.get(found.day, ""),
        "when": when,
        **times.choices(service),
        "lengths": may_take,
        "refusal": refusal,
    }
    return render(request, "appointments/move.html", context, status=GONE if refusal else 200)


def _moved(request: SignedInRequest, it: Appointment) -> Appointment:
    if "as_it_stands" in request.POST:
        return _resized(request, it)
    choice = availability.chosen(request.POST.get("offer", ""))
    if choice is None:
        raise NothingChosen
    return booking.move(
        it,
        starts_at=choice.starts_at,
        resources=choice.resources,
        revision=number(request.POST.get("revision", "")),
        by=request.user,
        now=timezone.now(),
        overbook_because=request.POST.get("overbook_because", "").strip()[:LONGEST_REASON],
        minutes=_minutes(request.POST),
    )


def _resized(request: SignedInRequest, it: Appointment) -> Appointment:
    """Longer or shorter at the time and in the place that it has."""
    held = Resource.objects.filter(holds__appointment=it).exclude(kind=Resource.Kind.PATIENT)
    return booking.move(
        it,
        starts_at=it.starts_at,
        resources=list(held.select_related("site")),
        revision=number(request.POST.get("revision", "")),
        by=request.user,
        now=timezone.now(),
        minutes=number(request.POST.get("minutes", "")),
    )


def _minutes(typed: QueryDict) -> int | None:
    """What the form says about the length, if it does."""
    asked = typed.get("minutes")
    return number(str(asked)) if asked else None


def number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1


def _day(it: Appointment) -> str:
    return f"{reverse('desk:day', args=[it.local_start.date().isoformat()])}?site={it.site_id}"


@needs(Permission.APPOINTMENT_BOOK)
def cancel(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """Call the visit off, with a reason. Everything it held is free at once."""
    it = (_changed if request.method == "POST" else _visit)(request, visit_id)
    form = CancelForm(request.POST or None, initial={"revision": it.revision})
    if form.is_valid():
        it.revision = form.cleaned_data["revision"]  # what was on the screen, not what is now
        try:
            booking.cancel(it, reason=form.reason, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Cancelled: %s. The time is free again.") % words.booked(request, it))
            offer = _offer_address(it)
            return redirect(offer if offer and request.POST.get("then") == "offer" else _day(it))
    if form.errors:
        it = _visit(request, visit_id)
    context: dict[str, Any] = {
        "active": "day",
        "visit": it,
        "patient": open_record(request, it.patient_id),
        "form": form,
        "may_be_cancelled": it.status in MAY_BE_CANCELLED,
        "offer_address": _offer_address(it),
    }
    return render(request, "appointments/cancel.html", context, status=GONE if form.errors else 200)


def _offer_address(it: Appointment) -> str:
    """Where the freed time is offered to those who wait, while it has not begun."""
    try:
        return f"{reverse('appointments:waitlist_offer')}?visit={it.pk}"
    except NoReverseMatch:
        return ""
