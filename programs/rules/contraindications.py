"""When a treatment must not, or not without thought, be given."""

import operator
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from people.rules.knowledge import Claim, Entry, Sheet

# What is known of a patient on a day, by fact: yes, no or a number. A fact that is not there is unknown, never "no".
Facts = Mapping[str, "bool | float"]

OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "is": operator.is_,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}
# The record counts these facts in days since something happened: waiting makes them grow.
COUNTED_IN_DAYS: Final = "days_since_"
ALLOWED, CAUTION, INCOMPLETE, OVERRIDE_REQUIRED, BLOCKED = (
    "allowed",
    "caution",
    "incomplete",
    "override_required",
    "blocked",
)


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

    def holds(self, facts: Facts) -> bool:
        """An unknown fact never matches."""
        known = facts.get(self.fact)
        return known is not None and OPERATORS[self.op](known, self.value)

    def days_until_it_passes(self, facts: Facts) -> int | None:
        """How long to wait until it no longer holds; None if waiting alone does not help."""
        if self.op not in {"<", "<="} or not self.fact.startswith(COUNTED_IN_DAYS):
            return None
        left = self.value - facts[self.fact]
        return max(0, -int(-left // 1) + (self.op == "<=" and left == int(left)))


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
    # A finding that can pass but that nobody counts in days: look again after so many days at the earliest.
    defer_days: int | None = None

    def applies_to(self, technique: str | None) -> bool:
        """As long as no technique is chosen, the rules of every technique count."""
        return technique is None or not self.techniques or technique in self.techniques

    def fires_on(self, facts: Facts) -> bool:
        return all(test.holds(facts) for test in self.when)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that fires, and in how many days it no longer will (None: waiting alone does not help)."""

    rule: Contraindication
    rank: int
    defer_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the rules say of one treatment for one patient on one day.

    `decision` is that of the strictest rule that fires; `status` also counts what nobody has asked yet.
    """

    modality: str
    technique: str | None
    decision: str
    status: str
    findings: tuple[Finding, ...]  # gravest first
    unknown: tuple[str, ...]  # required screening facts that nobody has answered

    @property
    def override_roles(self) -> frozenset[str]:
        """Who may unlock it: only a profession that every relative rule names. Empty if nobody may."""
        named = [frozenset(it.rule.override_roles) for it in self.findings if it.rule.decision == OVERRIDE_REQUIRED]
        return frozenset.intersection(*named) if named and self.decision == OVERRIDE_REQUIRED else frozenset()

    @property
    def defer_days(self) -> int | None:
        """Days after which what decides today may have passed; None if waiting alone does not help."""
        waits = [it.defer_days for it in self.findings if it.rule.decision == self.decision]
        known = [days for days in waits if days is not None]
        return max(known) if known and len(known) == len(waits) else None


def judge(
    modality: str,
    facts: Facts,
    *,
    technique: str | None = None,
    rules: Iterable[Contraindication],
    required: Collection[str],
    ranks: Mapping[str, int],
    order: tuple[str, ...],
) -> Judgement:
    """May this treatment be given, and if not, why?

    `rules` are those of the modality; `required` its screening facts; `ranks` the severities' ranks by code;
    `order` the decisions, the first that applies stands. Source: `decision_order` in contraindications.toml.
    """
    fired = [rule for rule in rules if rule.applies_to(technique) and rule.fires_on(facts)]
    fired.sort(key=lambda rule: ranks[rule.severity], reverse=True)
    findings = tuple(Finding(rule=it, rank=ranks[it.severity], defer_days=_wait(it, facts)) for it in fired)
    unknown = tuple(code for code in required if facts.get(code) is None)
    decided = {it.decision for it in fired} or {ALLOWED}
    decision = next(each for each in order if each in decided)
    status = next(each for each in order if each in decided or (each == INCOMPLETE and unknown))
    return Judgement(
        modality=modality, technique=technique, decision=decision, status=status, findings=findings, unknown=unknown
    )


def _wait(rule: Contraindication, facts: Facts) -> int | None:
    """As many days as are left until one of the tests that count days no longer holds."""
    counted = [days for test in rule.when if (days := test.days_until_it_passes(facts)) is not None]
    return min(counted, default=None)


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


def refuse_contradictions(file: Sheet, rules: Iterable[Contraindication]) -> None:
    """Raises `KnowledgeError` if the same finding at the same technique is judged in two ways."""
    seen: dict[tuple[str, frozenset[FactTest], str], Contraindication] = {}
    for rule in rules:
        for technique in rule.techniques or ("",):
            before = seen.setdefault((rule.modality, frozenset(rule.when), technique), rule)
            if before.severity != rule.severity:
                file.refuse(rule.code, f"contradicts {before.code!r}")
