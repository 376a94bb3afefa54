"""My plan: where I am, what comes next, and what to look after."""

from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from clinic.appointments.web import plan_cost
from clinic.portal import words
from clinic.portal.door import own
from patients.models import Patient
from people.web.guards import SignedInRequest
from programs.actions import plan_templates, plan_versions, self_care
from programs.models import Plan, PlannedSession
from programs.rules.rulebook import rulebook
from programs.web.plan_words import version_in_words
from programs.web.plans import newest_plan, self_care_of

# After a missed visit the session is due again, so a missed one does not stand for it.
HELD_BY = frozenset(Status) - {Status.CANCELLED, Status.MISSED}
SOON = 6  # how many of the sessions to come are shown at first


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
        "name": service.name if service else session.modality,
        "state": state,
        "on": visit.local_start.date() if visit else session.due_from,
    }
