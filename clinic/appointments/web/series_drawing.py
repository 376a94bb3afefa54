"""A proposed plan as a drawing: a lane for each treatment, a mark for each visit. The list says the same in words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

# Units of the drawing, which scales to the width of the page.
LEFT, WIDTH, HEAD, LANE = 190, 1000, 42, 46
MOST_WEEKS = 13  # that are all named; of more every second or fourth, of years fewer still


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    y: float
    line: Any


def drawn(visits: Sequence[tuple[str, date, Any]]) -> dict[str, Any] | None:
    """`visits`: treatment, day, and what the mark stands for. None without any."""
    if not visits:
        return None
    days = [day for _lane, day, _line in visits]
    first = min(days) - timedelta(days=min(days).weekday())  # weeks begin on Monday
    weeks = (max(days) - first).days // 7 + 1
    lanes = list(dict.fromkeys(lane for lane, _day, _line in visits))

    def x(day: date) -> float:
        return round(LEFT + (day - first).days / (weeks * 7) * WIDTH, 1)

    step = 1 if weeks <= MOST_WEEKS else 2 if weeks <= 2 * MOST_WEEKS else 4 * -(-weeks // (4 * MOST_WEEKS))
    beside: Counter[tuple[str, date]] = Counter()
    marks = []
    for lane, day, line in visits:
        shift = 8 + 14 * beside[lane, day]
        beside[lane, day] += 1
        marks.append(Mark(x(day) + shift, HEAD + LANE * lanes.index(lane) + 20, line))
    height = HEAD + LANE * len(lanes)
    return {
        "view_box": f"0 0 {LEFT + WIDTH + 10} {height + 12}",
        "height": height,
        "day": round(WIDTH / (weeks * 7), 3),
        "weeks": [
            {"x": x(first + timedelta(weeks=n)), "monday": first + timedelta(weeks=n)} for n in range(0, weeks, step)
        ],
        "lanes": [
            {"y": HEAD + LANE * row, "middle": HEAD + LANE * row + 24, "modality": lane}
            for row, lane in enumerate(lanes)
        ],
        "marks": marks,
    }
