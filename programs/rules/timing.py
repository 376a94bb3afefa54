"""What must keep its distance from what: the rules as they are written."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from people.rules.knowledge import Claim, Entry, Sheet

KINDS: Final = ("washout_before", "washout_after", "min_gap", "same_day", "max_sessions", "rule")
UNITS: Final = ("days", "sessions")


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
