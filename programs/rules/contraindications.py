"""When a treatment must not, or not without thought, be given: the rules as they are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from people.rules.knowledge import Claim, Entry, Sheet

OPERATORS: Final = ("is", "<", "<=", ">", ">=", "==")


@dataclass(frozen=True, slots=True, kw_only=True)
class Severity(Entry):
    """How strictly a rule is meant. A higher rank is stricter."""

    rank: int
    decision: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionOrder(Claim):
    """Of several decisions the first in `order` stands."""

    order: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactTest:
    fact: str
    op: str
    value: float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contraindication(Claim):
    """Fires when every test of `when` holds. No `techniques` means every technique of the modality."""

    modality: str
    techniques: tuple[str, ...]
    when: tuple[FactTest, ...]
    severity: str
    decision: str
    scope: str  # whole_modality, or local: only where the finding is
    temporary: bool
    reason: str
    override_roles: tuple[str, ...] = ()
    # The finding can pass: look again after so many days at the earliest.
    defer_days: int | None = None


def contraindication(file: Sheet, raw: dict[str, Any]) -> Contraindication:
    """Raises `KnowledgeError` if it does not add up."""
    return file.built(Contraindication, raw, when=tuple(file.built(FactTest, test) for test in raw.pop("when")))


def check(
    file: Sheet,
    rule: Contraindication,
    *,
    severities: Mapping[str, Severity],
    facts: Mapping[str, object],
    professions: Mapping[str, object],
) -> None:
    """Raises `KnowledgeError` if the rule could never fire, or could be lifted by nobody we know."""
    file.require_known(rule.code, "severity", [rule.severity], severities)
    file.require_known(rule.code, "fact", (test.fact for test in rule.when), facts)
    file.require_known(rule.code, "comparison", (test.op for test in rule.when), OPERATORS)
    file.require_known(rule.code, "profession", rule.override_roles, professions)
    severity = severities[rule.severity]
    if rule.decision != severity.decision:
        file.refuse(rule.code, f"severity {severity.code!r} means {severity.decision!r}, not {rule.decision!r}")
    if not rule.when:
        file.refuse(rule.code, "'when' is empty, so it would always fire")
    # The whole point of an absolute contraindication is that no button lifts it.
    if bool(rule.override_roles) is not (severity.decision == "override_required"):
        file.refuse(rule.code, f"'override_roles' do not go with severity {severity.code!r}")
