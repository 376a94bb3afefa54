"""The rulebook as this clinic uses it: its own changes laid over what the product was delivered with."""

import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from programs.rules.contraindications import BLOCKED, OVERRIDE_REQUIRED, Contraindication, FactTest
from programs.rules.entries import Modality
from programs.rules.rulebook import ProgramRulebook, by_treatment, rulebook
from programs.rules.timing import SESSIONS, TimingRule

MODALITY_OFF, TECHNIQUE_OFF, SEVERITY, THRESHOLD, GAP = "modality_off", "technique_off", "severity", "threshold", "gap"
CHANGED: Final = " (changed by the clinic)"  # goes wherever the rule is said, so no screen can leave it out
COMPARED: Final = frozenset({"<", "<=", ">", ">="})
OFF: Final = "off__"
SWITCHED_OFF: Final = "the clinic has switched this off"


@dataclass(frozen=True, slots=True)
class Change:
    """One deviation: of the treatment, technique or rule with that code; `value` as `RuleChange` keeps it."""

    kind: str
    code: str
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedOff(Contraindication):
    """Fires whatever is known. One of a single technique leaves the others open while none is chosen yet."""

    def applies_to(self, technique: str | None) -> bool:
        return not self.techniques or technique in self.techniques


def adjusted(book: ProgramRulebook, changes: Iterable[Change], *, version: str) -> ProgramRulebook:
    """The book with these changes in it.

    A change about something the book no longer has, or that the book has overtaken, does nothing: a newer rulebook
    is never loosened below what it says of an absolute rule by a number that was set under an older one.
    """
    dangers, distances, modalities = dict(book.contraindications), dict(book.timing_rules), dict(book.modalities)
    # Numbers before severities: a rule that the clinic made absolute keeps the number that it gave it as well.
    for it in sorted(changes, key=lambda it: it.kind != THRESHOLD):
        if it.kind == THRESHOLD and it.code in dangers:
            dangers[it.code] = _with_threshold(dangers[it.code], it.value)
        elif it.kind == SEVERITY and it.code in dangers:
            dangers[it.code] = _with_severity(book, dangers[it.code], str(it.value))
        elif it.kind == GAP and it.code in distances:
            distances[it.code] = _with_gap(distances[it.code], it.value)
        elif it.kind == MODALITY_OFF and it.code in modalities:
            modalities[it.code] = replace(modalities[it.code], enabled_by_default=False)
        elif it.kind == TECHNIQUE_OFF:
            modalities |= _without_technique(modalities, it.code)
    off = [rule for code, it in modalities.items() for rule in _switched_off(book.modalities[code], it)]
    return replace(
        book,
        version=version,
        modalities=MappingProxyType(modalities),
        contraindications=MappingProxyType(dangers),
        timing_rules=MappingProxyType(distances),
        rules_of=by_treatment([*dangers.values(), *off]),
    )


@lru_cache(maxsize=32)
def as_kept(kept: str) -> ProgramRulebook:
    """The same of the changes as one text: how many deeds there were, and what is in force of them.

    Every door reads the text with the safety file, so the work is done once for each state of the clinic's rules.
    A clinic that never changed anything uses the rulebook itself.
    """
    deeds, rows = json.loads(kept)
    book = rulebook()
    return adjusted(book, [Change(*row) for row in rows or ()], version=version_after(book, deeds)) if deeds else book


def version_after(book: ProgramRulebook, deeds: int) -> str:
    """Which rules were used: the rulebook's version and how often the clinic had changed them or taken that back."""
    return f"{book.version}+{deeds}" if deeds else book.version


def deeds_in(version: str) -> int:
    """How many deeds of the clinic a stored version counts."""
    return int(version.partition("+")[2] or 0)


def delivered_in(version: str) -> str:
    """The version of the rulebook itself in a stored version, without the clinic's changes."""
    return version.partition("+")[0]


def number_of(rule: Contraindication) -> FactTest | None:
    """The one number a rule compares with; None if it has none, or several."""
    found = [test for test in rule.when if test.op in COMPARED]
    return found[0] if len(found) == 1 and not isinstance(found[0].value, bool) else None


def is_tighter(test: FactTest, value: float) -> bool:
    """Whether the rule would fire for everybody it fires for now, and for more."""
    return value > test.value if test.op in {"<", "<="} else value < test.value


def is_longer(rule: TimingRule, value: float) -> bool:
    """Whether the rule would ask for more patience. Of sessions without a look fewer are stricter."""
    return value < rule.min_gap if rule.unit == SESSIONS else value > rule.min_gap


def may_be_shortened(rule: TimingRule) -> bool:
    """A hard rule that nobody may override stays as long as it is, whoever asks."""
    return rule.overridable or rule.strength != "hard"


def is_switched_off(modality: Modality, off: Set[str]) -> bool:
    """Whether these codes, of treatments and techniques, leave nothing of it that could be given."""
    usual = [code for code, it in modality.techniques.items() if it.enabled_by_default]
    return modality.code in off or (bool(usual) and off >= set(usual))


def who_unlocks(book: ProgramRulebook, rule: Contraindication) -> tuple[str, ...]:
    """Who may unlock a rule that the clinic made relative: whoever unlocks other rules of the treatment."""
    if rule.override_roles:
        return rule.override_roles
    others = (it.override_roles for it in book.rules_of.get(rule.modality, ()))
    named = dict.fromkeys(role for roles in others for role in roles)
    treatment = book.modalities.get(rule.modality)
    return tuple(named) or (treatment.performed_by if treatment else ())


def _with_threshold(rule: Contraindication, value: Any) -> Contraindication:
    test = number_of(rule)
    if test is None or not _is_number(value) or value == test.value:
        return rule
    if rule.decision == BLOCKED and not is_tighter(test, value):
        return rule
    when = tuple(replace(it, value=value) if it is test else it for it in rule.when)
    return _changed(rule, when=when)


def _with_severity(book: ProgramRulebook, rule: Contraindication, code: str) -> Contraindication:
    severity = book.severities.get(code)
    if severity is None or severity.rank <= book.severities[rule.severity].rank:
        return rule
    roles = who_unlocks(book, rule) if severity.decision == OVERRIDE_REQUIRED else ()
    return _changed(rule, severity=severity.code, decision=severity.decision, override_roles=roles)


def _with_gap(rule: TimingRule, value: Any) -> TimingRule:
    if not _is_number(value) or value == rule.min_gap:
        return rule
    if not is_longer(rule, value) and not may_be_shortened(rule):
        return rule
    return replace(rule, min_gap=value, reason=rule.reason + CHANGED)


def _changed(rule: Contraindication, **changes: Any) -> Contraindication:
    return replace(rule, reason=rule.reason.removesuffix(CHANGED) + CHANGED, **changes)


def _without_technique(modalities: Mapping[str, Modality], code: str) -> dict[str, Modality]:
    owner = next((it for it in modalities.values() if code in it.techniques), None)
    if owner is None:
        return {}
    off = replace(owner.techniques[code], enabled_by_default=False)
    return {owner.code: replace(owner, techniques=MappingProxyType({**owner.techniques, code: off}))}


def _switched_off(before: Modality, now: Modality) -> list[SwitchedOff]:
    """Only what the clinic switched off: what the rulebook leaves switched off is not offered in the first place."""
    gone = [
        code
        for code, it in now.techniques.items()
        if before.techniques[code].enabled_by_default and not it.enabled_by_default
    ]
    left = any(it.enabled_by_default for it in now.techniques.values())
    if (before.enabled_by_default and not now.enabled_by_default) or (gone and not left):
        return [_off(now.code, now.code, ())]
    return [_off(now.code, code, (code,)) for code in gone]


def _off(modality: str, code: str, techniques: tuple[str, ...]) -> SwitchedOff:
    return SwitchedOff(
        code=OFF + code,
        modality=modality,
        techniques=techniques,
        when=(),
        severity="absolute",
        decision=BLOCKED,
        scope="whole_modality",
        temporary=True,
        reason=SWITCHED_OFF,
        basis="general_knowledge",
        basis_note="decided by the clinic",
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
