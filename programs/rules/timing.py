"""What must keep its distance from what."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from people.rules.knowledge import Claim, Entry, Sheet

KINDS: Final = ("washout_before", "washout_after", "min_gap", "same_day", "max_sessions", "rule")
DAYS, SESSIONS = "days", "sessions"
UNITS: Final = (DAYS, SESSIONS)
HARD, SOFT, OK = "hard", "soft", "ok"
ANY_TREATMENT = "any_modality"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingStrength(Entry):
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingEvent(Entry):
    """Something other than a treatment that a rule can count from, such as a medicine."""

    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingRule(Claim):
    """After `first`, `then` waits at least `min_gap` days (0.5 is 12 hours) or sessions."""

    kind: str
    first: str
    first_techniques: tuple[str, ...]
    then: str
    then_techniques: tuple[str, ...]
    min_gap: float
    unit: str
    same_region_only: bool
    strength: str
    # A hard rule that is not overridable is refused whoever asks.
    overridable: bool
    reason: str
    override_roles: tuple[str, ...] = ()
    # Further treatments that wait like `then`.
    also: tuple[str, ...] = ()
    # Holds whichever of the two comes first.
    symmetric: bool = False
    applies_when: str = ""

    def concerns(self, first: "Happening", then: "Happening", *, same_region: bool) -> bool:
        """Whether it speaks of `then` after `first`; a symmetric rule whichever comes first."""
        if self.unit != DAYS or (self.same_region_only and not same_region):
            return False
        return self._reads(first, then) or (self.symmetric and self._reads(then, first))

    def _reads(self, first: "Happening", then: "Happening") -> bool:
        return first.is_one_of((self.first,), self.first_techniques) and then.is_one_of(
            (self.then, *self.also), self.then_techniques
        )


@dataclass(frozen=True, slots=True)
class Happening:
    """A treatment (with its technique, if it is chosen) or another event, by its code."""

    code: str
    technique: str | None = None
    is_treatment: bool = True

    def is_one_of(self, codes: Collection[str], techniques: Collection[str]) -> bool:
        """As long as no technique is chosen, a rule about any of them counts."""
        named = self.code in codes or (self.is_treatment and ANY_TREATMENT in codes)
        return named and (not techniques or self.technique is None or self.technique in techniques)


@dataclass(frozen=True, slots=True)
class Distance:
    """How near two happenings may come: `strength` of the strictest rule they break, and every rule they break."""

    strength: str  # hard, soft, or ok
    broken: tuple[TimingRule, ...]

    @property
    def needs_days(self) -> float:
        """The least gap that breaks none of these rules."""
        return max((rule.min_gap for rule in self.broken), default=0)


def judge(
    first: Happening,
    then: Happening,
    rules: Iterable[TimingRule],
    gap_days: float,
    same_region: bool,
    holding: Collection[str] = (),
) -> Distance:
    """Whether `then` may come `gap_days` after `first` (0 is the same day, 0.5 is 12 hours).

    `same_region`: the treated regions overlap. `holding` are conditions such as `first_ever_of_either`; a rule that
    asks for one counts only while it holds.
    """
    broken = tuple(
        rule
        for rule in rules
        if gap_days < rule.min_gap
        and (not rule.applies_when or rule.applies_when in holding)
        and rule.concerns(first, then, same_region=same_region)
    )
    strengths = {rule.strength for rule in broken}
    return Distance(HARD if HARD in strengths else SOFT if strengths else OK, broken)


def sessions_until_reassessment(modality: str, *, rules: Iterable[TimingRule]) -> int | None:
    """After how many sessions of a treatment somebody must look whether it helps; None if no rule says."""
    said = [int(rule.min_gap) for rule in rules if rule.unit == SESSIONS and rule.first == modality]
    return min(said, default=None)


def check(
    file: Sheet,
    rule: TimingRule,
    *,
    strengths: Mapping[str, TimingStrength],
    happenings: Collection[str],
    techniques: Collection[str],
    professions: Mapping[str, object],
) -> None:
    """Raises `KnowledgeError` if the rule waits for something nobody knows, or for less than no time."""
    file.require_known(rule.code, "kind", [rule.kind], KINDS)
    file.require_known(rule.code, "unit", [rule.unit], UNITS)
    file.require_known(rule.code, "strength", [rule.strength], strengths)
    file.require_known(rule.code, "treatment or event", (rule.first, rule.then, *rule.also), happenings)
    file.require_known(rule.code, "technique", (*rule.first_techniques, *rule.then_techniques), techniques)
    file.require_known(rule.code, "profession", rule.override_roles, professions)
    if rule.min_gap < 0:
        file.refuse(rule.code, "'min_gap' is less than nothing")
    if rule.overridable is not bool(rule.override_roles):
        file.refuse(rule.code, "'overridable' and 'override_roles' do not agree")
