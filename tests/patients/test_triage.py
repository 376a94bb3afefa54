"""What the answers to the warning signs mean together."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.rulebook import Rulebook, intake_questions, rulebook
from patients.rules.triage import Reason, TriageResult, triage

VIGNETTES: dict[str, Any] = json.loads((Path(__file__).parent / "vignettes_triage.json").read_text())
FLAGS = sorted(rulebook().red_flags)


def screen(*yes: str, asked: tuple[str, ...] = (), **numbers: float) -> TriageResult:
    return triage(dict.fromkeys(yes, True), numbers=numbers, asked=asked, rulebook=rulebook())


def codes(result: TriageResult) -> set[str]:
    return {rule.code for rule in result.positive}


def in_short(blocks: Collection[str]) -> set[str]:
    return {"all"} if "all" in blocks else set(blocks)


@pytest.mark.parametrize("story", VIGNETTES["vignettes"], ids=lambda story: str(story["id"]))
def test_each_told_story_gets_the_urgency_a_clinician_expects(story: Mapping[str, Any]) -> None:
    result = screen(*story["answers_yes"], **story["numbers"])

    assert result.urgency == story["expected_urgency"]
    assert {fired.code for fired in result.combinations} >= set(story["expected_combinations"])
    assert in_short(result.blocks) == set(story["expected_blocked"])


@pytest.mark.parametrize(("flag", "urgency"), VIGNETTES["single_flag_expected_urgency"].items())
def test_each_warning_sign_alone_has_its_expected_urgency(flag: str, urgency: str) -> None:
    assert screen(flag).urgency == urgency


def test_every_warning_sign_has_an_expected_urgency() -> None:
    assert set(VIGNETTES["single_flag_expected_urgency"]) == set(rulebook().red_flags)


def test_nothing_to_report_books_as_normal() -> None:
    result = triage(dict.fromkeys(FLAGS, False), asked=FLAGS, rulebook=rulebook())

    assert result == TriageResult(
        urgency="none", positive=(), combinations=(), blocks=frozenset(), unanswered=(), reasons=()
    )
    assert result.is_complete
    assert rulebook().urgencies[result.urgency].books_treatment


def test_the_reasons_say_why_gravest_first_and_where_it_is_written() -> None:
    result = screen("rf_age_65_or_over", "rf_known_injury")

    assert result.reasons == (
        Reason(
            code="cmb_cspine_rule",
            words="Canadian C-spine rule: imaging needed; also fragile bone",
            urgency="emergency_now",
            sources=("ccr",),
        ),
        Reason(
            code="rf_known_injury",
            words="Recent neck injury, not medically cleared",
            urgency="same_day",
            sources=("seed_000", "ccr"),
        ),
        Reason(
            code="rf_age_65_or_over",
            words="Age 65 or over (Canadian C-spine rule high-risk factor when there was an injury)",
            urgency="none",
            sources=("ccr",),
        ),
    )


def test_two_of_the_five_ds_and_three_ns_are_an_emergency_but_one_is_not() -> None:
    assert screen("rf_dizziness").urgency == "refer_before_treatment"
    assert screen("rf_dizziness", "rf_nausea_unexplained").urgency == "emergency_now"


def test_a_grave_question_left_open_blocks_like_a_yes_but_is_not_counted_as_one() -> None:
    result = triage({}, asked=["rf_diplopia_vision_loss"], rulebook=rulebook())

    assert result == TriageResult(
        urgency="none",
        positive=(),
        combinations=(),
        blocks=frozenset({"all"}),
        unanswered=("rf_diplopia_vision_loss",),
        reasons=(),
    )
    assert not result.is_complete


def test_a_same_day_question_left_open_blocks_hands_on_treatment() -> None:
    result = triage({}, asked=["rf_gait_change"], rulebook=rulebook())

    assert (result.urgency, result.blocks, result.unanswered) == ("none", {"hands_on"}, ("rf_gait_change",))


def test_a_milder_question_left_open_does_not_hold_the_screen_up() -> None:
    result = triage({}, asked=["rf_cancer_history"], rulebook=rulebook())

    assert (result.is_complete, result.blocks) == (True, frozenset())


def test_open_questions_are_listed_gravest_first() -> None:
    result = triage({}, asked=["rf_fever", "rf_dysarthria"], rulebook=rulebook())

    assert result.unanswered == ("rf_dysarthria", "rf_fever")


def test_a_question_that_need_not_be_asked_any_more_is_not_missed(tmp_path: Path) -> None:
    skipped = rulebook().red_flags["rf_cannot_rotate_45"].skip_if_any

    result = screen(*skipped, asked=("rf_cannot_rotate_45",))

    assert result.is_complete


@pytest.mark.parametrize(("age", "is_sixty_five"), [(64, False), (65, True), (90, True)])
def test_age_is_counted_from_the_birth_date_not_asked(age: int, is_sixty_five: bool) -> None:
    assert ("rf_age_65_or_over" in codes(screen(age_years=age))) is is_sixty_five


def test_an_injury_at_seventy_one_is_an_emergency_without_asking_for_the_age() -> None:
    assert screen("rf_known_injury", age_years=71).urgency == "emergency_now"
    assert screen("rf_known_injury", age_years=30).urgency == "same_day"


@pytest.mark.parametrize(("age", "fires"), [(19, True), (20, False), (55, False), (56, True)])
def test_very_young_and_older_patients_are_asked_whether_this_is_the_first_episode(age: int, fires: bool) -> None:
    words = [it.words for it in screen(age_years=age).reasons if it.code == "rf_first_episode_under_20_over_55"]

    assert words == (["Age under 20 or over 55: ask whether this is the first episode"] if fires else [])


def test_a_first_episode_that_was_confirmed_is_called_one() -> None:
    (reason,) = screen("rf_first_episode_under_20_over_55", age_years=56).reasons

    assert reason.words == "First sudden episode before 18-20 or after 55"


@pytest.mark.parametrize(
    ("numbers", "urgency", "unanswered"),
    [
        ({"bp_systolic": 180, "bp_diastolic": 80}, "same_day", ()),
        ({"bp_systolic": 120, "bp_diastolic": 120}, "same_day", ()),
        ({"bp_systolic": 179, "bp_diastolic": 119}, "none", ()),
        ({"bp_systolic": 179}, "none", ("rf_bp_crisis",)),
        ({}, "none", ("rf_bp_crisis",)),
    ],
)
def test_blood_pressure_is_judged_by_both_numbers(
    numbers: dict[str, float], urgency: str, unanswered: tuple[str, ...]
) -> None:
    result = triage({}, numbers=numbers, asked=["rf_bp_crisis"], rulebook=rulebook())

    assert (result.urgency, result.unanswered) == (urgency, unanswered)


def test_pain_of_eight_is_very_severe_even_if_the_patient_ticked_no() -> None:
    result = triage({"rf_pain_very_severe": False}, numbers={"nprs_current": 8}, rulebook=rulebook())

    assert (result.urgency, codes(result)) == ("same_day", {"rf_pain_very_severe"})


def test_pain_of_six_does_not_answer_for_a_patient_who_may_find_it_unbearable() -> None:
    result = triage({}, numbers={"nprs_current": 6}, asked=["rf_pain_very_severe"], rulebook=rulebook())

    assert result.unanswered == ("rf_pain_very_severe",)
    assert screen("rf_pain_very_severe", nprs_current=6).urgency == "same_day"


@pytest.mark.parametrize("asked", [(), ("rf_no_such_question",)])
def test_an_answer_nobody_knows_the_question_to_is_never_dropped_in_silence(asked: tuple[str, ...]) -> None:
    with pytest.raises(KeyError):
        triage({} if asked else {"rf_no_such_question": False}, asked=asked, rulebook=rulebook())


@given(st.sets(st.sampled_from(FLAGS)), st.sampled_from(FLAGS))
def test_one_more_yes_never_makes_it_less_urgent_nor_frees_a_treatment(yes: set[str], more: str) -> None:
    before, after = screen(*yes), screen(*yes, more)
    rank = rulebook().rank

    assert rank(after.urgency) >= max(rank(before.urgency), rank(rulebook().red_flags[more].urgency))
    assert after.blocks >= before.blocks or "all" in after.blocks


@given(st.dictionaries(st.sampled_from(FLAGS), st.booleans()), st.sets(st.sampled_from(FLAGS)))
def test_an_open_question_never_blocks_less_than_an_answered_one(answers: dict[str, bool], asked: set[str]) -> None:
    book: Rulebook = rulebook()

    silent = triage(answers, asked=asked, rulebook=book)
    answered = triage(dict.fromkeys(asked, False) | answers, asked=asked, rulebook=book)

    assert silent.blocks >= answered.blocks or "all" in silent.blocks
    assert silent.urgency == answered.urgency


def test_all_intake_questions_left_blank_block_everything_without_crying_emergency() -> None:
    result = triage({}, asked=[rule.code for rule in intake_questions(40)], rulebook=rulebook())

    assert (result.urgency, result.is_complete, "all" in result.blocks) == ("none", False, True)
