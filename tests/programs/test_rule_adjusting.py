"""A clinic may be stricter than the rulebook, and less strict where nobody is in danger: never the other way round."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.rules.rulebook import rulebook as patients_rulebook
from programs.rules.adjusting import (
    CHANGED,
    GAP,
    MODALITY_OFF,
    SEVERITY,
    SWITCHED_OFF,
    TECHNIQUE_OFF,
    THRESHOLD,
    Change,
    adjusted,
    as_kept,
    deeds_in,
    is_longer,
    is_tighter,
    number_of,
    version_after,
)
from programs.rules.rulebook import ProgramRulebook, rulebook

BOOK = rulebook()
STRICTNESS = ("allowed", "caution", "incomplete", "override_required", "blocked")
WITH_A_NUMBER = sorted(code for code, rule in BOOK.contraindications.items() if number_of(rule))
TECHNIQUES = sorted(code for it in BOOK.modalities.values() for code in it.techniques)
NSAID = "ci_prp__days_since_nsaid_lt7__relative"


def by(*changes: Change) -> ProgramRulebook:
    return adjusted(BOOK, changes, version="x+1")


def strictness(book: ProgramRulebook, modality: str, told: Any, technique: str | None = None) -> tuple[int, int]:
    found = book.judge(modality, told, technique=technique)
    return STRICTNESS.index(found.decision), STRICTNESS.index(found.status)


def test_a_treatment_that_is_switched_off_is_given_to_nobody() -> None:
    found = by(Change(MODALITY_OFF, "dry_needling")).judge("dry_needling", {})

    assert (found.decision, found.status) == ("blocked", "blocked")
    assert found.findings[0].rule.reason == SWITCHED_OFF
    assert by(Change(MODALITY_OFF, "dry_needling")).judge("laser_therapy", {}) == BOOK.judge("laser_therapy", {})


def test_a_technique_that_is_switched_off_leaves_the_others() -> None:
    book = by(Change(TECHNIQUE_OFF, "cervical_thrust"))

    assert book.judge("chiropractic_care", {}, technique="cervical_thrust").decision == "blocked"
    assert book.judge("chiropractic_care", {}, technique="soft_tissue_therapy").decision == "allowed"
    assert book.judge("chiropractic_care", {}).decision == "allowed"
    assert not book.modalities["chiropractic_care"].techniques["cervical_thrust"].enabled_by_default


def test_without_any_technique_left_the_treatment_is_off() -> None:
    every = BOOK.modalities["dry_needling"].techniques
    book = by(*(Change(TECHNIQUE_OFF, code) for code in every))

    assert book.judge("dry_needling", {}).decision == "blocked"


def test_a_caution_that_is_tightened_locks_and_somebody_can_still_unlock_it() -> None:
    rule = next(it for it in BOOK.contraindications.values() if it.severity == "caution" and not it.techniques)
    told = {test.fact: test.value if test.op == "is" else test.value - 1 for test in rule.when}

    found = by(Change(SEVERITY, rule.code, "relative")).contraindications[rule.code]
    assert (found.decision, found.fires_on(told)) == ("override_required", True)
    assert found.override_roles
    assert found.reason == rule.reason + CHANGED
    never = by(Change(SEVERITY, rule.code, "absolute")).contraindications[rule.code]
    assert (never.decision, never.override_roles) == ("blocked", ())


def test_a_number_that_is_set_otherwise_counts_and_says_so() -> None:
    book = by(Change(THRESHOLD, NSAID, 10))

    assert BOOK.judge("prp", {"days_since_nsaid": 8}).decision == "caution"
    assert book.judge("prp", {"days_since_nsaid": 8}).decision == "override_required"
    assert book.contraindications[NSAID].reason.count(CHANGED) == 1


def test_an_absolute_rule_is_never_loosened_whatever_is_written_down() -> None:
    for code in WITH_A_NUMBER:
        rule, test = BOOK.contraindications[code], number_of(BOOK.contraindications[code])
        assert test
        if rule.severity == "absolute":
            looser = next(value for value in (test.value - 5, test.value + 5) if not is_tighter(test, value))
            assert by(Change(THRESHOLD, code, looser)).contraindications[code] == rule
        assert by(Change(SEVERITY, code, "none")).contraindications[code] == rule


def test_a_distance_is_made_longer_and_a_hard_one_nobody_may_override_never_shorter() -> None:
    fixed = next(it for it in BOOK.timing_rules.values() if it.strength == "hard" and not it.overridable and it.min_gap)

    assert by(Change(GAP, "int_dn_dn", 4)).timing_rules["int_dn_dn"].min_gap == 4
    assert by(Change(GAP, "int_dn_dn", 1)).timing_rules["int_dn_dn"].min_gap == 1
    assert by(Change(GAP, fixed.code, 0)).timing_rules[fixed.code] == fixed
    assert is_longer(BOOK.timing_rules["int_reassess_dn"], 2), "of sessions without a look fewer are stricter"


def test_a_change_about_what_there_is_no_more_does_nothing() -> None:
    gone = [Change(kind, "gone", 3) for kind in (MODALITY_OFF, TECHNIQUE_OFF, SEVERITY, THRESHOLD, GAP)]
    nonsense = [Change(THRESHOLD, NSAID, None), Change(GAP, "int_dn_dn", True), Change(SEVERITY, NSAID, "terrible")]

    book = by(*gone, *nonsense)

    assert (book.contraindications, book.timing_rules) == (BOOK.contraindications, BOOK.timing_rules)
    assert (book.modalities, book.rules_of) == (BOOK.modalities, BOOK.rules_of)


def test_the_version_counts_what_the_clinic_has_done() -> None:
    kept = json.dumps([3, [[MODALITY_OFF, "prp", None]]])

    assert as_kept(kept).version == f"{BOOK.version}+3"
    assert as_kept(kept) is as_kept(kept), "worked out once"
    assert as_kept("[0, null]") is BOOK
    assert [deeds_in(version_after(BOOK, n)) for n in (0, 1, 12)] == [0, 1, 12]


# --- for whatever is known of a patient, and whatever a clinic sets


def facts() -> st.SearchStrategy[dict[str, Any]]:
    known = {
        code: st.booleans() if fact.value_type == "bool" else st.floats(0, 250, allow_nan=False)
        for code, fact in patients_rulebook().facts.items()
    }
    pairs = st.sampled_from(sorted(known)).flatmap(lambda code: st.tuples(st.just(code), known[code]))
    return st.lists(pairs, max_size=8).map(dict)


CHANGES = st.one_of(
    st.builds(Change, st.just(MODALITY_OFF), st.sampled_from(sorted(BOOK.modalities))),
    st.builds(Change, st.just(TECHNIQUE_OFF), st.sampled_from(TECHNIQUES)),
    st.builds(
        Change, st.just(SEVERITY), st.sampled_from(sorted(BOOK.contraindications)), st.sampled_from([*BOOK.severities])
    ),
    st.builds(Change, st.just(THRESHOLD), st.sampled_from(WITH_A_NUMBER), st.floats(0, 250, allow_nan=False)),
    st.builds(Change, st.just(GAP), st.sampled_from(sorted(BOOK.timing_rules)), st.integers(0, 400)),
)


def is_tightening(it: Change) -> bool:
    if it.kind == THRESHOLD:
        test = number_of(BOOK.contraindications[it.code])
        return test is not None and is_tighter(test, it.value)
    return it.kind != GAP


@given(st.lists(CHANGES, max_size=6), st.sampled_from(sorted(BOOK.modalities)), facts())
@settings(max_examples=60)
def test_what_an_absolute_rule_forbids_stays_forbidden(changes: list[Change], modality: str, told: Any) -> None:
    if BOOK.judge(modality, told).decision == "blocked":
        assert by(*changes).judge(modality, told).decision == "blocked"


@given(st.lists(CHANGES.filter(is_tightening), max_size=6), st.sampled_from(sorted(BOOK.modalities)), facts())
@settings(max_examples=60)
def test_tightening_never_makes_anything_milder(changes: list[Change], modality: str, told: Any) -> None:
    book = by(*changes)

    for technique in (None, *BOOK.modalities[modality].techniques):
        before, after = strictness(BOOK, modality, told, technique), strictness(book, modality, told, technique)
        assert after[0] >= before[0]
        assert after[1] >= before[1]


@given(st.lists(CHANGES, max_size=6))
@settings(max_examples=60)
def test_a_hard_distance_that_nobody_may_override_is_never_shortened(changes: list[Change]) -> None:
    for code, rule in by(*changes).timing_rules.items():
        was = BOOK.timing_rules[code]
        if was.strength == "hard" and not was.overridable:
            assert rule.min_gap == was.min_gap or is_longer(was, rule.min_gap)


@pytest.mark.parametrize("code", ["int_dn_dn", "int_reassess_prp"])
def test_a_changed_rule_keeps_everything_else(code: str) -> None:
    rule = BOOK.timing_rules[code]
    changed = by(Change(GAP, code, rule.min_gap + 9)).timing_rules[code]

    assert changed == replace(rule, min_gap=rule.min_gap + 9, reason=rule.reason + CHANGED)
