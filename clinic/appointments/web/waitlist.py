"""The waitlist: who waits, what they can make, and putting somebody on it or taking them off."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.appointments.actions import matches, waitlist
from clinic.appointments.models import Appointment, SlotOffer, WaitlistEntry
from clinic.appointments.web import names
from clinic.appointments.web.finding import best_first
from clinic.appointments.web.waitlist_forms import ServiceForm, WishForm, as_it_is, usual
from patients.models import Patient
from patients.rules.search import LONGEST, read
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import offering
from programs.models import PlannedSession
from programs.rules.rulebook import rulebook
from programs.rules.services import Service

ON_A_PAGE = 25
MOST_FOUND = 8  # patients; whoever does not see theirs types another letter
MOST_OFFERED = 50
REFUSED = 409
FIRST_VISIT = "first_assessment"


@needs(Permission.APPOINTMENT_VIEW)
def waiting(request: SignedInRequest) -> HttpResponse:
    """Everybody who waits, whose best days end first at the top, with the first time this week they could have."""
    now = timezone.now()
    services, asked = rulebook().services, request.GET.get("service", "")
    rows = matches.for_pages(WaitlistEntry.objects.visible_to(request.user), on=timezone.localdate(now))
    if asked in services:
        rows = rows.filter(service_code=asked)
    rows = rows.order_by(F("session__due_until").asc(nulls_last=True), "added_at")
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    times = matches.this_week(list(page), now=now)
    offers = SlotOffer.objects.open_at(now).filter(entry__in=WaitlistEntry.objects.visible_to(request.user).waiting())
    context = {
        "active": "waitlist",
        "page": page,
        "hide_names": names.are_hidden(request),
        "rows": [(entry, services.get(entry.service_code), times.get(entry.pk)) for entry in page],
        "services": [it for it in services.values() if it.is_enabled],
        "service": asked if asked in services else "",
        "offers": offers.select_related("entry__patient").order_by("starts_at", "round")[:MOST_OFFERED],
    }
    return render(request, "appointments/waitlist.html", context)


@needs(Permission.APPOINTMENT_BOOK)
def add(request: SignedInRequest) -> HttpResponse:
    """`?patient=`, and `?service=`, `?session=` or `?visit=` for what they wait for."""
    patient_id = _id(request.GET.get("patient"))
    if patient_id is None:
        return _find_patient(request)
    patient, now = open_record(request, patient_id), timezone.now()
    today = timezone.localdate(now)
    session, visit = _session(request, patient), _visit(request, patient)
    service = _service(request, session, visit)
    form = WishForm(
        request.POST or None,
        initial=usual(today, session=session, visit=visit),
        professions=service.professions if service else frozenset(),
    )
    which = ServiceForm(request.POST or None) if service is None else None
    if form.is_valid() and (which is None or which.is_valid()):
        code = service.code if service else which.cleaned_data["service"] if which else ""
        try:
            waitlist.add(patient, code, form.can_make, by=request.user, now=now, on=today, session=session, visit=visit)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("On the waitlist: %s.") % names.said(request, patient))
            return redirect("appointments:waitlist")
    context = {"patient": patient, "form": form, "which": which, "service": service, "visit": visit, "session": session}
    return _form_page(request, context)


@needs(Permission.APPOINTMENT_BOOK)
def change(request: SignedInRequest, entry_id: UUID) -> HttpResponse:
    """Other days or hours."""
    entry = _entry(request, entry_id)
    service = offering.current().get(entry.service_code)
    form = WishForm(
        request.POST or None,
        initial=as_it_is(entry),
        professions=service.professions if service else frozenset(),
    )
    if form.is_valid():
        try:
            waitlist.change(entry, form.can_make, by=request.user, on=timezone.localdate())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Changed: %s.") % names.said(request, entry.patient))
            return redirect("appointments:waitlist")
    patient = open_record(request, entry.patient_id)
    context = {"patient": patient, "form": form, "service": service, "visit": entry.visit, "session": entry.session}
    return _form_page(request, context | {"entry": entry})


@needs(Permission.APPOINTMENT_BOOK)
@require_POST
def withdraw(request: SignedInRequest, entry_id: UUID) -> HttpResponse:
    """They no longer wait."""
    entry = _entry(request, entry_id)
    waitlist.withdraw(entry, by=request.user, now=timezone.now())
    messages.success(request, _("No longer on the waitlist: %s.") % names.said(request, entry.patient))
    return redirect("appointments:waitlist")


def _form_page(request: SignedInRequest, context: dict[str, Any]) -> HttpResponse:
    forms = [form for form in (context["form"], context.get("which")) if form is not None]
    status = REFUSED if any(form.errors for form in forms) else 200
    return render(request, "appointments/waitlist_form.html", {"active": "waitlist", **context}, status=status)


def _entry(request: SignedInRequest, entry_id: UUID) -> WaitlistEntry:
    rows = WaitlistEntry.objects.visible_to(request.user).waiting()
    entry = rows.select_related("patient", "visit__site", "session__plan").filter(pk=entry_id).first()
    if entry is None:
        raise Http404
    return entry


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _session(request: SignedInRequest, patient: Patient) -> PlannedSession | None:
    session_id = _id(request.GET.get("session"))
    rows = PlannedSession.objects.visible_to(request.user).filter(plan__patient=patient).select_related("plan")
    return rows.filter(pk=session_id).first() if session_id else None


def _visit(request: SignedInRequest, patient: Patient) -> Appointment | None:
    visit_id = _id(request.GET.get("visit"))
    rows = Appointment.objects.visible_to(request.user).expected().filter(patient=patient)
    return rows.select_related("site", "clinician").filter(pk=visit_id).first() if visit_id else None


def _service(request: SignedInRequest, session: PlannedSession | None, visit: Appointment | None) -> Service | None:
    """What they wait for, as far as the address says it."""
    code = visit.service_code if visit else session.modality if session else request.GET.get("service", "")
    return offering.current().get(code)


def _find_patient(request: SignedInRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:LONGEST]
    wanted = read(text, on=timezone.localdate())
    seen = Patient.objects.visible_to(request.user).current()
    found = best_first(seen, wanted, most=MOST_FOUND) if text else []
    kept = {key: value for key, value in request.GET.items() if key not in {"q", "patient"}}
    context = {"active": "waitlist", "asked_for": text, "found": found, "rest": f"&{urlencode(kept)}" if kept else ""}
    return render(request, "appointments/waitlist_who.html", context)
