"""All visits of one patient: a page of its own, and a part of the patient's page."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.appointments.models import Appointment
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs
from programs.models import PlannedSession

PAST = 20  # visits on a page
LAST_PAGE = 400


@needs(Permission.APPOINTMENT_VIEW)
def patient_visits(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """What is to come, what the plan still asks for, and what was."""
    patient = open_record(request, patient_id)
    now = timezone.now()
    visits = Appointment.objects.visible_to(request.user).for_board().filter(patient=patient)
    sessions = PlannedSession.objects.visible_to(request.user).of_active_plans().filter(plan__patient=patient)
    booked = Appointment.objects.of_session(sessions).values("session")
    page = _page(request.GET.get("page", ""))
    past = list(visits.filter(starts_at__lt=now).order_by("-starts_at")[(page - 1) * PAST : page * PAST + 1])
    context = {
        "active": "patients",
        "patient": patient,
        "coming": visits.filter(starts_at__gte=now),
        "past": past[:PAST],
        "next_page": page + 1 if len(past) > PAST else None,
        "due": sessions.exclude(pk__in=booked).filter(due_until__gte=timezone.localdate(now)),
        "followed": sessions.values_list("plan_id", flat=True).first(),
        "may_be_booked": not patient.is_dead and not patient.is_archived,
    }
    part = "appointments/patient_visits.html#visits"
    return render(request, part if request.headers.get("HX-Request") else "appointments/patient_visits.html", context)


def _page(text: str) -> int:
    return min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdigit() else 1
