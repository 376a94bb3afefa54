"""Classes: which there are, who is in one, who came, and giving places."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clinic.appointments.actions import groups as work
from clinic.appointments.actions import seats, waitlist
from clinic.appointments.models import Appointment, GroupSession, WaitlistEntry
from clinic.appointments.rules.refusals import NothingChosen
from clinic.appointments.rules.status import MAY_BE_MOVED, STEPS, Status, is_step_back
from clinic.appointments.web import names, words
from clinic.appointments.web.finding import best_first
from clinic.appointments.web.panel import as_id
from patients.models import Patient
from patients.rules.search import LONGEST, read
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import offering

A_PAGE = 25
MOST_FOUND = 6
LOOK_AHEAD_DAYS = 60
GONE = 409


@needs(Permission.APPOINTMENT_VIEW)
def groups(request: SignedInRequest) -> HttpResponse:
    """The classes from today on, with how full they are."""
    now = timezone.now()
    shown = GroupSession.objects.visible_to(request.user).filter(ends_at__gt=now - timedelta(hours=12))
    rows = seats.with_taken(shown).select_related("site", "clinician").order_by("starts_at", "name")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    return render(request, "appointments/groups.html", {"active": "day", "page": page})


@needs(Permission.APPOINTMENT_VIEW)
def group(request: SignedInRequest, group_id: UUID) -> HttpResponse:
    """Who is in the class and who came, who waits for a place, and whom to add."""
    return _page(request, _group(request, group_id))


def _group(request: SignedInRequest, group_id: UUID) -> GroupSession:
    classes = GroupSession.objects.visible_to(request.user).select_related("site", "clinician")
    return get_object_or_404(classes.prefetch_related("holds__resource"), pk=group_id)


def _page(request: SignedInRequest, it: GroupSession, *, refusal: Refused | None = None) -> HttpResponse:
    now = timezone.now()
    seated = Appointment.objects.visible_to(request.user).for_board().filter(group=it).standing().order_by("seat")
    rows = list(seated)
    text = request.GET.get("q", "").strip()[:LONGEST]
    day = it.local_start.date()
    wishes = WaitlistEntry.objects.visible_to(request.user).waiting().filter(service_code=it.service_code)
    context: dict[str, Any] = {
        "active": "day",
        "group": it,
        "rows": [(row, _steps(row, now)) for row in rows],
        "now": now,
        "came": sum(row.status in {Status.ARRIVED, Status.IN_ROOM, Status.DONE} for row in rows),
        "free": max(it.places - len(rows), 0),
        "is_open": it.cancelled_at is None and it.ends_at > now,
        "expected": sum(row.status in MAY_BE_MOVED for row in rows),
        "here": sum(row.status in {Status.ARRIVED, Status.IN_ROOM} for row in rows),
        "asked_for": text,
        "found": _found(request, text) if text else [],
        "waiting": wishes.filter(from_on__lte=day, until_on__gte=day).select_related("patient")[:A_PAGE],
        "request_key": uuid4(),
        "refusal": refusal,
    }
    return render(request, "appointments/group.html", context, status=GONE if refusal else 200)


def _steps(visit: Appointment, now: datetime) -> list[Status]:
    """Ticking off: here, done, or did not come. Who comes need not have confirmed first."""
    steps = [step for step in STEPS[Status(visit.status)] if not is_step_back(visit.status, step)]
    return [it for it in steps if it != Status.CONFIRMED and (it != Status.MISSED or now >= visit.starts_at)]


def _found(request: SignedInRequest, text: str) -> list[Patient]:
    seen = Patient.objects.visible_to(request.user).current()
    return best_first(seen, read(text, on=timezone.localdate()), most=MOST_FOUND)


@needs(Permission.APPOINTMENT_BOOK)
@require_POST
def seat(request: SignedInRequest, group_id: UUID) -> HttpResponse:
    """Give a patient a place, or let them wait for one."""
    it = _group(request, group_id)
    patient_id = as_id(request.POST.get("patient"))
    if patient_id is None:
        raise Http404
    patient, now = open_record(request, patient_id), timezone.now()
    try:
        if "wait" in request.POST:
            today = timezone.localdate(now, it.site.zone)
            can_make = waitlist.CanMake(from_on=today, until_on=it.local_start.date(), site=it.site)
            waitlist.add(patient, it.service_code, can_make, by=request.user, now=now, on=today)
            messages.success(request, _("%(name)s waits for a place.") % {"name": names.said(request, patient)})
        else:
            key = as_id(request.POST.get("request_key"))
            visit = seats.seat(it, patient=patient, by=request.user, now=now, request_key=key)
            messages.success(request, _("In the class: %s.") % words.booked(request, visit))
    except Refused as refusal:
        return _page(request, it, refusal=refusal)
    return redirect("appointments:group", group_id=it.pk)


@needs(Permission.APPOINTMENT_BOOK)
@require_POST
def everybody(request: SignedInRequest, group_id: UUID) -> HttpResponse:
    """Everybody has come, or everybody who came is done. Single ones are tapped on their own."""
    it = _group(request, group_id)
    is_done = request.POST.get("status") == Status.DONE
    status, was = (Status.DONE, {Status.ARRIVED, Status.IN_ROOM}) if is_done else (Status.ARRIVED, MAY_BE_MOVED)
    try:
        n = work.set_all(it, status, was=was, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _page(request, it, refusal=refusal)
    messages.success(request, ngettext("%(n)s person was ticked.", "%(n)s people were ticked.", n) % {"n": n})
    return redirect("appointments:group", group_id=it.pk)


@needs(Permission.APPOINTMENT_BOOK)
def reseat(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """Another class of the same kind for somebody who is in one. The old place is kept until the new one is certain."""
    visits = Appointment.objects.visible_to(request.user).for_board().exclude(group=None)
    visit = get_object_or_404(visits, pk=visit_id)
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            moved = _reseated(request, visit)
        except Refused as no:
            refusal = no
        else:
            messages.success(request, _("Moved: %s.") % words.booked(request, moved))
            return redirect("appointments:group", group_id=moved.group_id)
    now = timezone.now()
    service = offering.current()[visit.service_code]
    first = timezone.localdate(now)
    context = {
        "active": "day",
        "visit": visit,
        "patient": open_record(request, visit.patient_id),
        "choices": seats.free_seats(
            service, patient=visit.patient, first=first, days=LOOK_AHEAD_DAYS, now=now, moving=visit
        ),
        "may_be_moved": visit.status in MAY_BE_MOVED,
        "refusal": refusal,
    }
    return render(request, "appointments/reseat.html", context, status=GONE if refusal else 200)


def _reseated(request: SignedInRequest, visit: Appointment) -> Appointment:
    chosen = as_id(request.POST.get("group"))
    into = GroupSession.objects.visible_to(request.user).filter(pk=chosen).first() if chosen else None
    if into is None:
        raise NothingChosen
    text = request.POST.get("revision", "")
    revision = int(text) if text.isascii() and text.isdigit() else -1
    return seats.reseat(visit, into, revision=revision, by=request.user, now=timezone.now())
