"""A patient's plan on one page, and the end of it."""

from collections import Counter
from datetime import date, timedelta
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
from programs.actions import plans
from programs.models import ExerciseDone, Phase, Plan, PlanExercise
from programs.rules.rulebook import rulebook
from programs.web import timeline
from programs.web.forms import StopForm

TWO_WEEKS = timedelta(days=14)


@needs(Permission.RECORD_VIEW)
def plan(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Phases, sessions and when they are due, exercises and how they go; bookings come from their own house."""
    patient = open_record(request, patient_id)
    today = timezone.localdate()
    found = newest_plan(patient, request.user)
    context = banner(patient, request.user, today) | {"active": "patients", "plan": found}
    if found is not None:
        context |= _contents(found, today)
    return render(request, "programs/plan.html", context)


@needs(Permission.PLAN_EDIT)
def stop(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """End the plan the patient follows, with the reason."""
    patient = open_record(request, patient_id)
    found = Plan.objects.visible_to(request.user).active().filter(patient=patient).first()
    if found is None:
        raise Http404
    form = StopForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            plans.stop(found, by=request.user, now=timezone.now(), reason=form.cleaned_data["reason"])
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("The plan has ended. Visits that are booked stay booked: cancel them one by one.")
            )
            return redirect("programs:plan", patient.pk)
    context = banner(patient, request.user, timezone.localdate())
    return render(request, "programs/stop.html", context | {"active": "patients", "plan": found, "form": form})


def newest_plan(patient: Patient, user: User) -> Plan | None:
    """The plan the patient follows, else the last one, with everything a page shows of it in five queries."""
    phases = Phase.objects.prefetch_related("sessions", "exercises", "posture_items")
    found = Plan.objects.visible_to(user).filter(patient=patient).prefetch_related(Prefetch("phases", phases))
    # "active" sorts before "completed" and "stopped".
    return found.order_by("status", "-starts_on").first()


def _contents(found: Plan, today: date) -> dict[str, Any]:
    done = list(
        ExerciseDone.objects.filter(exercise__plan=found, on__gt=today - TWO_WEEKS, on__lte=today).values_list(
            "exercise_id", "on"
        )
    )
    times = Counter(exercise for exercise, _day in done)
    phases = list(found.phases.all())
    posture = rulebook().posture_items
    return {
        "week": found.week_on(today),
        "now": next((phase for phase in phases if phase.holds_on(today)), None),
        "phases": [
            {
                "phase": phase,
                "sessions": list(phase.sessions.all()),
                "exercises": [{"it": it, "done": times[it.pk]} for it in phase.exercises.all()],
                "posture": [posture[it.code] for it in phase.posture_items.all() if it.code in posture],
            }
            for phase in phases
        ],
        "days": [
            _day(phases, Counter(on for _it, on in done), today - timedelta(days=back)) for back in range(13, -1, -1)
        ],
        "active_days": {
            "seven": len({on for _it, on in done if on > today - timedelta(days=7)}),
            "fourteen": len({on for _it, on in done}),
        },
        "template": rulebook().templates.get(found.template_code),
        "timeline": timeline.drawn(found, phases, today=today),
        "can_stop": found.is_active,
    }


def _day(phases: list[Phase], done: Counter[date], day: date) -> dict[str, Any]:
    exercises: list[PlanExercise] = [it for phase in phases if phase.holds_on(day) for it in phase.exercises.all()]
    return {"day": day, "done": done[day], "of": len(exercises)}
