"""Booking a whole plan: what is proposed and why, other ways, what makes it impossible, and one button."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.appointments.actions import series
from clinic.appointments.actions.series_problem import Asked, NothingToBook, Task, task
from clinic.appointments.models import Appointment
from clinic.appointments.models.roster import Weekday
from clinic.appointments.rules.refusals import SlotTaken, TooLateToUndo
from clinic.appointments.rules.series.answer import Aim, Answer, Impossible, Limit, Proposal
from clinic.appointments.web import series_drawing, series_lines, series_query, series_words
from patients.models import Patient
from patients.web.records import open_record
from people.models import Clinic
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.models import Plan

GONE = 409  # somebody was quicker: nothing was saved


@needs(Permission.APPOINTMENT_BOOK)
def plan_book(request: SignedInRequest, plan_id: UUID) -> HttpResponse:
    """Everything wished for stands in the address; only the booking itself is posted."""
    plan = _plan(request, plan_id)
    open_record(request, plan.patient_id)
    now = timezone.now()
    asked = series_query.read(request.GET, zone=Clinic.objects.get().zone)
    if request.method == "POST":
        return _booked(request, plan, asked, now)
    try:
        found = task(plan, asked, now=now)
    except NothingToBook as nothing:
        return _nothing(request, plan, asked, nothing)
    best, aim = series.propose(found), request.GET.get("aim", "")
    if isinstance(best, Proposal) and found.ahead and not series.changes(found, best) and not asked.left_out:
        return _nothing(request, plan, asked, NothingToBook())
    if not isinstance(best, Proposal) or not (aim or request.GET.get("ways")):
        return _page(request, found, asked, best)
    ways = [best, *series.other_ways(found, best)]
    chosen = next((it for it in ways if it.aim == aim), best)
    return _page(request, found, asked, chosen, ways=ways)


def _booked(request: SignedInRequest, plan: Plan, asked: Asked, now: datetime) -> HttpResponse:
    shown = series_query.unsealed(request.POST.get("proposal", ""))
    key = series_query.as_id(request.POST.get("request_key"))
    if shown is None or key is None:
        messages.error(request, _("This page was too old. Nothing was booked: look at the visits again."))
        return redirect(request.get_full_path())
    sessions = {it.pk: it for it in plan.sessions.standing().select_related("plan")}
    try:
        done = series.commit(
            plan, shown.proposal.placed, sessions=sessions, stands=shown.stands, key=key, by=request.user, now=now
        )
    except SlotTaken:
        return _quicker(request, plan, asked, shown.proposal, now)
    except Refused as refusal:
        return _look_again(request, plan, asked, str(refusal), now)
    messages.success(request, series_words.done(len(done.booked), len(done.moved)))
    return redirect("appointments:plan_book", plan.pk)


def _quicker(request: SignedInRequest, plan: Plan, asked: Asked, shown: Proposal, now: datetime) -> HttpResponse:
    try:
        found, answer, changed = series.mended(plan, asked, shown, now=now)
    except NothingToBook as nothing:
        return _nothing(request, plan, asked, nothing)
    told = _("Somebody was quicker. Nothing was booked yet: what had to change is marked. Look, then book again.")
    return _page(request, found, asked, answer, refusal=told, changed=changed, status=GONE)


def _look_again(request: SignedInRequest, plan: Plan, asked: Asked, why: str, now: datetime) -> HttpResponse:
    try:
        found = task(plan, asked, now=now)
    except NothingToBook as nothing:
        return _nothing(request, plan, asked, nothing)
    told = _("%(why)s Nothing was booked.") % {"why": why}
    return _page(request, found, asked, series.propose(found), refusal=told, status=GONE)


def _nothing(request: SignedInRequest, plan: Plan, asked: Asked, why: NothingToBook) -> HttpResponse:
    """Every session is seen to: what was done last can be taken back as a whole from here."""
    context = {"nothing": str(why)} | _undoable(request, plan)
    return render(request, "appointments/plan_book.html", _frame(plan, asked) | context)


def _undoable(request: SignedInRequest, plan: Plan) -> dict[str, Any]:
    return {"undoable": series.undoable(plan, by=request.user, now=timezone.now())}


@needs(Permission.APPOINTMENT_BOOK)
@require_POST
def plan_undo(request: SignedInRequest, plan_id: UUID) -> HttpResponse:
    """Take back all that was just done to the plan. What it was done at says which: an old page undoes nothing else."""
    plan = _plan(request, plan_id)
    open_record(request, plan.patient_id)
    at = parse_datetime(request.POST.get("at", ""))
    try:
        if at is None or timezone.is_naive(at):
            raise TooLateToUndo
        undone = series.undo_all(plan, at, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, series_words.undone(len(undone)))
    return redirect("appointments:plan_book", plan.pk)


def _plan(request: SignedInRequest, plan_id: UUID) -> Plan:
    seen = Plan.objects.active().filter(patient__in=Patient.objects.visible_to(request.user))
    return get_object_or_404(seen.select_related("patient"), pk=plan_id)


def _frame(plan: Plan, asked: Asked) -> dict[str, Any]:
    return {
        "active": "patients",
        "plan": plan,
        "patient": plan.patient,
        "wish": series_query.shown(asked),
        "weekdays": Weekday.choices,
        "kept_allowed": series_query.steps(asked),
    }


def _page(
    request: SignedInRequest,
    found: Task,
    asked: Asked,
    answer: Answer,
    *,
    ways: Sequence[Proposal] = (),
    refusal: str = "",
    changed: frozenset[UUID] = frozenset(),
    status: int = 200,
) -> HttpResponse:
    context = _frame(found.plan, asked) | _undoable(request, found.plan)
    context |= {
        "refusal": refusal,
        "sites": found.sites.values() if len(found.sites) > 1 else (),
        "left_out": [
            {"session": found.sessions[pk], "visit": found.ahead.get(pk)}
            for pk in asked.left_out
            if pk in found.sessions
        ],
        "query": series_query.spelled(asked),
        "eased": _eased(found, asked),
    }
    if isinstance(answer, Impossible):
        context |= _impossible(found, asked, answer)
    else:
        context |= _proposed(found, asked, answer, ways, changed)
    part = "#ways" if request.headers.get("HX-Request") and request.GET.get("ways") else ""
    return render(request, f"appointments/plan_book.html{part}", context, status=status)


def _proposed(
    found: Task, asked: Asked, answer: Proposal, ways: Sequence[Proposal], changed: frozenset[UUID]
) -> dict[str, Any]:
    every = series_lines.lines(found, answer, asked, changed)
    lines = [line for line in every if not line.stays]
    return {
        "lines": lines,
        "staying": [line for line in every if line.stays],
        "new": sum(line.is_new for line in lines),
        "moving": sum(line.was is not None for line in lines),
        "is_mending": bool(found.ahead),
        "answer": answer,
        "days": answer.days,
        "last": every[-1].local_start if every else None,
        "drawing": series_drawing.drawn([(line.session.modality, line.local_start.date(), line) for line in every]),
        "ways": [
            {
                "label": series_words.AIMS[it.aim],
                "days": it.days,
                "last": max(placed.visit.day for placed in it.placed),
                "address": "?" + series_query.spelled(asked, **({} if it.aim == Aim.BEST else {"aim": it.aim})),
                "is_chosen": it.aim == answer.aim,
            }
            for it in ways
        ],
        "proposal": series_query.sealed(answer, found.ahead),
        "request_key": uuid4(),
    }


def _eased(found: Task, asked: Asked) -> list[dict[str, str]]:
    """What was allowed beyond the plan and the wishes, each with a way to take it back."""
    named = _namer(found, asked)
    return [
        {
            "words": series_words.step(it, named),
            "address": "?" + series_query.spelled(replace(asked, allowed=tuple(a for a in asked.allowed if a != it))),
        }
        for it in asked.allowed
        if it.session_id is None or named(it.session_id)
    ]


def _namer(found: Task, asked: Asked) -> Callable[[UUID], str]:
    """What a session is called; one that is left out is not in the task any more, but still in the plan."""
    every = dict(found.sessions)
    if any(it.session_id not in every for it in asked.allowed if it.session_id):
        every |= {it.pk: it for it in found.plan.sessions.standing()}
    return lambda pk: series_lines.named(every[pk]) if pk in every else ""


def _impossible(found: Task, asked: Asked, answer: Impossible) -> dict[str, Any]:
    named = _namer(found, asked)
    helps = []
    for it in answer.relaxations:
        needs_clinician = any(step.limit == Limit.OVERRIDE and not step.leaves_out for step in it.steps)
        wider = replace(asked, allowed=(*asked.allowed, *it.steps))
        helps.append(
            {
                "words": "; ".join(series_words.step(step, named) for step in it.steps),
                "address": "" if needs_clinician else "?" + series_query.spelled(wider),
            }
        )
    return {
        "in_the_way": series_words.in_the_way(answer, named),
        "helps": helps,
        "is_proven": answer.is_proven,
        "wanted": len(found.problem.wanted),
    }


def count_to_book(plan: Plan) -> int:
    """How many sessions of the plan nobody has booked. Two queries."""
    sessions = plan.sessions.standing().filter(is_optional=False)
    booked = Appointment.objects.of_session(sessions).values("session")
    return sessions.exclude(pk__in=booked).count()
