"""What the told stories of the triage leave open: an answer against a number, and which reason is named."""

from dataclasses import replace

from patients.rules.rulebook import rulebook
from patients.rules.triage import triage

BOOK = rulebook()


def test_a_yes_stands_though_the_measured_blood_pressure_says_no() -> None:
    calm = {"bp_systolic": 120.0, "bp_diastolic": 80.0}

    said_yes = triage({"rf_bp_crisis": True}, numbers=calm, asked=["rf_bp_crisis"], rulebook=BOOK)
    said_no = triage({"rf_bp_crisis": False}, numbers=calm, asked=["rf_bp_crisis"], rulebook=BOOK)
    not_said = triage({}, numbers=calm, asked=["rf_bp_crisis"], rulebook=BOOK)

    assert (said_yes.urgency, said_no.urgency, not_said.urgency) == ("same_day", "none", "none")
    assert said_yes.is_complete
    assert not_said.is_complete


def test_of_two_combinations_that_fire_the_graver_is_named_first() -> None:
    alike = next(it for it in BOOK.combinations.values() if it.urgency == "emergency_now")
    mild = replace(alike, code="cmb_mild", urgency="same_day")
    book = replace(BOOK, combinations={"cmb_mild": mild, alike.code: alike})
    signs = {group[0] for group in alike.requires} | set(alike.of[: alike.min_count])

    found = triage(dict.fromkeys(signs, True), rulebook=book)

    assert [it.code for it in found.combinations] == [alike.code, "cmb_mild"]
    assert found.reasons[0].code == alike.code


def test_a_sign_that_was_said_and_not_measured_is_told_in_the_clinicians_words() -> None:
    (reason,) = triage({"rf_gait_change": True}, rulebook=BOOK).reasons

    assert reason.words == BOOK.red_flags["rf_gait_change"].clinician_wording
    assert reason.sources == BOOK.red_flags["rf_gait_change"].sources


def test_a_sign_that_only_the_number_shows_is_told_as_a_number_unless_it_was_said_too() -> None:
    severe = {"nprs_current": 9.0}
    rule = BOOK.red_flags["rf_pain_very_severe"]
    shown = replace(BOOK, red_flags={**BOOK.red_flags, rule.code: replace(rule, wording_from_numbers="Pain 8 or more")})

    by_number = triage({}, numbers=severe, rulebook=shown).reasons
    said_too = triage({rule.code: True}, numbers=severe, rulebook=shown).reasons
    no_such_words = triage({}, numbers=severe, rulebook=BOOK).reasons

    assert [it.words for it in by_number] == ["Pain 8 or more"]
    assert [it.words for it in said_too] == [rule.clinician_wording]
    assert [it.words for it in no_such_words] == [rule.wording_from_numbers or rule.clinician_wording]
