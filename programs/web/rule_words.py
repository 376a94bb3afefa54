"""What the clinic has changed in a rule, in words for the screen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients.rules.rulebook import rulebook as patients_rulebook
from programs.models import RuleChange
from programs.rules.adjusting import number_of
from programs.rules.rulebook import rulebook

Kind = RuleChange.Kind
# On which shelf of the library a rule stands, and which kinds of change there are for it.
CHANGEABLE: dict[str, tuple[Kind, ...]] = {
    "treatments": (Kind.MODALITY_OFF, Kind.TECHNIQUE_OFF),
    "contraindications": (Kind.SEVERITY, Kind.THRESHOLD),
    "timing": (Kind.GAP,),
}
STATUSES = {
    "blocked": gettext_lazy("must not be given"),
    "override_required": gettext_lazy("locked"),
    "incomplete": gettext_lazy("not all asked yet"),
    "caution": gettext_lazy("with caution"),
    "allowed": gettext_lazy("nothing against it"),
}
SEVERITIES = {
    "absolute": gettext_lazy("never: nobody may unlock it"),
    "relative": gettext_lazy("locked: a clinician may unlock it with a reason"),
    "caution": gettext_lazy("caution: shown and acknowledged"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One change with what it is about and what it did."""

    it: RuleChange
    shelf: str
    entry: str
    title: str
    was: str
    now: str


def line(change: RuleChange) -> Line:
    """A rule that a newer rulebook no longer has is called by its code."""
    shelf, entry = place_of(change)
    return Line(change, shelf, entry, title_of(change), *_values(change))


def lines(changes: Iterable[RuleChange]) -> list[Line]:
    return [line(it) for it in changes]


def place_of(change: RuleChange) -> tuple[str, str]:
    """The shelf and the code of its page; no code if there is no page any more."""
    book = rulebook()
    if change.kind == Kind.TECHNIQUE_OFF:
        owner = next((it.code for it in book.modalities.values() if change.code in it.techniques), "")
        return "treatments", owner
    shelf = next(shelf for shelf, kinds in CHANGEABLE.items() if change.kind in kinds)
    known = {"treatments": book.modalities, "contraindications": book.contraindications, "timing": book.timing_rules}
    return shelf, change.code if change.code in known[shelf] else ""


def title_of(change: RuleChange) -> str:
    book = rulebook()
    if change.kind == Kind.MODALITY_OFF and change.code in book.modalities:
        return book.modalities[change.code].name
    if change.kind == Kind.TECHNIQUE_OFF:
        techniques = (each for it in book.modalities.values() for each in it.techniques.values())
        return next((it.name for it in techniques if it.code == change.code), change.code)
    if change.code in book.contraindications:
        rule = book.contraindications[change.code]
        return f"{_treatment(rule.modality)}: {rule.reason}"
    if change.code in book.timing_rules:
        distance = book.timing_rules[change.code]
        return f"{_treatment(distance.first)}, {_treatment(distance.then)}: {distance.reason}"
    return change.code


def owner_of(found: Iterable[Line]) -> str:
    """Who answers for the rule as it is used here."""
    last = next((it for it in found if it.it.withdrawn_at is None), None)
    return last.it.by.name if last else ""


def _severity(code: Any) -> str:
    return str(SEVERITIES.get(code, code))


def _values(change: RuleChange) -> tuple[str, str]:
    if change.kind in {Kind.MODALITY_OFF, Kind.TECHNIQUE_OFF}:
        return _("offered"), _("switched off")
    if change.kind == Kind.SEVERITY:
        return _severity(change.was), _severity(change.value)
    if change.kind == Kind.GAP:
        return gap_in_words(change.code, change.was), gap_in_words(change.code, change.value)
    return threshold_in_words(change.code, change.was), threshold_in_words(change.code, change.value)


def threshold_in_words(code: str, value: Any) -> str:
    """Such as "Days since the last NSAID: below 10"."""
    rule = rulebook().contraindications.get(code)
    test = number_of(rule) if rule else None
    if test is None or not isinstance(value, int | float):
        return str(value)
    fact = patients_rulebook().facts[test.fact]
    said = {"<": _("below"), "<=": _("at most"), ">": _("above"), ">=": _("at least")}[test.op]
    return f"{fact.label}: {said} {value:g}{' ' + fact.unit if fact.unit else ''}"


def gap_in_words(code: str, value: Any) -> str:
    if not isinstance(value, int | float):
        return str(value)
    rule = rulebook().timing_rules.get(code)
    if rule is not None and rule.unit == "sessions":
        return ngettext("%(n)g session", "%(n)g sessions", int(value)) % {"n": value}
    return ngettext("%(n)g day", "%(n)g days", int(value)) % {"n": value}


def _treatment(code: str) -> str:
    book = rulebook()
    known: tuple[Any, Any, Any] = (book.modalities.get(code), book.self_care.get(code), book.timing_events.get(code))
    found = next((it for it in known if it), None)
    return str(getattr(found, "name", "") or getattr(found, "label", code))
