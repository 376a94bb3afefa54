"""What the book knows of a plan: its sessions with their visits, and the visits that no longer fit it."""

from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import TruncDate
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from patients.web.records import banner, open_record
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs
from programs.models import Plan
from programs.web import plan_picture
from programs.web.plans import newest_plan
from programs.web.timeline import BOOKED, DONE, MISSED, State

MOST = 100  # lines of the desk's list


@needs(Permission.RECORD_VIEW)
def plan_visits(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The numbers, the drawing and the table of a plan, with what is booked: a page, and a part of the plan's page."""
    patient = open_record(request, patient_id)
    today = timezone.localdate()
    plan = newest_plan(patient, request.user)
    if plan is None:
        raise Http404
    visits = Appointment.objects.visible_to(request.user).filter(session__plan=plan).exclude(status=Status.CANCELLED)
    states = plan_picture.given(plan)
    # A missed visit first: the one that was booked anew for the same session takes its place.
    for visit in sorted(visits.select_related("site"), key=lambda it: (it.status != Status.MISSED, it.starts_at)):
        kind = {Status.DONE: DONE, Status.MISSED: MISSED}.get(Status(visit.status), BOOKED)
        if visit.session_id:
            states[visit.session_id] = State(
                kind, visit.local_start.date(), reverse("appointments:visit", args=[visit.pk])
            )
    picture = plan_picture.picture(plan, list(plan.phases.all()), today=today, states=states, knows_visits=True)
    name = "programs/plan_picture.html" if request.headers.get("HX-Request") else "appointments/plan_visits.html"
    return render(request, name, banner(patient, request.user, today) | {"active": "patients", "plan": plan} | picture)


@needs(Permission.APPOINTMENT_VIEW)
def plan_unsettled(request: SignedInRequest) -> HttpResponse:
    """Every coming visit that its plan no longer asks for: paused, ended, left out, or outside its days."""
    now = timezone.now()
    rows = list(
        Appointment.objects.visible_to(request.user)
        .for_board()
        .standing()
        .filter(starts_at__gte=now, session__isnull=False)
        .exclude(status__in=[Status.CANCELLED, Status.MISSED, Status.DONE])
        .annotate(day=TruncDate("starts_at"))
        .filter(
            Q(session__dropped_in__isnull=False)
            | ~Q(session__plan__status=Plan.Status.ACTIVE)
            | Q(day__lt=F("session__due_from"))
            | Q(day__gt=F("session__due_until"))
        )
        .select_related("session__plan", "patient", "clinician", "site")
        .order_by("starts_at")[:MOST]
    )
    lines = [{"visit": it, "why": _why(it)} for it in rows]
    return render(request, "appointments/plan_unsettled.html", {"active": "tasks", "lines": lines, "most": MOST})


def _why(visit: Appointment) -> str:
    # The desk learns that the plan changed, never why.
    session = visit.session
    if session is None:
        return ""
    if session.dropped_in is not None:
        return _("No longer asked for")
    if session.plan.status == Plan.Status.PAUSED:
        return _("The plan is paused")
    return _("Not on the days the plan asks for") if session.plan.is_active else _("The plan has ended")
