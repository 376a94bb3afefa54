"""Booking a visit: who, what, when, on one panel and with the keyboard alone."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from clinic.appointments.actions import availability, booking, reservations, wanted
from clinic.appointments.models import Appointment, Reservation
from clinic.appointments.rules.refusals import NothingChosen, SlotTaken
from clinic.appointments.web import conflict, panel, words
from clinic.appointments.web.finding import best_first
from clinic.appointments.web.panel import Wanted, as_id
from patients.models import Patient
from patients.rules.search import LONGEST, read
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions.safety import TooNear
from programs.models import PlannedSession

MOST_FOUND = 8  # patients; whoever does not see theirs types another letter
GONE = 409  # somebody else was quicker, or a rule of the clinic says no: nothing was saved
LONGEST_REASON = 200  # letters
ENOUGH_TO_SEARCH = 2  # letters; one finds half the clinic


@needs(Permission.APPOINTMENT_BOOK)
def book(request: SignedInRequest) -> HttpResponse:
    """Everything chosen so far stands in the address; only the booking itself is posted."""
    asked = request.POST if request.method == "POST" else request.GET
    patient_id = as_id(asked.get("patient"))
    if patient_id is None:
        return _find_patient(request)
    now = timezone.now()
    if request.method != "POST":
        return _panel(request, panel.wanted(request.user, open_record(request, patient_id), asked, now=now))
    # Nothing of the record is shown unless the booking is refused: only then it counts as opened.
    patient, session = _who_and_what(request, patient_id)
    if "let_go" in request.POST:
        return _let_go(request, patient)
    order = panel.order(session, request.POST)
    try:
        return _kept(request, patient, order, now) if "keep" in request.POST else _booked(request, patient, order, now)
    except Refused as refusal:
        gone = {
            "refusal": conflict.told(refusal, availability.chosen(request.POST.get("offer", "")), now=now),
            # Whoever may overbook is asked for a reason; patients and devices are never in two places.
            "may_share": isinstance(refusal, SlotTaken) and refusal.kinds <= {"clinician", "room"},
            "taken": request.POST.get("offer", ""),
            "nearer": _nearer(request, patient, order) if isinstance(refusal, TooNear) else "",
        }
        patient = open_record(request, patient_id)
        return _panel(request, panel.wanted(request.user, patient, asked, now=now), **gone)


def _nearer(request: SignedInRequest, patient: Patient, order: panel.Order) -> str:
    """Where a clinician lets it be booked nearer to another treatment; empty for anybody else."""
    choice = availability.chosen(request.POST.get("offer", ""))
    if choice is None or order.service is None or not request.user.may(Permission.RECORD_EDIT):
        return ""
    technique = order.session.technique if order.session else ""
    asked = {
        "treatment": order.service.modality,
        "technique": technique,
        "day": choice.starts_at.astimezone(choice.site.zone).date(),
    }
    return f"{reverse('appointments:nearer', args=[patient.pk])}?{urlencode(asked)}"


def _who_and_what(request: SignedInRequest, patient_id: UUID) -> tuple[Patient, PlannedSession | None]:
    """The patient and the session of their plan that the form names, in one query where there is one."""
    patients = Patient.objects.visible_to(request.user)
    session = panel.session_of(request.user, patient_id, as_id(request.POST.get("session")), patients)
    return session.plan.patient if session else get_object_or_404(patients, pk=patient_id), session


def _find_patient(request: SignedInRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:LONGEST]
    seen = Patient.objects.visible_to(request.user).current()
    sought = read(text, on=timezone.localdate())
    found = best_first(seen, sought, most=MOST_FOUND) if len(text) >= ENOUGH_TO_SEARCH else []
    kept = {key: value for key, value in request.GET.items() if key not in {"q", "patient", "first"}}
    is_typing = bool(request.headers.get("HX-Request"))
    if len(found) == 1 and not is_typing and request.GET.get("first"):
        # Enter on a search that finds one person: nobody else can be meant.
        return redirect(f"{reverse('appointments:book')}?{urlencode({'patient': found[0].pk, **kept})}")
    close = seen.close_to(sought, most=MOST_FOUND) if text and not found else []
    if text and not found and not close and not is_typing and request.GET.get("first"):
        return redirect(f"{reverse('appointments:book_new')}?{urlencode({'q': text, **kept})}")
    context = {
        "active": "day",
        "asked_for": text,
        "found": found,
        "close": close,
        "kept": kept,
        "rest": f"&{urlencode(kept)}" if kept else "",
        "today": timezone.localdate(),
        "is_typing": is_typing,
    }
    return render(request, f"appointments/book_who.html{'#found' if is_typing else ''}", context)


def _booked(request: SignedInRequest, patient: Patient, order: panel.Order, now: datetime) -> HttpResponse:
    spelled = availability.spelled(request.POST.get("offer", ""))
    if spelled is None or order.service is None:
        raise NothingChosen
    starts_at, resource_ids = spelled
    (visit,) = booking.book_all(
        patient,
        [
            wanted.Wanted(
                service=order.service,
                starts_at=starts_at,
                resource_ids=resource_ids,
                session=order.session,
                request_key=order.request_key,
            )
        ],
        by=request.user,
        now=now,
        overbook_because=request.POST.get("overbook_because", "").strip()[:LONGEST_REASON],
    )
    return said_and_back_to_the_day(request, visit)


def _kept(request: SignedInRequest, patient: Patient, order: panel.Order, now: datetime) -> HttpResponse:
    """Nobody else gets the time for some minutes: the caller has to ask somebody first."""
    if order.service is None:
        raise NothingChosen
    reservations.keep(request.POST.get("offer", ""), order.service, patient, by=request.user, now=now)
    chosen = {"session": order.session.pk} if order.session else {"service": order.service.code}
    return redirect(f"{reverse('appointments:book')}?{urlencode({'patient': patient.pk, **chosen})}")


def _let_go(request: SignedInRequest, patient: Patient) -> HttpResponse:
    kept_id = as_id(request.POST.get("let_go"))
    kept = Reservation.objects.filter(by=request.user, patient=patient, pk=kept_id).first() if kept_id else None
    if kept:
        reservations.release(kept, by=request.user)
    return redirect(f"{reverse('appointments:book')}?{urlencode({'patient': patient.pk})}")


def said_and_back_to_the_day(request: SignedInRequest, visit: Appointment) -> HttpResponse:
    """Say what was booked, on the board of that day."""
    said = format_html(
        '{} <a href="{}">{}</a>',
        _("Booked: %s.") % words.booked(request, visit),
        visit.get_absolute_url(),
        _("Open the visit"),
    )
    messages.success(request, said)
    return redirect(f"{reverse('desk:day', args=[visit.local_start.date().isoformat()])}?site={visit.site_id}")


def _panel(request: SignedInRequest, wanted: Wanted, **gone: Any) -> HttpResponse:
    context = panel.context(request.user, wanted) | gone
    return render(request, "appointments/book.html", context, status=GONE if gone else 200)
