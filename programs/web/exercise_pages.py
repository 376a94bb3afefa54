"""The exercises of one patient: what is asked for, how it goes, and the next dose to confirm."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from patients.models import Patient
from patients.web.records import banner, open_record
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import done_at_home, doses
from programs.models import DoseChange, Plan, PlanExercise
from programs.rules import adherence, next_dose
from programs.rules.rulebook import rulebook
from programs.rules.usual import dosage_of
from programs.web import exercise_days

TWO_WEEKS = timedelta(weeks=2)


@needs(Permission.RECORD_VIEW)
def exercises(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The set of today, the next doses that follow from the reports, the calendar."""
    patient = open_record(request, patient_id)
    return render(request, "programs/exercises.html", _page(request, patient))


@needs(Permission.RECORD_VIEW)
def days(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The calendar of one month; for htmx the calendar alone, so that the visit and the plan can show it."""
    patient = open_record(request, patient_id)
    today = timezone.localdate()
    plan = newest(patient, request.user)
    context = {"calendar": calendar(plan, request.GET.get("month", ""), today=today), "plan": plan}
    if request.headers.get("HX-Request"):
        return render(request, "programs/exercise_days.html#days", context | {"patient": patient, "today": today})
    return render(request, "programs/exercise_days.html", context | banner(patient, request.user, today) | _ACTIVE)


@needs(Permission.PLAN_EDIT)
@require_POST
def dose(request: SignedInRequest, patient_id: UUID, exercise_id: UUID) -> HttpResponse:
    """Confirm or decline the next dose of an exercise."""
    patient = open_record(request, patient_id)
    mine = DoseChange.objects.filter(
        exercise__plan__in=Plan.objects.visible_to(request.user).filter(patient=patient), exercise=exercise_id
    )
    change = mine.select_related("exercise").order_by("-proposed_at").first()
    if change is None:
        raise Http404
    decide, said = (
        (doses.confirm, _("The next dose counts from now on."))
        if request.POST.get("do") == "confirm"
        else (doses.decline, _("The dose stays as it is."))
    )
    try:
        decide(change, by=request.user, now=timezone.now())
    except Refused as refusal:
        return render(request, "programs/exercises.html", _page(request, patient) | {"refusal": str(refusal)})
    messages.success(request, said)
    if request.POST.get("next") == "worklist":
        return redirect("programs:worklist")
    return redirect("programs:exercises", patient.pk)


def newest(patient: Patient, user: User) -> Plan | None:
    """The plan the patient follows, else the last one."""
    return Plan.objects.visible_to(user).filter(patient=patient).latest_first().first()


def calendar(plan: Plan | None, asked: str, *, today: date) -> exercise_days.Month | None:
    return exercise_days.month(plan, exercise_days.month_of(asked, today=today), today=today) if plan else None


def change_words(change: DoseChange) -> dict[str, Any]:
    """What is proposed, why, and from which dose to which, in words."""
    names = rulebook().exercises
    code = change.becomes.get("exercise", change.exercise.code)
    return {
        "change": change,
        "name": names[change.exercise.code].name if change.exercise.code in names else change.exercise.code,
        "becomes_name": names[code].name if code in names and code != change.exercise.code else "",
        "because": next_dose.BECAUSE.get(change.because, change.because),
        "was": dosage_of(change.exercise.code, change.was).dose_in_words(),
        "becomes": dosage_of(code, change.becomes).dose_in_words(),
    }


_ACTIVE = {"active": "patients"}


def _page(request: SignedInRequest, patient: Patient) -> dict[str, Any]:
    today = timezone.localdate()
    context = banner(patient, request.user, today) | _ACTIVE
    plan = newest(patient, request.user)
    if plan is None:
        return context | {"plan": None}
    rows = PlanExercise.objects.filter(plan=plan)
    phase = plan.phases.filter(ends_on__gte=today).order_by("ordinal").first() if plan.is_active else None
    waiting = DoseChange.objects.filter(exercise__in=rows.standing(), decided_at=None).select_related("exercise")
    since = adherence.monday_of(today) - TWO_WEEKS
    found = done_at_home.of_plans([plan], since=since, today=today)[plan.pk]
    return context | {
        "plan": plan,
        "phase": phase,
        "rows": list(rows.standing().filter(phase=phase)) if phase else [],
        "changes": [change_words(it) for it in waiting],
        "score": done_at_home.percent(found),
        "active_days": sum(it.done > 0 for it in found[-7:]),
        "calendar": calendar(plan, "", today=today),
    }
