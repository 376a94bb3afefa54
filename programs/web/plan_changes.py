"""Changing a plan: the rules answer while it is typed, and what is saved is a new version."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.models import Patient
from patients.web.records import banner, open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import plan_revising, plan_versions, prescribing
from programs.actions.safety import Contraindicated, HeldByRedFlag
from programs.models import Plan
from programs.rules.rulebook import rulebook
from programs.web import precautions
from programs.web.plan_forms import RevisionForm
from programs.web.plan_words import notice_in_words
from programs.web.plans import has_ended, newest_plan

A_MOMENT = timedelta(seconds=10)


@needs(Permission.PLAN_EDIT)
def revise(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """`?lane=2` asks only for more sessions of the second treatment; without it everything may change.

    A POST with `preview` saves nothing and gives back what the rules say.
    """
    patient = open_record(request, patient_id)
    plan = newest_plan(patient, request.user)
    if plan is None:
        raise Http404
    return _changed(request, patient, plan) if plan.status in Plan.UNFINISHED else has_ended(request, patient)


def _changed(request: SignedInRequest, patient: Patient, plan: Plan) -> HttpResponse:
    lane = request.GET.get("lane", "")
    data = request.POST if request.method == "POST" else None
    form = RevisionForm(
        data, plan=plan, phases=list(plan.phases.all()), advised=plan_versions.advised(plan),
        lane=int(lane) if lane.isdecimal() else None,
    )  # fmt: skip
    context = _context(request, patient, plan, form)
    if request.method == "POST" and "preview" in request.GET:
        return render(request, "programs/plan_revise.html#answers", context | _answers(plan, form))
    if form.is_valid():
        try:
            plan_revising.revise(
                plan, form.wish(), form.at_home(), seen=form.cleaned_data["seen"], why=form.cleaned_data["why"],
                by=request.user, now=timezone.now(),
            )  # fmt: skip
        except plan_revising.PlanChanged as stale:
            if _is_a_second_click(request, plan, form):
                return redirect("programs:plan", patient.pk)
            form.add_error(None, str(stale))
        except Refused as refusal:
            form.add_error(None, str(refusal))
            context["is_unsafe"] = isinstance(refusal, Contraindicated | HeldByRedFlag)
        else:
            messages.success(request, _("The plan is changed. The patient sees what is new."))
            return redirect("programs:plan", patient.pk)
    part = "#form" if request.headers.get("HX-Request") and form.lane and request.method == "GET" else ""
    return render(request, f"programs/plan_revise.html{part}", context | _answers(plan, form))


def _is_a_second_click(request: SignedInRequest, plan: Plan, form: RevisionForm) -> bool:
    """What is refused as stale was saved by this person a moment ago: nobody else changed anything."""
    newest = plan.versions.select_related("by").first()
    return (
        newest is not None
        and (newest.by, newest.why) == (request.user, form.cleaned_data["why"].strip())
        and newest.number == form.cleaned_data["seen"] + 1
        and timezone.now() - newest.at < A_MOMENT
    )


def _context(request: SignedInRequest, patient: Patient, plan: Plan, form: RevisionForm) -> dict[str, Any]:
    shown = banner(patient, request.user, timezone.localdate())
    return shown | {"active": "patients", "plan": plan, "form": form, "lane": form.lane}


def _answers(plan: Plan, form: RevisionForm) -> dict[str, Any]:
    if not form.is_bound or not {"why"} >= form.errors.keys() - {"__all__"}:
        return {}
    try:
        found = plan_revising.outlook(plan, form.wish(), on=timezone.localdate())
    except Refused as refusal:
        return {"answer": str(refusal)}
    return _precautions(plan, form) | {
        "changed": sorted(found.changed, key=lambda it: (it.due_on, it.modality)),
        "notices": [(it, notice_in_words(it)) for it in found.notices],
    }


def _precautions(plan: Plan, form: RevisionForm) -> dict[str, Any]:
    """What must be looked at before the new exercise is given; nothing if none is added."""
    codes = [code for _phase, code in form.at_home().exercises]
    if not codes:
        return {}
    found = prescribing.verdicts(plan.patient, codes, on=timezone.localdate())
    return {
        "cautions": precautions.at_all(found.values()),
        "exercises": [(rulebook().exercises[code], it.status, precautions.warnings(it)) for code, it in found.items()],
    }
