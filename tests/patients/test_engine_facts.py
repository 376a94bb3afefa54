"""How long an answer counts, and what the answers of a form prove. To the day."""

from datetime import date, timedelta
from typing import Any

import pytest

from patients.rules.entries import PatientFact
from patients.rules.facts import (
    NEVER_DAYS,
    Statement,
    Value,
    declined,
    from_form,
    is_possible,
    known_on,
    refusal_of,
)
from patients.rules.rulebook import rulebook

BOOK = rulebook()
DAY = date(2026, 9, 14)


def a_fact(code: str, value_type: str = "bool", **fields: Any) -> PatientFact:
    defaults = {"kind": "x", "label": code, "patient_question": "", "set_by": "clinician", "basis": "general_knowledge"}
    return PatientFact(code=code, value_type=value_type, **defaults | fields)


FACTS = {
    it.code: it
    for it in (
        a_fact("pregnant", holds_days=30),
        a_fact("platelets", "number", holds_days=7),
        a_fact("days_since_nsaid", "number", unit="days", holds_days=30),
    )
}


def known(*said: Statement, after: int = 0, born: date | None = None) -> dict[str, Value]:
    return known_on(DAY + timedelta(days=after), said, birth_date=born, facts=FACTS)


@pytest.mark.parametrize(
    ("code", "value", "after", "expected"),
    [
        ("pregnant", True, 10_000, {"pregnant": True}),
        ("pregnant", False, 0, {"pregnant": False}),
        ("pregnant", False, 29, {"pregnant": False}),
        ("pregnant", False, 30, {}),
        ("pregnant", None, 0, {}),
        ("pregnant", True, -1, {}),
        ("platelets", 40, 6, {"platelets": 40}),
        ("platelets", 40, 7, {}),
        ("platelets", 1, 7, {}),  # the number one is no yes
        ("days_since_nsaid", 3, 4, {"days_since_nsaid": 7}),
        ("days_since_nsaid", 3, 30, {}),
        ("of an older rulebook", True, 0, {}),
    ],
)
def test_what_was_said_on_the_fourteenth_counts_later(
    code: str, value: Value | None, after: int, expected: dict[str, Value]
) -> None:
    assert known(Statement(code, value, DAY), after=after) == expected


def test_one_answer_that_counts_no_longer_does_not_hide_the_next() -> None:
    gone, lives = Statement("pregnant", None, DAY), Statement("platelets", 90, DAY)

    assert known(gone, lives) == {"platelets": 90}


@pytest.mark.parametrize(
    ("born", "age", "grows"),
    [
        (date(2008, 9, 14), 18, False),
        (date(2008, 9, 15), 17, True),
        (date(2008, 10, 1), 17, True),
        (date(2008, 8, 30), 18, False),
        (DAY, 0, True),
    ],
)
def test_age_is_counted_in_birthdays_and_who_is_not_eighteen_still_grows(born: date, age: int, grows: bool) -> None:
    assert known(born=born) == {"age_years": age, "growth_plates_open": grows}


def test_a_birth_date_that_is_yet_to_come_says_nothing() -> None:
    assert known(born=DAY + timedelta(days=1)) == {}
    assert known(born=None) == {}


def test_a_document_she_would_not_sign_is_declined_until_she_signs_it() -> None:
    laser, prp = refusal_of("consent_laser"), refusal_of("consent_prp")
    said = [Statement(laser, True, DAY), Statement(prp, False, DAY), Statement("pregnant", True, DAY)]

    assert declined(said) == {"consent_laser"}
    assert declined([Statement(laser, None, DAY), Statement(f"not_{laser}", True, DAY)]) == frozenset()
    assert laser == "refuses_consent:consent_laser"


# --- what a form proves

SETTER = next(
    fact
    for fact in sorted({code for rule in BOOK.red_flags.values() for code in rule.sets_facts})
    if sum(fact in rule.sets_facts for rule in BOOK.red_flags.values()) > 1
)
SIGNS = [rule.code for rule in BOOK.red_flags.values() if SETTER in rule.sets_facts]


@pytest.mark.parametrize(
    ("first", "rest", "expected"),
    [(True, False, True), (True, None, True), (False, True, True), (False, False, False), (None, False, None)],
)
def test_one_yes_makes_the_fact_and_only_every_no_denies_it(
    first: bool | None, rest: bool | None, expected: bool | None
) -> None:
    said = {SIGNS[0]: first} | dict.fromkeys(SIGNS[1:], rest)

    assert from_form({"red_flags": said}, book=BOOK).get(SETTER) is expected


def test_a_form_without_answers_proves_nothing() -> None:
    assert from_form({}, book=BOOK) == {}


def test_what_was_asked_by_name_is_known_and_what_the_rulebook_has_no_word_for_is_not() -> None:
    told = {"health": {"facts": {"pregnancy": False, "a_word_of_an_older_rulebook": True}}}

    found = from_form(told, book=BOOK)

    assert found["pregnancy"] is False
    assert "a_word_of_an_older_rulebook" not in found


def test_who_has_since_said_no_to_the_question_before_has_answered_the_ones_after_it() -> None:
    group = next(it for it in BOOK.intake_groups.values() if it.after)
    ticked_before = {"health": {"facts": dict.fromkeys(group.facts, True) | {group.after: False}}}
    if group.after in BOOK.red_flags:
        ticked_before["red_flags"] = {group.after: False}

    found = from_form(ticked_before, book=BOOK)

    assert {found[code] for code in group.facts} == {False}


def test_a_medicine_that_is_named_is_taken_whatever_was_ticked() -> None:
    answers = {"health": {"medicines": "apixaban", "takes_none": True, "facts": {"anticoagulant_use": False}}}

    assert from_form(answers, book=BOOK)["anticoagulant_use"] is True
    answers["health"]["denied"] = ["anticoagulant"]
    assert from_form(answers, book=BOOK)["anticoagulant_use"] is False


@pytest.mark.parametrize(
    ("code", "value", "possible"),
    [
        ("pregnant", True, True),
        ("pregnant", False, True),
        ("pregnant", 1, False),
        ("pregnant", None, False),
        ("platelets", 0, True),
        ("platelets", 0.5, True),
        ("platelets", -1, False),
        ("platelets", 36_500, True),
        ("platelets", 36_501, False),
        ("platelets", True, False),
        ("platelets", "40", False),
        ("platelets", None, False),
    ],
)
def test_an_answer_is_of_its_question_s_kind(code: str, value: object, possible: bool) -> None:
    assert is_possible(FACTS[code], value) is possible


def test_never_is_a_hundred_years() -> None:
    assert NEVER_DAYS == 36_500
