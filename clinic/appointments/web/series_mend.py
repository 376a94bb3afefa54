"""Every plan that no longer holds, mended together: the effect for each patient, ticked and done one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.appointments.actions import series, series_affected
from clinic.appointments.actions.series_affected import Affected, Wrong
from clinic.appointments.actions.series_course import Course
from clinic.appointments.actions.series_problem import Asked, tasks
from clinic.appointments.rules.series.answer import Proposal
from clinic.appointments.web import series_lines, series_query, series_words
from clinic.appointments.web.series_lines import Line
from patients.models import Patient
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.models import Plan

MENDING = Asked(only_mending=True)


@dataclass(frozen=True, slots=True)
class Effect:
    """What would change for one patient; without `lines` their plan cannot be mended by itself."""

    plan: Plan
    why: Sequence[str]
    lines: Sequence[Line] = ()
    staying: int = 0
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What was done for one patient, or why nothing was."""

    plan: Plan
    words: str
    is_done: bool


@needs(Permission.APPOINTMENT_BOOK)
def mend(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    reports = _done(request, now) if request.method == "POST" else []
    found = series_affected.affected(request.user, now=now)
    shown = found[: series_affected.MOST_PLANS]
    context = {
        "active": "tasks",
        "effects": _effects(shown, now),
        "more": len(found) - len(shown),
        "reports": reports,
        "request_key": uuid4(),
    }
    return render(request, "appointments/mend.html", context)


@needs(Permission.APPOINTMENT_BOOK)
def mend_hint(request: SignedInRequest, plan_id: UUID) -> HttpResponse:
    """Part of the pages about a visit and a patient: a way to mend the plan, if there is something to mend."""
    treated = Patient.objects.visible_to(request.user).filter(archived_at=None, died_on=None)
    plan = Plan.objects.active().filter(pk=plan_id, patient__in=treated).select_related("patient").first()
    if plan is None:
        raise Http404
    open_record(request, plan.patient_id)
    found = series_affected.of_plans([plan], now=timezone.now())
    wrong = [(it.course, pk, why) for it in found for pk, why in it.wrong.items()]
    words = [f"{_named(course, pk)}: {why.label}" for course, pk, why in wrong]
    part = "#hint" if request.headers.get("HX-Request") else ""
    return render(request, f"appointments/mend_hint.html{part}", {"active": "patients", "plan": plan, "wrong": words})


def _effects(found: Sequence[Affected], now: datetime) -> list[Effect]:
    """Over one and the same free time, so that nothing is promised twice."""
    # What a clinician must look at first is not searched for: no day would do.
    solvable = [it.plan for it in found if Wrong.FORBIDDEN not in it.wrong.values()]
    ready = tasks(solvable, MENDING, now=now) if solvable else []
    answers = dict(zip([it.plan.pk for it in ready], series.propose_all(ready), strict=True))
    by_plan = {it.plan.pk: it for it in ready}
    effects = []
    for it in found:
        why = [f"{_named(it.course, pk)}: {wrong.label}" for pk, wrong in it.wrong.items()]
        answer = answers.get(it.plan.pk)
        if not isinstance(answer, Proposal):
            effects.append(Effect(it.plan, why))
            continue
        task = by_plan[it.plan.pk]
        every = series_lines.lines(task, answer, MENDING)
        changing = [line for line in every if not line.stays]
        sealed = series_query.sealed(answer, task.ahead)
        effects.append(Effect(it.plan, why, changing, len(every) - len(changing), sealed))
    return effects


def _named(course: Course, session_id: UUID) -> str:
    return next(series_lines.named(it) for it in course.sessions if it.pk == session_id)


def _done(request: SignedInRequest, now: datetime) -> list[Report]:
    """Each patient in a transaction of their own: what cannot be done for one is done for the others."""
    key = series_query.as_id(request.POST.get("request_key"))
    ticked = [pk for text in request.POST.getlist("plan") if (pk := series_query.as_id(text))]
    plans = Plan.objects.active().filter(pk__in=ticked, patient__in=Patient.objects.visible_to(request.user))
    reports: dict[UUID, Report] = {}
    every = list(plans.select_related("patient").order_by("patient__family_name", "pk"))
    # Once more for those who get the time that a later one gives back.
    for plan in [*every, *every]:
        if plan.pk in reports and reports[plan.pk].is_done:
            continue
        shown = series_query.unsealed(request.POST.get(f"proposal.{plan.pk}", ""))
        if shown is None or key is None:
            continue
        sessions = {it.pk: it for it in plan.sessions.standing().select_related("plan")}
        try:
            done = series.commit(
                plan, shown.proposal.placed, sessions=sessions, stands=shown.stands, key=key, by=request.user, now=now
            )
        except Refused as refusal:
            reports[plan.pk] = Report(plan, str(refusal), is_done=False)
        else:
            reports[plan.pk] = Report(plan, series_words.done(len(done.booked), len(done.moved)), is_done=True)
    return list(reports.values())
