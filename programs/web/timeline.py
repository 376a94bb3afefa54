"""The plan as a drawing: where every mark stands. The table beside it says the same in words."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from programs.actions.plan_revising import as_slot
from programs.models import Checkpoint, Phase, Plan, PlannedSession, PlanPause
from programs.rules import notices
from programs.rules.rulebook import rulebook
from programs.web.plan_words import what_is_left_off

# Units of the drawing, which scales to the width of the page.
LEFT, WIDTH = 190, 1000
LAST = LEFT + WIDTH - 4  # the middle of a mark of the last day, so that it is not cut off
MOST_WEEKS = 104  # of which every fourth has room for its number
LETTER, APART = 7.6, 22  # how wide a letter of a band is; how far apart two numbers over dots must be to be read
HEAD, LANE, BARS, CHART = 74, 52, 66, 104
DONE, BOOKED, MISSED, DUE = "done", "booked", "missed", "due"


@dataclass(frozen=True, slots=True)
class State:
    """What became of a session: `on` the day of its visit, and where more about it stands."""

    kind: str
    on: date
    url: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    y: float
    session: PlannedSession
    state: State


@dataclass(frozen=True, slots=True)
class AtHome:
    """By the number of the week: days with exercises; and every pain score, oldest first."""

    days: Mapping[int, int]
    goal: int
    pain: Sequence[tuple[date, float]]


@dataclass(frozen=True, slots=True)
class Scale:
    """From a day of the plan to its place in the drawing."""

    plan: Plan

    @property
    def days(self) -> int:
        return max((self.plan.ends_on - self.plan.starts_on).days + 1, 1)

    def x(self, day: date) -> float:
        return round(LEFT + max(min((day - self.plan.starts_on).days, self.days), 0) / self.days * WIDTH, 1)

    def width(self, first: date, last: date) -> float:
        return round(max(self.x(last + timedelta(days=1)) - self.x(first), 1), 1)


def drawn(
    plan: Plan,
    phases: Sequence[Phase],
    *,
    today: date,
    states: Mapping[UUID, State],
    pauses: Sequence[PlanPause] = (),
    checkpoints: Sequence[Checkpoint] = (),
    at_home: AtHome | None = None,
) -> dict[str, Any]:
    """Bands for the phases, a lane for each treatment with a mark for each session, reviews, pauses, and today."""
    scale, x = Scale(plan), Scale(plan).x
    sessions = [session for phase in phases for session in phase.sessions.all()]
    lanes = sorted({it.modality for it in sessions}, key=[it.modality for it in sessions].index)
    marks = list(_marks(sessions, lanes, states, x))
    reviews = HEAD + LANE * len(lanes)
    bars = reviews + (LANE if checkpoints else 0)
    chart = bars + (BARS if at_home else 0)
    height = chart + (CHART if at_home and at_home.pain else 0)
    # A long program would print one number over another: every week to 13 weeks, then every second or fourth, and of
    # years fewer still.
    step = 7 * (1 if scale.days <= 91 else 2 if scale.days <= 126 else 4 * -(-plan.weeks // MOST_WEEKS))
    return {
        "view_box": f"0 0 {LEFT + WIDTH + 10} {height + 12}",
        "height": height,
        "bands": [
            {"x": x(it.starts_on), "width": max(scale.width(it.starts_on, it.ends_on) - 3, 1), "phase": it,
             "css": (it.ordinal - 1) % 3 + 1,
             "label": _fitting(f"{it.ordinal} {it.name}", scale.width(it.starts_on, it.ends_on))}
            for it in phases
        ],
        "weeks": [
            {"x": round(LEFT + at / scale.days * WIDTH, 1), "number": at // 7 + 1}
            for at in range(0, plan.weeks * 7, step)
        ],
        "lanes": [
            {"y": HEAD + LANE * row, "middle": HEAD + LANE * row + 22, "modality": it,
             "done": sum(mark.state.kind == DONE for mark in marks if mark.session.modality == it),
             "of": sum(mark.session.modality == it for mark in marks)}
            for row, it in enumerate(lanes)
        ],
        "marks": marks,
        "waits": list(_waits(marks, lanes, scale)),
        "pauses": [
            {"x": x(it.since), "width": scale.width(it.since, it.resumed_on or today), "it": it} for it in pauses
        ],
        "reviews": {"y": reviews, "middle": reviews + 26,
                    "marks": [{"x": min(x(it.due_on) + 8, LAST), "y": reviews + 24, "it": it} for it in checkpoints]},
        "home": _bars(at_home, plan, scale, today=today, top=bars) if at_home else None,
        "chart": _chart(at_home, scale, top=chart) if at_home and at_home.pain else None,
        "today": x(today) if plan.starts_on <= today <= plan.ends_on else None,
    }  # fmt: skip


def _marks(
    sessions: Sequence[PlannedSession], lanes: Sequence[str], states: Mapping[UUID, State], x: Callable[[date], float]
) -> Iterator[Mark]:
    beside: Counter[tuple[str, date]] = Counter()
    for it in sessions:
        state = states.get(it.pk) or State(DUE, it.due_on)
        # Two of a treatment on one day stand beside, not on top of, each other.
        shift = 8 + 14 * beside[it.modality, state.on]
        beside[it.modality, state.on] += 1
        yield Mark(min(x(state.on) + shift, LAST), HEAD + LANE * lanes.index(it.modality) + 20, it, state)


def _waits(marks: Sequence[Mark], lanes: Sequence[str], scale: Scale) -> Iterator[dict[str, Any]]:
    """A bar before a session that something must be left off for; the longest one is enough to look at."""
    book = rulebook()
    for mark in marks:
        if mark.state.kind in {DONE, MISSED}:
            continue
        told = notices.leave_off(as_slot(mark.session), rules=book.timing_rules.values(), events=("med_nsaid",))
        for it in told[:1]:
            days = (mark.session.due_on - it.on).days
            first = mark.state.on - timedelta(days=days)
            yield {
                "x": scale.x(first), "width": max(mark.x - 11 - scale.x(first), 1), "y": mark.y - 8, "days": days,
                "what": what_is_left_off(it), "session": mark.session, "from": first,
            }  # fmt: skip


def _bars(at_home: AtHome, plan: Plan, scale: Scale, *, today: date, top: int) -> dict[str, Any]:
    base, unit = top + BARS - 8, 6
    width = round(7 / scale.days * WIDTH * 0.5, 1)
    this_week = (today - plan.starts_on).days // 7
    return {
        "y": top, "middle": top + 34, "base": base, "goal": at_home.goal, "goal_y": base - at_home.goal * unit,
        "bars": [
            {"x": round(scale.x(plan.starts_on + timedelta(days=week * 7)) + width / 2, 1), "width": width,
             "y": base - days * unit, "height": days * unit, "days": days, "week": week + 1,
             "is_part": week == this_week, "middle": round(width, 1)}
            for week, days in sorted(at_home.days.items())
        ],
    }  # fmt: skip


def _chart(at_home: AtHome, scale: Scale, *, top: int) -> dict[str, Any]:
    base, unit = top + CHART - 12, 8
    dots: list[dict[str, Any]] = [
        {"x": scale.x(day) + 8, "y": base - value * unit, "value": value, "on": day} for day, value in at_home.pain
    ]
    # The last one is always told; of those that stand close together the first.
    told = dots[-1]["x"] + 2 * APART
    for dot in dots:
        dot["is_told"] = dot is dots[-1] or (abs(dot["x"] - told) >= APART and dots[-1]["x"] - dot["x"] >= APART)
        told = dot["x"] if dot["is_told"] else told
    return {
        "y": top, "middle": top + 20, "base": base, "half": base - 5 * unit, "most": base - 10 * unit,
        "goal_y": base - 3 * unit, "goal_height": 3 * unit, "dots": dots,
        "path": "M" + "L".join(f"{dot['x']:g} {dot['y']:g}" for dot in dots),
    }  # fmt: skip


def _fitting(words: str, width: float) -> str:
    """As much of the words as there is room for."""
    room = max(int((width - 16) / LETTER), 1)
    return words if len(words) <= room else f"{words[: room - 1].rstrip()}…"
