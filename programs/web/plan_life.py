"""Pausing a plan, going on with it, looking at it again, and what it came to."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from patients.models import Patient
from patients.rules.rulebook import rulebook as patients_rulebook
from patients.web.records import banner, open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import checkpoints, plan_known, plan_pauses, plan_templates
from programs.models import Checkpoint, Plan
from programs.rules import criteria
from programs.rules.rulebook import rulebook
from programs.templatetags.programs import service_name
from programs.web import plan_picture, wording
from programs.web.plan_forms import DecisionForm, PauseForm
from programs.web.plans import has_ended, newest_plan


@needs(Permission.PLAN_EDIT)
def pause(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """One switch: nothing of the plan is due until somebody goes on with it."""
    patient, plan = _followed(request, patient_id)
    if plan is None:
        return has_ended(request, patient)
    form = PauseForm(request.POST if request.method == "POST" else None, today=timezone.localdate())
    if form.is_valid():
        try:
            plan_pauses.pause(plan, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The plan is paused. The desk sees which visits are booked meanwhile."))
            return redirect("programs:plan", patient.pk)
    return _page(request, patient, "programs/plan_pause.html", plan=plan, form=form)


@needs(Permission.PLAN_EDIT)
@require_POST
def resume(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """What is left comes later by the length of the pause, and is judged anew."""
    patient, plan = _followed(request, patient_id)
    if plan is None:
        return has_ended(request, patient)
    try:
        held = plan_pauses.resume(plan, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The plan goes on."))
        for it in held:
            words = _("%(name)s is held: it must not be given as things stand. See the safety page.")
            messages.warning(request, words % {"name": service_name(it.treatment.modality)})
    return redirect("programs:plan", patient.pk)


@needs(Permission.PLAN_EDIT)
def look(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Decide how the plan goes on, with the numbers; `?now=1` between two checkpoints."""
    patient, plan = _followed(request, patient_id)
    if plan is None:
        return has_ended(request, patient)
    today = timezone.localdate()
    it = None if "now" in request.GET else plan.checkpoints.undecided().filter(due_on__lte=today).first()
    form = DecisionForm(
        request.POST if request.method == "POST" else None, initial={"seen": it.ordinal if it else None}
    )
    if form.is_valid():
        try:
            _decided(plan, it, form, request)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _onwards(form.cleaned_data["decision"], patient)
    shown = it or Checkpoint(plan=plan, ordinal=0, due_on=today, measures=list(plan_known.COMPARED))
    said = checkpoints.numbers(plan, shown, on=today)
    return _page(
        request, patient, "programs/plan_look.html", plan=plan, form=form, checkpoint=it, said=said,
        measures=patients_rulebook().measures, stops=_stops(plan, patient), template=plan_templates.of_plan(plan),
    )  # fmt: skip


def _decided(plan: Plan, it: Checkpoint | None, form: DecisionForm, request: SignedInRequest) -> None:
    seen = form.cleaned_data["seen"]
    # Somebody else decided since the page was opened: the next checkpoint is not the one that was looked at.
    same = plan.checkpoints.filter(ordinal=seen).first() if seen else it
    checkpoints.decide(
        plan, same, decision=form.cleaned_data["decision"], reason=form.cleaned_data["reason"], by=request.user,
        now=timezone.now(),
    )  # fmt: skip


def _onwards(decision: str, patient: Patient) -> HttpResponse:
    doors = {Checkpoint.Decision.REVISE.value: "programs:revise", Checkpoint.Decision.STOP.value: "programs:stop"}
    return redirect(doors.get(decision, "programs:plan"), patient.pk)


@needs(Permission.RECORD_VIEW)
def summary(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """What the plan came to: what was given, what changed, what was decided, and whether its goals were reached."""
    patient = open_record(request, patient_id)
    plan = newest_plan(patient, request.user)
    if plan is None:
        raise Http404
    last = timezone.localdate(plan.ended_at) if plan.ended_at else timezone.localdate()
    phases = list(plan.phases.all())
    states = plan_picture.given(plan)
    picture = plan_picture.picture(plan, phases, today=last, states=states, knows_visits=False)
    return _page(
        request, patient, "programs/plan_summary.html", plan=plan, last=last, phases=phases,
        given=[row for row in picture["rows"] if row["state"].kind == "done"], pain=picture["pain"],
        ndi=picture["ndi"], home_days=picture["home_days"], decided=plan.checkpoints.exclude(decided_at=None),
        versions=plan.versions.select_related("by"), **_goals(plan, patient, last),
    )  # fmt: skip


def _goals(plan: Plan, patient: Patient, last: Any) -> dict[str, Any]:
    """Reached, not reached, or not known: the scores say so, the clinician judges the rest."""
    template = plan_templates.of_plan(plan)
    if template is None:
        return {"goals": [], "is_reached": None, "template": None}
    known = plan_known.known(patient, on=last, plan=plan)
    asked = dict.fromkeys(it for group in template.discharge_when for it in group)
    return {
        "template": template,
        "goals": [(wording.criterion_in_words(it), criteria.holds(it, known)) for it in asked],
        "is_reached": criteria.reached(template.discharge_when, known),
    }


def _stops(plan: Plan, patient: Patient) -> list[tuple[str, bool | None]]:
    template = plan_templates.of_plan(plan)
    known = plan_known.known(patient, on=timezone.localdate(), plan=plan)
    book = rulebook().stop_criteria
    codes = template.stop_criteria if template else ()
    return [(book[code].text, criteria.holds(book[code].when, known)) for code in codes if code in book]


def _followed(request: SignedInRequest, patient_id: UUID) -> tuple[Patient, Plan | None]:
    """None if the plan has ended; not found if there never was one."""
    patient = open_record(request, patient_id)
    plan = newest_plan(patient, request.user)
    if plan is None:
        raise Http404
    return patient, plan if plan.status in Plan.UNFINISHED else None


def _page(request: SignedInRequest, patient: Patient, name: str, **context: Any) -> HttpResponse:
    shown = banner(patient, request.user, timezone.localdate()) | {"active": "patients"}
    return render(request, name, shown | context)
