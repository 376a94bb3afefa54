"""The plan as a drawing: where every mark stands. The table beside it says the same in words."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from programs.models import Phase, Plan, PlannedSession

# Units of the drawing, which scales to the width of the page.
LEFT, WIDTH = 190, 1000
HEAD, LANE = 74, 46


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    y: float
    session: PlannedSession


def drawn(plan: Plan, phases: Sequence[Phase], *, today: date) -> dict[str, Any]:
    """Bands for the phases, a lane for each treatment, a mark on the day each session is due, and today."""
    days = max((plan.ends_on - plan.starts_on).days + 1, 1)

    def x(day: date) -> float:
        return round(LEFT + (day - plan.starts_on).days / days * WIDTH, 1)

    sessions = [session for phase in phases for session in phase.sessions.all()]
    lanes = sorted({it.modality for it in sessions}, key=[it.modality for it in sessions].index)
    height = HEAD + LANE * len(lanes)
    # A long program would print one number over another: every week to 13 weeks, then every second or fourth.
    step = 7 * (1 if days <= 91 else 2 if days <= 126 else 4)
    return {
        "view_box": f"0 0 {LEFT + WIDTH + 10} {height + 12}",
        "height": height,
        "bands": [
            {"x": x(it.starts_on), "width": round(((it.ends_on - it.starts_on).days + 1) / days * WIDTH - 3, 1),
             "phase": it, "css": (it.ordinal - 1) % 3 + 1}
            for it in phases
        ],
        "weeks": [
            {"x": round(LEFT + at / days * WIDTH, 1), "number": at // 7 + 1} for at in range(0, plan.weeks * 7, step)
        ],
        "lanes": [
            {"y": HEAD + LANE * row, "middle": HEAD + LANE * row + 24, "modality": it} for row, it in enumerate(lanes)
        ],
        "marks": list(_marks(sessions, lanes, x)),
        "today": x(today) if plan.starts_on <= today <= plan.ends_on else None,
    }  # fmt: skip


def _marks(sessions: Sequence[PlannedSession], lanes: Sequence[str], x: Callable[[date], float]) -> Iterator[Mark]:
    beside: Counter[tuple[str, date]] = Counter()
    for it in sessions:
        # Two of a treatment due on one day stand beside, not on top of, each other.
        shift = 8 + 14 * beside[it.modality, it.due_on]
        beside[it.modality, it.due_on] += 1
        yield Mark(x(it.due_on) + shift, HEAD + LANE * lanes.index(it.modality) + 20, it)
