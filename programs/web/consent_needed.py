"""Which signatures a treatment still needs, as a part of other pages."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from patients.actions import consents
from patients.rules.consent_texts import id_of
from patients.web.records import banner, open_record
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs
from programs.models import Plan
from programs.rules.rulebook import rulebook


@needs(Permission.RECORD_VIEW)
def visit_consents(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """For `?modality=` (once or more), else for the plan she follows. One question, however many treatments."""
    patient, today = open_record(request, patient_id), timezone.localdate()
    treatments = rulebook().modalities
    asked = [it for it in request.GET.getlist("modality") if it in treatments]
    if not asked:
        plan = Plan.objects.visible_to(request.user).active().filter(patient=patient).first()
        planned = set(plan.sessions.values_list("modality", flat=True)) if plan else set()
        asked = [code for code in treatments if code in planned]
    lacking = consents.missing_of(patient, [code for it in asked for code in treatments[it].consents], on=today)
    codes = {it.code for it in lacking}
    rows = [(treatments[it], codes.isdisjoint(treatments[it].consents)) for it in asked]
    context: dict[str, Any] = {
        "rows": rows,
        "missing": [(it, id_of(it)) for it in lacking],
        "is_fragment": bool(request.headers.get("HX-Request")),
        **banner(patient, request.user, today),
        "active": "patients",
    }
    template = "programs/consents_needed.html"
    return render(request, f"{template}#needed" if context["is_fragment"] else template, context)
