"""What was done beside what was planned: of one patient, of one visit, of the plan."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from patients.models import Assessment, Patient
from patients.web.records import banner, open_record
from people.models import User
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs
from programs.models import AdverseEvent, Plan, PlannedSession, TreatmentGiven
from programs.models.treatment import TreatmentGivenQuerySet
from programs.web import given_words

A_PAGE = 30


@needs(Permission.RECORD_VIEW)
def of_patient(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Everything that was given, newest first, with what followed from it."""
    patient = open_record(request, patient_id)
    page = Paginator(_given(patient, request.user).order_by("-at", "pk"), A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": given_words.rows(page, _events(page, request.user))}
    return _answer(request, patient, context, "rows")


@needs(Permission.RECORD_VIEW)
def of_visit(request: SignedInRequest, patient_id: UUID, assessment_id: UUID) -> HttpResponse:
    """What was given at one visit. On a visit that planned something else, both."""
    patient = open_record(request, patient_id)
    if not Assessment.objects.visible_to(request.user).filter(patient=patient, pk=assessment_id).exists():
        raise Http404
    found = list(_given(patient, request.user).filter(assessment=assessment_id).order_by("at", "modality"))
    context = {"rows": given_words.rows(found, _events(found, request.user)), "is_one_visit": True}
    return _answer(request, patient, context, "rows")


@needs(Permission.RECORD_VIEW)
def of_plan(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The sessions of the plan she follows, or of the last one, each with what was given at it."""
    patient = open_record(request, patient_id)
    plan = Plan.objects.visible_to(request.user).filter(patient=patient).latest_first().first()
    rows: list[given_words.Row] = []
    if plan is not None:
        done = Prefetch("given", TreatmentGiven.objects.visible_to(request.user).select_related("by", "session"))
        sessions = PlannedSession.objects.standing().filter(plan=plan).prefetch_related(done)
        for session in sessions.order_by("due_on", "modality", "ordinal"):
            rows += [given_words.row(it) for it in session.given.all()] or [given_words.awaited(session)]
    return _answer(request, patient, {"rows": rows, "plan": plan, "is_plan": True}, "rows")


def _given(patient: Patient, user: User) -> TreatmentGivenQuerySet:
    return TreatmentGiven.objects.visible_to(user).filter(patient=patient).select_related("session", "by")


def _events(given: Any, user: User) -> list[AdverseEvent]:
    asked = AdverseEvent.objects.visible_to(user).filter(treatment__in=[it.pk for it in given])
    return list(asked.select_related("by").order_by("noticed_on", "at"))


def _answer(request: SignedInRequest, patient: Patient, context: dict[str, Any], part: str) -> HttpResponse:
    template = "programs/given.html"
    if request.headers.get("HX-Request"):
        return render(request, f"{template}#{part}", {"patient": patient, "is_part": True} | context)
    return render(
        request, template, {"active": "patients", **banner(patient, request.user, timezone.localdate())} | context
    )
