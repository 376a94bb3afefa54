"""My plan: where I am, what comes next, and what to look after."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from clinic.appointments.web import plan_cost
from clinic.portal import words
from clinic.portal.door import own
from patients.models import Patient
from patients.web import assessment_glance
from people.web.guards import SignedInRequest
from programs.actions import plan_templates, plan_versions, self_care
from programs.actions.plan_revising import as_slot
from programs.models import Plan, PlannedSession
from programs.rules import notices
from programs.rules.rulebook import rulebook
from programs.web.plan_words import HAPPENS, version_in_words, what_is_left_off
from programs.web.plans import newest_plan, self_care_of

# After a missed visit the session is due again, so a missed one does not stand for it.
HELD_BY = frozenset(Status) - {Status.CANCELLED, Status.MISSED}
SOON = 6  # how many of the sessions to come are shown at first
AHEAD = timedelta(weeks=6)  # what must be left off later than that is told later


@own
def plan(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """The plan in plain words; a plan that has ended stays readable."""
    today = timezone.localdate()
    found = newest_plan(patient, request.user)
    if request.method == "POST":
        return _seen(request, found)
    context: dict[str, Any] = {"active": "plan", "plan": found, "today": today}
    if found is None:
        return render(request, "portal/plan.html", context)
    phases = list(found.phases.all())
    visits = Appointment.objects.visible_to(request.user).filter(session__plan=found, status__in=HELD_BY)
    by_session = {visit.session_id: visit for visit in visits.select_related("site")}
    steps = [_step(session, by_session.get(session.pk), today) for phase in phases for session in phase.sessions.all()]
    steps.sort(key=lambda step: (step["on"], step["name"]))
    done = [step for step in steps if step["state"] == "done"]
    coming = [step for step in steps if step["state"] in {"booked", "due"}]
    book = rulebook()
    now = next((phase for phase in phases if phase.holds_on(today)), None)
    versions = list(found.versions.all())
    context |= {
        "is_paused": found.status == Plan.Status.PAUSED,
        "changed": [(it, version_in_words(it)) for it in versions if it.number > 1 and it.seen_at is None],
        "advice": self_care.advice(
            patient, self_care_of(found, versions[0].contents if versions else {}, now), on=today
        ),
        "week": found.week_on(today),
        "weeks": range(1, found.weeks + 1),
        "now": now,
        "phases": [
            {
                "phase": phase,
                "goals": [words.plain(gettext(goal)) for goal in phase.goals],
                "exercises": [it for it in phase.exercises.all() if it.code in book.exercises],
                "posture": [
                    book.posture_items[it.code] for it in phase.posture_items.all() if it.code in book.posture_items
                ],
            }
            for phase in phases
        ],
        "last_done": done[-1:],
        "soon": coming[:SOON],
        "prepare": list(_prepare(coming, today)),
        "lines": assessment_glance.lines(patient, request.user),
        "later": coming[SOON:],
        "template": plan_templates.of_plan(found),
        **plan_cost.of_patient(patient, on=today),
    }
    return render(request, "portal/plan.html", context)


def _seen(request: SignedInRequest, found: Plan | None) -> HttpResponse:
    """ "I have seen it": what changed since last time is not shown again."""
    if found is None:
        raise Http404
    plan_versions.seen(found, by=request.user, now=timezone.now())
    return redirect("portal:plan")


def _step(session: PlannedSession, visit: Appointment | None, today: date) -> dict[str, Any]:
    service = rulebook().services.get(session.modality)
    if visit is not None:
        state = "done" if visit.status == Status.DONE else "booked"
    else:
        state = "due" if session.due_until >= today else "passed"
    return {
        "session": session,
        "visit": visit,
        # What there is to read before and after this kind of treatment, a page of the visit.
        "is_explained": visit is not None and session.modality in rulebook().modalities,
        "name": gettext(service.name) if service else session.modality,
        "state": state,
        "on": visit.local_start.date() if visit else session.due_from,
    }


def _prepare(coming: Iterable[dict[str, Any]], today: date) -> Iterator[dict[str, Any]]:
    """What must be left off before each session, and from which day: counted from its visit, if it is booked.

    Shown to whoever is signed in and in no message: it tells what is treated.
    """
    book = rulebook()
    for step in coming:
        if step["session"].is_optional and step["visit"] is None:
            continue  # it may never come
        slot = replace(as_slot(step["session"]), due_on=max(step["on"], today))
        for notice in notices.leave_off(slot, rules=book.timing_rules.values(), events=book.timing_events):
            if notice.on > today + AHEAD:
                continue
            yield {
                "step": step,
                "what": what_is_left_off(notice),
                "since": notice.on,
                "has_begun": notice.on <= today,
                "is_illness": notice.other in HAPPENS,
            }
