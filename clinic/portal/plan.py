"""My plan: where I am, what comes next, and what to look after."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from clinic.portal import words
from clinic.portal.door import own
from patients.models import Patient
from people.web.guards import SignedInRequest
from programs.models import PlannedSession
from programs.rules.rulebook import rulebook
from programs.web.plans import newest_plan

# After a missed visit the session is due again, so a missed one does not stand for it.
HELD_BY = frozenset(Status) - {Status.CANCELLED, Status.MISSED}
SOON = 6  # how many of the sessions to come are shown at first


@own
def plan(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """The plan in plain words; a plan that has ended stays readable."""
    today = timezone.localdate()
    found = newest_plan(patient, request.user)
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
    context |= {
        "week": found.week_on(today),
        "weeks": range(1, found.weeks + 1),
        "now": next((phase for phase in phases if phase.holds_on(today)), None),
        "phases": [
            {
                "phase": phase,
                "goals": [words.plain(goal) for goal in phase.goals],
                "exercises": [it for it in phase.exercises.all() if it.code in book.exercises],
                "posture": [
                    book.posture_items[it.code] for it in phase.posture_items.all() if it.code in book.posture_items
                ],
            }
            for phase in phases
        ],
        "last_done": done[-1:],
        "soon": coming[:SOON],
        "later": coming[SOON:],
        "template": book.templates.get(found.template_code),
    }
    return render(request, "portal/plan.html", context)


def _step(session: PlannedSession, visit: Appointment | None, today: date) -> dict[str, Any]:
    service = rulebook().services.get(session.modality)
    if visit is not None:
        state = "done" if visit.status == Status.DONE else "booked"
    else:
        state = "due" if session.due_until >= today else "passed"
    return {
        "session": session,
        "visit": visit,
        "name": service.name if service else session.modality,
        "state": state,
        "on": visit.local_start.date() if visit else session.due_from,
    }
