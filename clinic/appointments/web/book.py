"""Booking a visit: who, what, when, on one panel and with the keyboard alone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from clinic.appointments.actions import availability, booking
from clinic.appointments.actions.suggestions import LOOK_AHEAD_DAYS
from clinic.appointments.models import Appointment
from clinic.appointments.rules.refusals import NothingChosen
from clinic.appointments.web import times, words
from patients.models import Patient, RedFlag
from patients.rules.search import LONGEST, read
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.models import PlannedSession
from programs.rules.rulebook import rulebook
from programs.rules.services import Service

MOST_FOUND = 8  # patients; whoever does not see theirs types another letter
MOST_DUE = 5  # sessions
FIRST_VISIT, NEXT_VISIT = "first_assessment", "review"
GONE = 409  # somebody else was quicker, or a rule of the clinic says no: nothing was saved


@needs(Permission.APPOINTMENT_BOOK)
def book(request: SignedInRequest) -> HttpResponse:
    """Everything chosen so far stands in the address; only the booking itself is posted."""
    asked = request.POST if request.method == "POST" else request.GET
    patient_id = as_id(asked.get("patient"))
    if patient_id is None:
        return _find_patient(request)
    patient = open_record(request, patient_id)
    wanted = _wanted(request, patient, asked)
    if request.method == "POST":
        try:
            return _booked(request, wanted)
        except Refused as refusal:
            return _panel(request, wanted, refusal=refusal, status=GONE)
    return _panel(request, wanted)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What has been chosen so far."""

    patient: Patient
    service: Service
    session: PlannedSession | None
    due: list[PlannedSession]
    when: times.Filters
    request_key: UUID
    now: datetime

    def address(self, **changes: Any) -> str:
        """The same page with something else chosen."""
        chosen = {
            "patient": self.patient.pk,
            "service": self.service.code,
            "session": self.session.pk if self.session else "",
            **self.when.as_query(),
        }
        return "?" + urlencode({key: value for key, value in (chosen | changes).items() if value})


def as_id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _wanted(request: SignedInRequest, patient: Patient, asked: Any) -> Wanted:
    now = timezone.now()
    due = _due(request, patient, timezone.localdate(now))
    code, session_id = asked.get("service", ""), as_id(asked.get("session"))
    session = next((each for each in due if each.pk == session_id), None)
    if session is None and session_id:
        session = PlannedSession.objects.visible_to(request.user).filter(plan__patient=patient, pk=session_id).first()
    if session is None and not code and due:
        session = due[0]  # the plan drives booking: what is due next is chosen already
    if session:
        code = session.modality
    services = rulebook().services
    service = services.get(code) or services[_usual(patient)]
    when = times.filters(asked, first=timezone.localdate(now))
    return Wanted(patient, service, session, due, when, as_id(asked.get("request_key")) or uuid4(), now)


def _due(request: SignedInRequest, patient: Patient, today: date) -> list[PlannedSession]:
    """What the plan asks for and nobody has booked, soonest first."""
    sessions = PlannedSession.objects.visible_to(request.user).of_active_plans().filter(plan__patient=patient)
    booked = Appointment.objects.of_session(sessions).values("session")
    return list(sessions.filter(due_until__gte=today).exclude(pk__in=booked).select_related("plan")[:MOST_DUE])


def _usual(patient: Patient) -> str:
    return NEXT_VISIT if Appointment.objects.standing().filter(patient=patient).exists() else FIRST_VISIT


def _find_patient(request: SignedInRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:LONGEST]
    wanted = read(text, on=timezone.localdate())
    seen = Patient.objects.visible_to(request.user).current()
    found = list(seen.matching(wanted).by_name()[:MOST_FOUND]) if text else []
    close = seen.close_to(wanted, most=MOST_FOUND) if text and not found else []
    kept = {key: value for key, value in request.GET.items() if key not in {"q", "patient"}}
    context = {
        "active": "day",
        "asked_for": text,
        "found": found,
        "close": close,
        "kept": kept,
        "rest": f"&{urlencode(kept)}" if kept else "",
    }
    return render(request, "appointments/book_who.html", context)


def _booked(request: SignedInRequest, wanted: Wanted) -> HttpResponse:
    choice = availability.chosen(request.POST.get("offer", ""))
    if choice is None:
        raise NothingChosen
    visit = booking.book(
        patient=wanted.patient,
        service=wanted.service,
        site=choice.site,
        starts_at=choice.starts_at,
        resources=choice.resources,
        by=request.user,
        now=wanted.now,
        session=wanted.session,
        request_key=wanted.request_key,
    )
    said = format_html(
        '{} <a href="{}">{}</a>', _("Booked: %s.") % words.booked(visit), visit.get_absolute_url(), _("Open the visit")
    )
    messages.success(request, said)
    return redirect(f"{reverse('desk:day', args=[visit.local_start.date().isoformat()])}?site={visit.site_id}")


def _panel(
    request: SignedInRequest, wanted: Wanted, *, refusal: Refused | None = None, status: int = 200
) -> HttpResponse:
    patient = wanted.patient
    is_closed = patient.is_dead or patient.is_archived
    found = times.find(wanted.service, wanted.when, patient=patient, session=wanted.session, now=wanted.now)
    context = {
        "active": "day",
        "wanted": wanted,
        "patient": patient,
        "service": wanted.service,
        "is_closed": is_closed,
        "needs_clinician_check": RedFlag.objects.open().filter(patient=patient).exists(),
        "services": [each for each in rulebook().services.values() if each.is_enabled],
        "times": found,
        **times.choices(wanted.service),
        "hidden": [
            ("patient", patient.pk),
            ("service", wanted.service.code),
            ("session", wanted.session.pk if wanted.session else ""),
            ("request_key", wanted.request_key),
            *wanted.when.as_query().items(),
        ],
        "later": wanted.address(day=found.day + timedelta(days=LOOK_AHEAD_DAYS)),
        "refusal": refusal,
    }
    return render(request, "appointments/book.html", context, status=status)
