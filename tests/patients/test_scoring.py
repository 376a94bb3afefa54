"""Scales: from answers to a score, and from two scores to better, worse or unclear."""

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules import change, scoring
from patients.rules.rulebook import rulebook as patients_rulebook
from programs.rules.rulebook import rulebook as programs_rulebook
from programs.rules.vignettes import Books, told

VECTORS = json.loads((Path(__file__).parent / "vectors_outcome_measures.json").read_text())["vectors"]
BOOKS = Books(patients_rulebook(), programs_rulebook())
MEASURES = patients_rulebook().measures


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["id"]))
def test_each_worked_example_comes_out_as_by_hand(vector: Mapping[str, Any]) -> None:
    assert list(told({"vectors": [vector]}, BOOKS)) == [(vector["id"], "")]


def test_a_scale_says_how_much_of_it_was_answered() -> None:
    found = scoring.score(MEASURES["ndi"], {"pain_intensity": 3, "lifting": 2})

    assert (found.answered, found.asked, found.is_complete, found.is_scorable) == (2, 10, False, False)
    assert found.values["raw_equivalent"] is None


@pytest.mark.parametrize("code", ["crom", "stress_rating"])
def test_a_scale_that_is_only_shown_is_never_scored(code: str) -> None:
    with pytest.raises(KeyError):
        scoring.score(MEASURES[code], {})
    with pytest.raises(ValueError, match=r"empty|arg"):
        change.change(MEASURES[code], 1, 2)


def test_the_usual_swing_is_called_neither_better_nor_worse() -> None:
    found = change.change(MEASURES["nprs"], 7, 6)

    assert (found.verdict, found.meaning, found.by, found.threshold) == ("unclear", "no_clear_change", 1.0, 2.0)
    assert found.sources


def test_a_change_names_the_threshold_it_reached_and_where_that_comes_from() -> None:
    found = change.change(MEASURES["ndi"], 24, 17.8)

    assert (found.verdict, found.meaning, found.threshold) == ("better", "probable_better", 5.0)
    assert "ndi_young_2009" in found.sources


def test_only_activities_rated_both_times_are_compared() -> None:
    psfs = MEASURES["psfs"]
    found = change.change_of_activities(psfs, {"drive": 3, "sleep": 2, "cook": None}, {"drive": 6, "cook": 9})

    assert (found.paired, found.by, found.verdict) == (1, 3.0, "better")
    with pytest.raises(ValueError, match="both times"):
        change.change_of_activities(psfs, {"drive": 3}, {"sleep": 4})


def test_headache_that_was_not_there_cannot_become_less() -> None:
    assert change.reduction(MEASURES["headache_days"], 0, 3) is None


@given(before=st.integers(0, 10), after=st.integers(0, 10))
def test_there_and_back_is_the_opposite(before: int, after: int) -> None:
    there, back = change.change(MEASURES["nprs"], before, after), change.change(MEASURES["nprs"], after, before)

    opposite = {"better": "worse", "worse": "better", "unclear": "unclear"}
    assert back.verdict == opposite[there.verdict]
    assert back.by == -there.by


@given(answers=st.fixed_dictionaries({item["code"]: st.integers(0, 5) for item in MEASURES["ndi"].items}))
def test_a_worse_answer_never_makes_the_neck_score_better(answers: dict[str, int]) -> None:
    worse = answers | {"lifting": 5}

    assert (scoring.score(MEASURES["ndi"], worse).values["raw"] or 0) >= (
        scoring.score(MEASURES["ndi"], answers).values["raw"] or 0
    )


# --- rounding and bands


@pytest.mark.parametrize(
    ("hundredths", "rounded"),
    [(3555, 35.6), (3554, 35.5), (25, 0.3), (24, 0.2), (-205, -2.0), (-206, -2.1), (700, 7.0)],
)
def test_half_is_rounded_up(hundredths: int, rounded: float) -> None:
    assert scoring.round_half_up(Fraction(hundredths, 100)) == rounded


@pytest.mark.parametrize(
    ("value", "band"), [(4.9, "none"), (5, "mild"), (14.9, "mild"), (15, "moderate"), (50, "complete")]
)
def test_a_band_begins_at_its_first_number(value: float, band: str) -> None:
    assert scoring.band_of(MEASURES["ndi"], value) == band


def test_no_score_has_no_band() -> None:
    assert scoring.band_of(MEASURES["ndi"], None) is None
    assert scoring.band_of(MEASURES["ndi"], -1) is None
