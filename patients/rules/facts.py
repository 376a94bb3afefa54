"""What is known of a patient on a day, out of what has been said and measured before it. Unknown is never "no"."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from patients.rules import intake_groups
from patients.rules.entries import PatientFact
from patients.rules.rulebook import Rulebook

Value = bool | float
NEVER_DAYS: Final = 36_500  # "never" as days since it happened: a hundred years
GROWN_UP: Final = 18
REFUSES: Final = "refuses_consent"


@dataclass(frozen=True, slots=True)
class Statement:
    """The last word on a fact: what it was on that day. None: somebody has said that it is not known."""

    code: str
    value: Value | None
    on: date


def known_on(
    day: date, statements: Iterable[Statement], *, birth_date: date | None, facts: Mapping[str, PatientFact]
) -> dict[str, Value]:
    """Every fact that is known on `day`, by its code.

    A "yes" counts until somebody says otherwise; a "no" and a number only as long as the fact holds. Days since
    something happened grow by themselves. What the birth date says is worked out and never asked.
    """
    known: dict[str, Value] = {}
    for said in statements:
        fact, age = facts.get(said.code), (day - said.on).days
        if fact is None or said.value is None or age < 0:
            continue
        if said.value is True or age < fact.holds_days:
            known[said.code] = said.value + age if fact.counts_days else said.value
    if birth_date and birth_date <= day:
        had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
        known["age_years"] = day.year - birth_date.year - (not had_birthday)
        known["growth_plates_open"] = known["age_years"] < GROWN_UP
    return known


def refusal_of(document: str) -> str:
    """Under which code it is kept that one document was not signed; `REFUSES` alone speaks of every treatment."""
    return f"{REFUSES}:{document}"


def declined(statements: Iterable[Statement]) -> frozenset[str]:
    """The documents the patient did not want to sign, and has not signed since."""
    start = refusal_of("")
    said = {it.code for it in statements if it.value is True}
    return frozenset(code.removeprefix(start) for code in said if code.startswith(start))


def from_form(answers: Mapping[str, Any], *, book: Rulebook) -> dict[str, Value]:
    """The facts that follow from the answers of a form, yes and no.

    A warning sign sets its facts; they are a "no" only if every sign that would set them was answered with no. What
    was asked by ticking counts as answered. A medicine that is named is taken, whatever else was ticked.
    """
    found: dict[str, Value] = {}
    said: Mapping[str, bool] = answers.get("red_flags", {})
    setters: dict[str, list[str]] = {}
    for rule in book.red_flags.values():
        for fact in rule.sets_facts:
            setters.setdefault(fact, []).append(rule.code)
    for fact, codes in setters.items():
        if any(said.get(code) for code in codes):
            found[fact] = True
        elif all(said.get(code) is False for code in codes):
            found[fact] = False
    found |= {code: value for code, value in intake_groups.told(answers).items() if code in book.facts}
    # After what was ticked: who has since said no to the question before it has answered this one too.
    found |= intake_groups.implied(answers, book=book)
    return found | dict.fromkeys(intake_groups.facts_taken(answers, book=book), True)


def is_possible(fact: PatientFact, value: object) -> bool:
    """Whether the value is of the fact's kind: yes or no, or a number that is not less than nothing."""
    if not fact.is_number:
        return isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= NEVER_DAYS
