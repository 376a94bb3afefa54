"""A scale over time as a drawing: fixed axis, the usual swing as a band, and the table that says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from patients.rules.change import Change, change
from patients.rules.entries import Measure

# Units of the drawing, which scales to the width of its panel.
WIDTH: Final = 280
HEIGHT: Final = 118
LEFT, RIGHT, TOP, BOTTOM = 24, 274, 10, 96
MOST_POINTS: Final = 12  # more would print one number over another; the table has them all


@dataclass(frozen=True, slots=True)
class Reading:
    on: date
    value: float


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    value: float
    on: date
    is_last: bool
    is_said: bool  # its number is printed beside it
    said_y: float


@dataclass(frozen=True, slots=True)
class Trend:
    """One scale of one patient. `swing` is how far a score moves without anything having changed, in points."""

    measure: Measure
    most: float
    readings: tuple[Reading, ...]
    dots: tuple[Dot, ...]
    path: str
    band_top: float
    band_height: float
    swing: float
    change: Change | None  # from the first score to the last

    @property
    def view_box(self) -> str:
        return f"0 0 {WIDTH} {HEIGHT}"

    @property
    def middle(self) -> float:
        return self.most / 2

    @property
    def is_outside(self) -> bool:
        """Whether the last score lies outside the usual swing of the first."""
        return self.change is not None and abs(self.change.by) >= self.swing

    @property
    def is_worse(self) -> bool:
        return self.change is not None and self.change.verdict == "worse"


def drawn(measure: Measure, readings: Sequence[Reading]) -> Trend | None:
    """The line of a scale, oldest first; None without a score or without a published threshold."""
    limits = [float(measure.thresholds[it]) for it in ("meaningful", "probable") if it in measure.thresholds]
    if not readings or not limits:
        return None
    shown = readings if len(readings) <= MOST_POINTS else [readings[0], *readings[1 - MOST_POINTS :]]
    most, swing, first = float(measure.range_max), min(limits), readings[0].value
    dots = tuple(_dots(shown, most))
    top, bottom = _y(min(most, first + swing), most), _y(max(0.0, first - swing), most)
    return Trend(
        measure=measure,
        most=most,
        readings=tuple(readings),
        dots=dots,
        path="M" + "L".join(f"{dot.x:g} {dot.y:g}" for dot in dots),
        band_top=top,
        band_height=round(bottom - top, 1),
        swing=swing,
        change=change(measure, first, readings[-1].value) if len(readings) > 1 else None,
    )


def _y(value: float, most: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * value / most, 1)


def _dots(shown: Sequence[Reading], most: float) -> list[Dot]:
    step = (RIGHT - LEFT - 32) / max(len(shown) - 1, 1)
    last = len(shown) - 1
    found = []
    for nth, it in enumerate(shown):
        y = _y(it.value, most)
        # The first and the last two are what is read; above the dot, or below it where the line comes from above.
        said_y = y + 18 if nth and it.value < shown[nth - 1].value else y - 8
        if said_y > BOTTOM - 2:
            said_y = y - 8  # below it stand the days
        found.append(Dot(round(LEFT + 16 + step * nth, 1), y, it.value, it.on, nth == last, nth in {0, last - 1, last},
                         max(said_y, 10)))  # fmt: skip
    return found
