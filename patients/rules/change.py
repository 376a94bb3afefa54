"""Whether a patient is better: two scores of a scale compared, with the threshold that decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from patients.rules.entries import Measure
from patients.rules.scoring import round_half_up

BETTER, WORSE, UNCLEAR = "better", "worse", "unclear"
LOWER_IS_BETTER = "lower_is_better"


@dataclass(frozen=True, slots=True)
class Change:
    """`by` is positive for better, in points of the scale. `threshold` is what it had to reach to count."""

    by: float
    verdict: str  # better, worse or unclear
    meaning: str  # how sure: meaningful_better, probable_worse, single_activity_better, no_clear_change
    threshold: float
    sources: tuple[str, ...]
    paired: int = 1  # answers that were compared


def change(measure: Measure, before: float, after: float) -> Change:
    """From one score to a later one. What is below every threshold may be the usual swing: unclear.

    Raises `KeyError` for a scale that has no threshold: then nothing may be called better.
    Source: `change_rule` and `thresholds` of the measure.
    """
    moved = Fraction(str(before)) - Fraction(str(after))
    by = moved if measure.direction == LOWER_IS_BETTER or measure.code == "sleep" else -moved
    limits = measure.thresholds
    size, way = abs(by), BETTER if by > 0 else WORSE
    for grade in ("meaningful", "probable"):
        if grade in limits and size >= Fraction(str(limits[grade])):
            return Change(round_half_up(by), way, f"{grade}_{way}", limits[grade], measure.sources)
    least = min(limits[grade] for grade in ("meaningful", "probable") if grade in limits)
    return Change(round_half_up(by), UNCLEAR, "no_clear_change", least, measure.sources)


def change_of_activities(measure: Measure, before: Mapping[str, int | None], after: Mapping[str, int | None]) -> Change:
    """Of the patient's own activities, by name: only those that were rated both times count.

    Raises `ValueError` if there is none: nothing can be said then.
    """
    pairs = [(was, now) for name, was in before.items() if was is not None and (now := after.get(name)) is not None]
    if not pairs:
        raise ValueError("no activity was rated both times")
    limits = measure.thresholds
    mean = Fraction(sum(now - was for was, now in pairs), len(pairs))
    steps = [now - was for was, now in pairs]
    by, found = round_half_up(mean), ("no_clear_change", UNCLEAR, limits["meaningful"])
    if abs(mean) >= limits["meaningful"]:
        way = BETTER if mean > 0 else WORSE
        found = (f"meaningful_{way}", way, limits["meaningful"])
    elif max(steps) >= limits["one_activity"] > -min(steps):
        found = ("single_activity_better", BETTER, limits["one_activity"])
    elif -min(steps) >= limits["one_activity"] > max(steps):
        found = ("single_activity_worse", WORSE, limits["one_activity"])
    meaning, verdict, threshold = found
    return Change(by, verdict, meaning, threshold, measure.sources, paired=len(pairs))


@dataclass(frozen=True, slots=True)
class Reduction:
    """How many per cent fewer, and whether that is called a response."""

    percent: float
    is_response: bool


def reduction(measure: Measure, before: float, after: float) -> Reduction | None:
    """Of days with headache per 30. None if there were none before: nothing can become fewer."""
    if before <= 0:
        return None
    percent = (Fraction(str(before)) - Fraction(str(after))) * 100 / Fraction(str(before))
    return Reduction(round_half_up(percent), percent >= measure.thresholds["responder_percent"])
