"""What must be looked at before an exercise is given, in words for the screen."""

from collections.abc import Iterable

from patients.rules.rulebook import rulebook as patients_rulebook
from programs.rules import prescription
from programs.rules.prescription import Verdict


def warnings(verdict: Verdict) -> list[str]:
    """What the record holds against this exercise."""
    facts = patients_rulebook().facts
    return [it.rule.reason for it in verdict.findings] or [facts[code].label for code in verdict.present]


def unasked(verdict: Verdict) -> list[str]:
    facts = patients_rulebook().facts
    return [facts[code].label for code in verdict.unknown]


def at_all(verdicts: Iterable[Verdict]) -> list[str]:
    """What to keep in mind about exercising, whichever exercise it is. Each once."""
    return [it.rule.reason for it in prescription.general(verdicts)]
