"""Booking a whole plan: what is proposed and why, other ways, what makes it impossible, and one button."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.appointments.actions import series
from clinic.appointments.actions.series_problem import Asked, NothingToBook, Task, task
from clinic.appointments.models import Appointment
from clinic.appointments.models.roster import Weekday
from clinic.appointments.rules.refusals import SlotTaken
from clinic.appointments.rules.series.answer import Aim, Answer, Impossible, Limit, Placed, Proposal
from clinic.appointments.web import series_drawing, series_query, series_words
from patients.models import Patient
from patients.web.records import open_record
from people.models import Clinic
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.models import Plan, PlannedSession
from programs.rules.rulebook import rulebook

GONE = 409  # somebody was quicker: nothing was saved


@dataclass(frozen=True, slots=True)
class Line:
    """A visit as the list shows it."""

    session: PlannedSession
    placed: Placed
    local_start: datetime
    who: str
    where: str
    why: str
    is_changed: bool
    is_pinned: bool
    breaks: bool  # a rule that should have been kept

    @property
    def pin(self) -> str:
        return f"{self.session.pk}.{self.placed.visit.starts}.{self.placed.visit.clinician_id}"


@needs(Permission.APPOINTMENT_BOOK)
def plan_book(request: SignedInRequest, plan_id: UUID) -> HttpResponse:
    """Everything wished for stands in the address; only the booking itself is posted."""
    plan = get_object_or_404(
        Plan.objects.active().filter(patient__in=Patient.objects.visible_to(request.user)).select_related("patient"),
        pk=plan_id,
    )
    open_record(request, plan.patient_id)
    now = timezone.now()
    asked = series_query.read(request.GET, zone=Clinic.objects.get().zone)
    if request.method == "POST":
        return _booked(request, plan, asked, now)
    try:
        found = task(plan, asked, now=now)
    except NothingToBook as nothing:
        return render(request, "appointments/plan_book.html", _frame(plan, asked) | {"nothing": str(nothing)})
    best, aim = series.propose(found), request.GET.get("aim", "")
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
        visits = series.commit(plan, shown.placed, sessions=sessions, key=key, by=request.user, now=now)
    except SlotTaken:
        return _quicker(request, plan, asked, shown, now)
    except Refused as refusal:
        return _look_again(request, plan, asked, str(refusal), now)
    count = len(visits)
    said = ngettext("%(count)s visit is booked.", "%(count)s visits are booked.", count) % {"count": count}
    messages.success(request, said)
    return redirect("patients:patient", plan.patient_id)


def _quicker(request: SignedInRequest, plan: Plan, asked: Asked, shown: Proposal, now: datetime) -> HttpResponse:
    try:
        found, answer, changed = series.mended(plan, asked, shown, now=now)
    except NothingToBook as nothing:
        return render(request, "appointments/plan_book.html", _frame(plan, asked) | {"nothing": str(nothing)})
    told = _("Somebody was quicker. Nothing was booked yet: what had to change is marked. Look, then book again.")
    return _page(request, found, asked, answer, refusal=told, changed=changed, status=GONE)


def _look_again(request: SignedInRequest, plan: Plan, asked: Asked, why: str, now: datetime) -> HttpResponse:
    try:
        found = task(plan, asked, now=now)
    except NothingToBook as nothing:
        return render(request, "appointments/plan_book.html", _frame(plan, asked) | {"nothing": str(nothing)})
    told = _("%(why)s Nothing was booked.") % {"why": why}
    return _page(request, found, asked, series.propose(found), refusal=told, status=GONE)


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
    context = _frame(found.plan, asked) | {
        "refusal": refusal,
        "sites": found.sites.values() if len(found.sites) > 1 else (),
        "left_out": [found.sessions[pk] for pk in asked.left_out if pk in found.sessions],
        "query": series_query.spelled(asked),
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
    broken = {it.session_id for it in answer.broken}
    lines = [_line(found, it, asked, changed, broken) for it in answer.placed]
    lines.sort(key=lambda line: line.placed.visit.starts)
    return {
        "lines": lines,
        "answer": answer,
        "days": answer.days,
        "last": lines[-1].local_start if lines else None,
        "drawing": series_drawing.drawn([(line.session.modality, line.local_start.date(), line) for line in lines]),
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
        "proposal": series_query.sealed(answer),
        "request_key": uuid4(),
    }


def _line(found: Task, it: Placed, asked: Asked, changed: frozenset[UUID], broken: set[UUID]) -> Line:
    visit = it.visit
    site = found.sites[visit.site_id]
    where = found.resources[visit.room_id].name
    return Line(
        session=found.sessions[it.session_id],
        placed=it,
        local_start=it.starts_at.astimezone(site.zone),
        who=found.resources[visit.clinician_id].name,
        where=f"{where}, {site.name}" if len(found.sites) > 1 else where,
        why=series_words.why(it),
        is_changed=it.session_id in changed,
        is_pinned=it.session_id in asked.pins,
        breaks=it.session_id in broken,
    )


def _impossible(found: Task, asked: Asked, answer: Impossible) -> dict[str, Any]:
    def named(session_id: UUID) -> str:
        return _name(found.sessions[session_id])

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
    return {"in_the_way": series_words.in_the_way(answer, named), "helps": helps}


def _name(session: PlannedSession) -> str:
    services: Mapping[str, Any] = rulebook().services
    name = services[session.modality].name if session.modality in services else session.modality
    return f"{name} {session.ordinal}"


def count_to_book(plan: Plan) -> int:
    """How many sessions of the plan nobody has booked. Two queries."""
    sessions = plan.sessions.standing().filter(is_optional=False)
    booked = Appointment.objects.of_session(sessions).values("session")
    return sessions.exclude(pk__in=booked).count()
