"""How many exercises a patient is given, how much of each, and what must be looked at first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from programs.rules.contraindications import BLOCKED, OVERRIDE_REQUIRED, Facts, Finding
from programs.rules.entries import Exercise

FEWEST, MOST = 2, 4  # more than four are not done at home; see the interface design
HELD, LOOK, FREE = "held", "look", "free"
FORBIDDING: Final = frozenset({BLOCKED, OVERRIDE_REQUIRED})
# Beyond these a slip of the hand is likelier than a dose; they are no clinical limits.
BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "sets": (1, 5),
    "reps": (1, 30),
    "hold_seconds": (0, 60),
    "minutes": (1, 60),
    "times_per_day": (1, 12),
    "days_per_week": (1, 7),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an exercise stands for a patient. `present` are facts of the record, `unknown` nobody has asked about.

    `at_all` are cautions about exercising, whichever exercise it is.
    """

    status: str
    findings: tuple[Finding, ...] = ()
    present: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    at_all: tuple[Finding, ...] = ()


def verdict(exercise: Exercise, status: str, findings: Sequence[Finding], facts: Facts) -> Verdict:
    """`status` and `findings` are what the rules say of the exercise's technique for this patient on that day.

    A rule that forbids holds it. What the exercise itself warns of, and what the rules only caution, is for a
    clinician to decide: it is shown, and must be acknowledged.
    """
    strict = tuple(it for it in findings if it.rule.decision in FORBIDDING)
    if status in FORBIDDING:
        return Verdict(HELD, strict)
    about = {test.fact for it in findings for test in it.rule.when}
    # A number is no warning in itself: a blood pressure counts where a rule names the height.
    present = tuple(code for code in exercise.precaution_facts if facts.get(code) is True or code in about)
    unknown = tuple(code for code in exercise.precaution_facts if code not in facts)
    # What holds for every exercise alike, such as an age, is said once for all of them; see `general`.
    own = tuple(it for it in findings if it.rule.techniques or about & set(present) or it in strict)
    at_all = tuple(it for it in findings if it not in own)
    return Verdict(LOOK if present or own else FREE, own, present, unknown, at_all)


def general(verdicts: Iterable[Verdict]) -> tuple[Finding, ...]:
    """Cautions about exercising at all, each once, out of the verdicts on several exercises."""
    return tuple({it.rule.code: it for verdict in verdicts for it in verdict.at_all}.values())


def out_of_bounds(dosage: Mapping[str, Any]) -> str:
    """The first part of a dose that cannot be meant, empty if all can."""
    for part, (least, most) in BOUNDS.items():
        value = dosage.get(part)
        if value is None and part == "minutes":
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            return part
    return ""
