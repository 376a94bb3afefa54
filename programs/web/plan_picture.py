"""The four numbers, the drawing and the table of a plan; with its visits when the appointment book tells them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from programs.actions import plan_known
from programs.actions.plan_revising import as_slot
from programs.models import ExerciseDone, Phase, Plan, PlannedSession, TreatmentGiven
from programs.rules import notices
from programs.rules.rulebook import rulebook
from programs.templatetags.programs import dosage_of
from programs.web import timeline
from programs.web.plan_words import notice_in_words
from programs.web.timeline import BOOKED, DONE, DUE, MISSED, AtHome, State

SOON = 4  # sessions shown under "Due next"


def given(plan: Plan) -> dict[UUID, State]:
    """What this house knows itself: the sessions that were given. One query."""
    rows = TreatmentGiven.objects.filter(session__plan=plan, was_skipped=False).values_list("session_id", "at__date")
    return {session: State(DONE, day) for session, day in rows if session}


def picture(
    plan: Plan, phases: Sequence[Phase], *, today: date, states: Mapping[UUID, State], knows_visits: bool
) -> dict[str, Any]:
    """Everything `programs/plan_picture.html` prints. Five queries, however long the plan.

    `knows_visits`: `states` come from the book, so a session without one is known not to be booked.
    """
    sessions = sorted((it for phase in phases for it in phase.sessions.all()), key=lambda it: (it.due_on, it.ordinal))
    kinds = {it.pk: states[it.pk].kind if it.pk in states else DUE for it in sessions}
    rows = plan_known.outcomes_of(plan.patient)
    done_on = list(ExerciseDone.objects.filter(exercise__plan=plan).values_list("on", flat=True).distinct())
    pain = [
        (it.on, it.values["current"]) for it in rows if it.measure == "nprs" and it.values.get("current") is not None
    ]
    goal = max((dosage_of(it).days_per_week for phase in phases for it in phase.exercises.all()), default=0)
    at_home = AtHome(_by_week(plan, done_on), goal, [it for it in pain if plan.starts_on <= it[0] <= plan.ends_on])
    asked_for = sessions if plan.is_active else []  # paused or ended: nothing of it is due
    due_next = [it for it in asked_for if kinds[it.pk] in {DUE, MISSED} and it.due_until >= today][:SOON]
    last = plan.ended_at.date() if plan.ended_at else today
    return {
        "knows_visits": knows_visits,
        "pain": plan_known.compared(rows, "nprs", since=plan.starts_on, on=last),
        "ndi": plan_known.compared(rows, "ndi", since=plan.starts_on, on=last),
        "home_days": len(done_on),
        "home_of": max((min(last, plan.ends_on) - plan.starts_on).days + 1, 0),
        "home_goal": goal,
        "visits": {kind: sum(it == kind for it in kinds.values()) for kind in (DONE, BOOKED, MISSED, DUE)},
        "visits_of": len(sessions),
        "rows": [{"session": it, "state": states.get(it.pk) or State(DUE, it.due_on)} for it in sessions],
        "due_next": due_next,
        "notices": _leave_off(due_next),
        "timeline": timeline.drawn(
            plan, phases, today=today, states=states, pauses=list(plan.pauses.all()),
            checkpoints=list(plan.checkpoints.all()), at_home=at_home,
        ),
    }  # fmt: skip


def _leave_off(sessions: Sequence[PlannedSession]) -> list[str]:
    """ "PRP 1: no ibuprofen from 28 September", for what is due next."""
    book = rulebook()
    told = [
        notice
        for it in sessions
        for notice in notices.leave_off(as_slot(it), rules=book.timing_rules.values(), events=book.timing_events)
    ]
    return [notice_in_words(it) for it in told]


def _by_week(plan: Plan, days: Sequence[date]) -> dict[int, int]:
    found: dict[int, set[date]] = defaultdict(set)
    for day in days:
        if plan.starts_on <= day <= plan.ends_on:
            found[(day - plan.starts_on) // timedelta(days=7)].add(day)
    return {week: len(each) for week, each in found.items()}
