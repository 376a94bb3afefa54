"""Warning signs: what is asked, what a yes means, and how grave it is."""

import operator
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from people.rules.knowledge import Claim

COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}
# patient_recall: asked what was, never to try it now; an injured neck must not be turned to find out.
ASKED_OF: Final = ("patient", "patient_recall", "clinician", "record")
ASK_AT: Final = (
    "intake",
    "every_visit",
    "check_in",
    "evaluation",
    "before_treatment",
    "aftercare",
    "aftercare_needling",
    "aftercare_manipulation",
)
ANSWER_TYPES: Final = ("yes_no", "number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgency(Claim):
    """How soon somebody must look. A higher rank is graver."""

    rank: int
    label: str
    patient_message: str
    staff_action: str
    books_treatment: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberTest:
    """One comparison of a measured number with a limit, such as age in years >= 65."""

    number: str
    op: str
    value: float

    def holds(self, numbers: Mapping[str, float]) -> bool | None:
        """None when the number is not known: unknown is neither yes nor no."""
        if self.number not in numbers:
            return None
        return COMPARISONS[self.op](numbers[self.number], self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedFlagRule(Claim):
    """One warning sign, and what follows from a yes.

    `blocks` are modality groups or modalities that must wait until a role in `clearable_by` has cleared it.
    """

    asked_of: str
    patient_question: str
    clinician_wording: str
    may_indicate: tuple[str, ...]
    urgency: str
    blocks: tuple[str, ...]
    answer_type: str
    sets_facts: tuple[str, ...]
    ask_at: tuple[str, ...]
    clearable_by: tuple[str, ...]
    positive_when: tuple[NumberTest, ...] = ()
    # Once one of these is yes the question is not put at all: answering it could do harm.
    skip_if_any: tuple[str, ...] = ()
    # What to say when only a number fired it and the question itself is still open.
    wording_from_numbers: str = ""

    def answer_from(self, numbers: Mapping[str, float]) -> bool | None:
        """What the measured numbers alone say, or None if they leave it open.

        A patient may call pain of 6 unbearable, so for a yes-or-no question numbers can say yes but never no.
        """
        results = [test.holds(numbers) for test in self.positive_when]
        if any(results):
            return True
        # Systolic 150 alone does not rule a crisis out: every number must be known before it is a no.
        if self.answer_type == "number" and results and None not in results:
            return False
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination(Claim):
    """Warning signs that are graver together than alone."""

    requires: tuple[tuple[str, ...], ...]
    urgency: str
    reason: str
    min_count: int = 0
    of: tuple[str, ...] = ()

    def holds(self, positive: AbstractSet[str]) -> bool:
        """Every group of `requires` has a yes, and at least `min_count` of `of` are yes."""
        every_group = all(not positive.isdisjoint(group) for group in self.requires)
        return every_group and len(positive & set(self.of)) >= self.min_count

    def flags(self) -> tuple[str, ...]:
        return (*(code for group in self.requires for code in group), *self.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class CSpineRule(Claim):
    """When an injured neck needs imaging. The rotation test is the clinician's, never the patient's at home."""

    applies_to: str
    high_risk_flags: tuple[str, ...]
    low_risk_factors: tuple[str, ...]
    rotation_flag: str
    imaging_if: tuple[str, ...]
    rotation_test_by: str
    under_16: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageRule(Claim):
    """How single answers become one urgency, in words, and what each urgency blocks at least."""

    text: str
    min_blocks: Mapping[str, tuple[str, ...]]
    blocks_text: str
    clearance: str
    unanswered: str
    reask_days: int  # a warning sign can appear between two visits
    reask_note: str
    minors: str
