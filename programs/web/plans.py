"""A patient's plan on one page, and the end of it."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.models import Patient
from patients.web.records import banner, open_record
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import checkpoints, plan_templates, plans, self_care
from programs.models import Phase, Plan, PlanExercise, PlannedSession
from programs.rules.rulebook import rulebook
from programs.web import plan_picture, plan_words
from programs.web.forms import StopForm


@needs(Permission.RECORD_VIEW)
def plan(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Phases, sessions and when they are due, exercises and how they go; bookings come from their own house."""
    patient = open_record(request, patient_id)
    today = timezone.localdate()
    found = newest_plan(patient, request.user)
    context = banner(patient, request.user, today) | {"active": "patients", "plan": found}
    if found is not None:
        context |= _contents(found, patient, today)
    return render(request, "programs/plan.html", context)


@needs(Permission.PLAN_EDIT)
def stop(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """End the plan the patient follows, with the reason."""
    patient = open_record(request, patient_id)
    found = newest_plan(patient, request.user)
    if found is None:
        raise Http404
    if found.status not in Plan.UNFINISHED:
        return has_ended(request, patient)
    form = StopForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            plans.stop(found, by=request.user, now=timezone.now(), reason=form.cleaned_data["reason"])
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The plan has ended. The desk sees which of its visits are still booked."))
            return redirect("programs:plan", patient.pk)
    context = banner(patient, request.user, timezone.localdate())
    return render(request, "programs/stop.html", context | {"active": "patients", "plan": found, "form": form})


def has_ended(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """The answer to a second click, and to a page that was open when somebody else ended the plan."""
    messages.info(request, _("This plan has already ended."))
    return redirect("programs:plan", patient.pk)


def newest_plan(patient: Patient, user: User) -> Plan | None:
    """The plan the patient follows, else the last one, with everything a page shows of it in five queries."""
    phases = Phase.objects.prefetch_related(
        Prefetch("sessions", PlannedSession.objects.standing()),
        Prefetch("exercises", PlanExercise.objects.standing().select_related("phase", "plan")),
        "posture_items",
    )
    found = Plan.objects.visible_to(user).filter(patient=patient).prefetch_related(Prefetch("phases", phases))
    newest = found.latest_first().first()
    if newest is not None:
        newest.patient = patient
    return newest


def self_care_of(found: Plan, contents: dict[str, Any], phase: Phase | None) -> list[str]:
    """The codes of what the patient may do alone in that phase, of all phases where none holds."""
    told: dict[str, list[str]] = contents.get("self_care", {})
    return told.get(phase.code, []) if phase else [code for codes in told.values() for code in codes]


def _contents(found: Plan, patient: Patient, today: date) -> dict[str, Any]:
    phases = list(found.phases.all())
    posture = rulebook().posture_items
    versions = list(found.versions.select_related("by"))
    now = next((phase for phase in phases if phase.holds_on(today)), None)
    states = plan_picture.given(found)
    picture = plan_picture.picture(found, phases, today=today, states=states, knows_visits=False)
    return picture | {
        "week": found.week_on(today),
        "now": now,
        "paused": next((it for it in found.pauses.all() if it.resumed_at is None), None),
        "waiting": checkpoints.waiting(found, on=today) if found.is_active else None,
        "next_look": found.checkpoints.undecided().filter(due_on__gte=today).first(),
        "phases": [
            {
                "phase": phase,
                "sessions": list(phase.sessions.all()),
                "exercises": list(phase.exercises.all()),
                "posture": [posture[it.code] for it in phase.posture_items.all() if it.code in posture],
            }
            for phase in phases
        ],
        "advice": self_care.advice(
            patient, self_care_of(found, versions[0].contents if versions else {}, now), on=today
        ),
        "versions": [(it, plan_words.version_in_words(it)) for it in versions],
        "template": plan_templates.of_plan(found),
        "can_stop": found.status in Plan.UNFINISHED,
    }
