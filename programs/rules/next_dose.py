"""What follows from how an exercise went at home: a little more, a little less, or another exercise.

The rulebook says how much an exercise may hurt (`stop_pain`: 5 of 10 at most). How many easy days lead to more, and
how large a step is, are from general knowledge, to be confirmed by a clinician; one confirms every single proposal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from programs.rules.entries import Dosage, Exercise, NextStep

TOO_MUCH_PAIN: Final = 5  # of 10; above it the stop rule says to stop
EASY_DAYS: Final = 3  # in a row, at the dose as it is
HARD_DAYS: Final = 2
MORE, LESS, ANOTHER = "up", "down", "other"

PAIN_ABOVE_5, HARDER_TWICE, EASIER_THREE_TIMES = "pain_above_5", "harder_twice", "easier_three_times"
BECAUSE: Final[Mapping[str, Any]] = {
    PAIN_ABOVE_5: _("Pain went above 5 of 10"),
    HARDER_TWICE: _("Felt harder 2 days in a row"),
    EASIER_THREE_TIMES: _("Felt easier 3 days in a row, pain 5 of 10 or less"),
}


@dataclass(frozen=True, slots=True)
class Report:
    """What the patient said of one day. Pain from 0 to 10; either may be unsaid."""

    on: date
    feeling: str = ""
    pain: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """The next dose. `exercise` is set when it is another exercise, whose dose it then is."""

    direction: str
    because: str
    dosage: Dosage
    exercise: str | None = None


def proposal(
    exercise: Exercise, dosage: Dosage, reports: Sequence[Report], *, exercises: Mapping[str, Exercise]
) -> Proposal | None:
    """The next dose that follows from the reports at this one, None while it should stay. Less goes before more.

    Only the last days count: pain from a month ago has been answered since.
    """
    because = _because(sorted(reports, key=lambda it: it.on))
    if because is None:
        return None
    is_more = because == EASIER_THREE_TIMES
    changed = _more(dosage, exercise.dosage) if is_more else _less(dosage, exercise.dosage)
    if changed != dosage:
        return Proposal(MORE if is_more else LESS, because, changed)
    step: NextStep = exercise.progression if is_more else exercise.regression
    if step.exercise is None:
        return None
    return Proposal(ANOTHER, because, exercises[step.exercise].dosage, step.exercise)


def _because(reports: Sequence[Report]) -> str | None:
    said = [it for it in reports if it.feeling or it.pain is not None]
    if not said:
        return None
    if (said[-1].pain or 0) > TOO_MUCH_PAIN:
        return PAIN_ABOVE_5
    felt = [it for it in said if it.feeling]
    if len(felt) >= HARD_DAYS and all(it.feeling == "harder" for it in felt[-HARD_DAYS:]):
        return HARDER_TWICE
    last = felt[-EASY_DAYS:]
    if len(last) == EASY_DAYS and all(it.feeling == "easier" and (it.pain or 0) <= TOO_MUCH_PAIN for it in last):
        return EASIER_THREE_TIMES
    return None


def _more(now: Dosage, usual: Dosage) -> Dosage:
    """One step up: repetitions to half as many again as usual, then a longer hold or more minutes to twice as much."""
    if now.reps > 1 and now.reps < (most := -(-usual.reps * 3 // 2)):
        return replace(now, reps=min(now.reps + 2, most))
    if now.hold_seconds and now.hold_seconds < usual.hold_seconds * 2:
        return replace(now, hold_seconds=min(now.hold_seconds + 5, usual.hold_seconds * 2))
    if now.reps == 1 and now.minutes and usual.minutes and now.minutes < usual.minutes * 2:
        return replace(now, minutes=min(now.minutes + max(1, now.minutes // 4), usual.minutes * 2))
    return now


def _less(now: Dosage, usual: Dosage) -> Dosage:
    """One step down: a third off what there is most of, never below half of what is usual."""
    if now.reps > 1 and now.reps > (least := max(1, usual.reps // 2)):
        return replace(now, reps=max(least, now.reps * 2 // 3))
    if now.hold_seconds > (least := usual.hold_seconds // 2) and now.hold_seconds > 1:
        return replace(now, hold_seconds=max(least, 1, now.hold_seconds * 2 // 3))
    if now.minutes and usual.minutes and now.minutes > (least := max(1, usual.minutes // 2)):
        return replace(now, minutes=max(least, now.minutes * 2 // 3))
    return now
