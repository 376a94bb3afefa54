"""What the rules say of a treatment, and how near two happenings may come."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.rules.rulebook import rulebook as patients_rulebook
from people.rules.knowledge import KnowledgeError, Sheet
from programs.rules.contraindications import FactTest, Judgement, refuse_contradictions
from programs.rules.rulebook import rulebook
from programs.rules.timing import sessions_until_reassessment

HERE = Path(__file__).parent
CONTRAINDICATIONS: dict[str, Any] = json.loads((HERE / "vignettes_contraindications.json").read_text())
TIMING: dict[str, Any] = json.loads((HERE / "vignettes_timing.json").read_text())
STRICTNESS = ["allowed", "caution", "override_required", "blocked"]


def judge(modality: str, technique: str | None = None, **facts: bool | float) -> Judgement:
    return rulebook().judge(modality, facts, technique=technique)


@pytest.mark.parametrize("story", CONTRAINDICATIONS["vignettes"], ids=lambda story: str(story["id"]))
def test_each_told_patient_gets_the_decision_a_clinician_expects(story: Mapping[str, Any]) -> None:
    found = rulebook().judge(story["modality"], story["facts"], technique=story["technique"])

    assert found.decision == story["expected_decision"]
    assert story["expected_status"] in {None, found.status}
    assert {it.rule.code for it in found.findings} >= set(story["expected_rules"])
    assert found.defer_days == story["expected_defer_days"]


@pytest.mark.parametrize("story", TIMING["vignettes"], ids=lambda story: str(story["id"]))
def test_each_told_pair_keeps_the_distance_a_clinician_expects(story: Mapping[str, Any]) -> None:
    book = rulebook()
    found = book.distance(
        book.happening(story["first"], story["first_technique"]),
        book.happening(story["then"], story["then_technique"]),
        gap_days=story["gap_days"],
        same_region=story["same_region"],
    )

    assert found.strength == story["expected"]
    assert {rule.code for rule in found.broken} == set(story["expected_rules"])


def test_nothing_asked_is_not_a_green_light() -> None:
    found = judge("prp", "prp_ligament")

    assert (found.decision, found.status) == ("allowed", "incomplete")
    assert "anticoagulant_use" in found.unknown


def test_only_a_profession_that_every_relative_rule_names_may_unlock_it() -> None:
    found = judge("chiropractic_care", "cervical_thrust", anticoagulant_use=True)
    blocked = judge("chiropractic_care", "cervical_thrust", anticoagulant_use=True, rheumatoid_arthritis=True)

    relative = [it.rule for it in found.findings if it.rule.decision == "override_required"]
    assert found.override_roles == frozenset.intersection(*(frozenset(rule.override_roles) for rule in relative))
    assert found.override_roles
    assert blocked.override_roles == frozenset()


def test_the_gravest_finding_comes_first() -> None:
    found = judge("chiropractic_care", "cervical_thrust", bp_systolic=190, anticoagulant_use=True)

    ranks = [it.rank for it in found.findings]
    assert ranks == sorted(ranks, reverse=True)
    assert found.findings[0].rule.decision == "blocked"


@pytest.mark.parametrize(("op", "value", "known", "days"), [("<", 14, 10, 4), ("<", 14, 13.5, 1), ("<=", 14, 14, 1)])
def test_a_finding_that_counts_days_says_how_long_to_wait(op: str, value: float, known: float, days: int) -> None:
    test = FactTest(fact="days_since_nsaid", op=op, value=value)
    later = {"days_since_nsaid": known + days}

    assert test.days_until_it_passes({"days_since_nsaid": known}) == days
    assert not test.holds(later)


def test_a_treatment_or_technique_nobody_knows_is_never_answered_with_yes() -> None:
    for asked in (("juggling", None), ("prp", "cervical_thrust"), ("sc_otc_nsaid", "prp_ligament")):
        with pytest.raises(KeyError):
            rulebook().judge(asked[0], {}, technique=asked[1])
    with pytest.raises(KeyError):
        rulebook().happening("juggling")


def test_rules_about_the_first_ever_treatment_count_only_for_it() -> None:
    book = rulebook()
    rule = next(it for it in book.timing_rules.values() if it.applies_when == "first_ever_of_both")
    first, then = book.happening("laser_therapy"), book.happening("shockwave")

    usual = book.distance(first, then, gap_days=0, same_region=True)
    first_ever = book.distance(first, then, gap_days=0, same_region=True, holding=["first_ever_of_both"])

    assert rule not in usual.broken
    assert rule in first_ever.broken


def test_how_many_sessions_may_pass_before_somebody_looks_whether_it_helps() -> None:
    rules = rulebook().timing_rules.values()

    assert sessions_until_reassessment("dry_needling", rules=rules) == 3
    assert sessions_until_reassessment("posture_guidance", rules=rules) is None


def test_two_rules_that_contradict_each_other_stop_the_server() -> None:
    rule = next(iter(rulebook().contraindications.values()))
    other = replace(rule, code="ci_other", severity="caution")

    with pytest.raises(KnowledgeError, match="contradicts"):
        refuse_contradictions(Sheet("contraindications.toml", {}), [rule, other])


# --- for whatever is known of a patient


def facts() -> st.SearchStrategy[dict[str, bool | float]]:
    known = {
        code: st.booleans() if fact.value_type == "bool" else st.floats(0, 250, allow_nan=False)
        for code, fact in patients_rulebook().facts.items()
    }
    pairs = st.sampled_from(sorted(known)).flatmap(lambda code: st.tuples(st.just(code), known[code]))
    return st.lists(pairs, max_size=8).map(dict)  # type: ignore[arg-type]


@given(modality=st.sampled_from(sorted(rulebook().modalities)), told=facts(), more=facts())
@settings(max_examples=300)
def test_knowing_more_never_lifts_what_is_forbidden(modality: str, told: dict[str, Any], more: dict[str, Any]) -> None:
    before = rulebook().judge(modality, told)
    after = rulebook().judge(modality, more | told)

    assert STRICTNESS.index(after.decision) >= STRICTNESS.index(before.decision)


@given(modality=st.sampled_from(sorted(rulebook().modalities)), told=facts())
@settings(max_examples=300)
def test_what_is_unknown_never_allows(modality: str, told: dict[str, Any]) -> None:
    found = rulebook().judge(modality, told)
    required = rulebook().modalities[modality].required_screening_facts

    if any(code not in told for code in required):
        assert found.status not in {"allowed", "caution"}


@given(modality=st.sampled_from(sorted(rulebook().modalities)), told=facts())
@settings(max_examples=200)
def test_until_a_technique_is_chosen_every_techniques_rules_count(modality: str, told: dict[str, Any]) -> None:
    open_choice = rulebook().judge(modality, told)

    for technique in rulebook().modalities[modality].techniques:
        chosen = rulebook().judge(modality, told, technique=technique)
        assert STRICTNESS.index(chosen.decision) <= STRICTNESS.index(open_choice.decision)


# --- the reviewers' command


def test_a_reviewer_puts_stories_to_the_rulebook(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rulebook", "check")
    call_command("rulebook", "vignettes", str(HERE / "vignettes_timing.json"))

    said = capsys.readouterr().out
    assert "433 contraindications, 433 not yet confirmed by a clinician" in said
    assert re.search(r"Read and checked in \d+ ms", said)
    assert "All 16 stories came out as expected." in said


def test_a_story_that_comes_out_otherwise_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = dict(CONTRAINDICATIONS["vignettes"][0], expected_decision="blocked")
    unread = dict(wrong, id="contra_x", modality="juggling")
    file = tmp_path / "ours.json"
    file.write_text(json.dumps({"vignettes": [wrong, unread]}))

    with pytest.raises(CommandError, match="2 of 2 stories"):
        call_command("rulebook", "vignettes", str(file))

    said = capsys.readouterr().out
    assert "ours.json: contra_01: decision is 'allowed', expected 'blocked'" in said
    assert "contra_x: cannot be read" in said


@pytest.mark.parametrize("content", ["not json", "{}", '{"vignettes": [{"id": 1}]}'])
def test_a_file_without_stories_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ours.json"
    file.write_text(content)

    with pytest.raises(CommandError, match=r"ours\.json"):
        call_command("rulebook", "vignettes", str(file))
