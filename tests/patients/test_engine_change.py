"""Every threshold of a change, from both sides, and with its sign."""

from dataclasses import replace

import pytest

from patients.rules.change import Change, Reduction, change, change_of_activities, reduction
from patients.rules.rulebook import rulebook

MEASURES = rulebook().measures
NPRS, NDI, PSFS, GROC = (MEASURES[code] for code in ("nprs", "ndi", "psfs", "groc"))


@pytest.mark.parametrize(
    ("after", "by", "verdict", "meaning", "threshold"),
    [
        (10, 10.0, "better", "meaningful_better", 10.0),
        (10.1, 9.9, "better", "probable_better", 5.0),
        (15, 5.0, "better", "probable_better", 5.0),
        (15.1, 4.9, "unclear", "no_clear_change", 5.0),
        (20, 0.0, "unclear", "no_clear_change", 5.0),
        (24.9, -4.9, "unclear", "no_clear_change", 5.0),
        (25, -5.0, "worse", "probable_worse", 5.0),
        (30, -10.0, "worse", "meaningful_worse", 10.0),
    ],
)
def test_a_neck_score_of_twenty_later(after: float, by: float, verdict: str, meaning: str, threshold: float) -> None:
    assert change(NDI, 20, after) == Change(by, verdict, meaning, threshold, NDI.sources, 1)


def test_less_is_better_of_pain_and_of_disturbed_sleep_and_more_is_better_of_what_she_can_do() -> None:
    assert (change(NPRS, 6, 4).verdict, change(NPRS, 4, 6).verdict) == ("better", "worse")
    assert (change(MEASURES["sleep"], 6, 4).verdict, change(MEASURES["sleep"], 4, 6).verdict) == ("better", "worse")
    assert (change(PSFS, 4, 6).verdict, change(PSFS, 6, 4).verdict) == ("better", "worse")


def test_a_scale_without_a_threshold_may_call_nothing_better() -> None:
    with pytest.raises(ValueError, match=r"empty|arg"):
        change(GROC, 0, 7)
    probable_only = replace(NDI, thresholds={"probable": 5.0})

    assert change(probable_only, 20, 5).meaning == "probable_better"
    assert change(probable_only, 20, 19).threshold == 5.0


def test_a_clinic_may_call_less_than_one_point_a_change() -> None:
    strict = {"meaningful": 0.5, "one_activity": 9.0}

    assert change(replace(NDI, thresholds=strict), 10, 9.5).verdict == "better"
    assert change_of_activities(replace(PSFS, thresholds=strict), {"cook": 3}, {"cook": 4}).verdict == "better"


def test_tenths_are_counted_exactly() -> None:
    # In binary 2.3 - 0.3 is a little less than 2, which would be no change.
    assert change(NPRS, 2.3, 0.3).meaning == "meaningful_better"
    assert change(NPRS, 0.3, 2.3).meaning == "meaningful_worse"


# --- the patient's own activities


def activities(*steps: tuple[int | None, int | None]) -> Change:
    before = {f"activity {n}": was for n, (was, _) in enumerate(steps)}
    after = {f"activity {n}": now for n, (_, now) in enumerate(steps)}
    return change_of_activities(PSFS, before, after)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(3, 5), (3, 5)], Change(2.0, "better", "meaningful_better", 2.0, PSFS.sources, 2)),
        ([(5, 3), (5, 3)], Change(-2.0, "worse", "meaningful_worse", 2.0, PSFS.sources, 2)),
        ([(3, 5), (3, 4)], Change(1.5, "unclear", "no_clear_change", 2.0, PSFS.sources, 2)),
        ([(3, 6), (3, 3)], Change(1.5, "better", "single_activity_better", 3.0, PSFS.sources, 2)),
        ([(3, 5), (3, 3)], Change(1.0, "unclear", "no_clear_change", 2.0, PSFS.sources, 2)),
        ([(6, 3), (3, 3)], Change(-1.5, "worse", "single_activity_worse", 3.0, PSFS.sources, 2)),
        ([(5, 3), (3, 3)], Change(-1.0, "unclear", "no_clear_change", 2.0, PSFS.sources, 2)),
        ([(3, 6), (6, 3)], Change(0.0, "unclear", "no_clear_change", 2.0, PSFS.sources, 2)),
        ([(3, 6), (6, 4)], Change(0.5, "better", "single_activity_better", 3.0, PSFS.sources, 2)),
        ([(6, 3), (4, 6)], Change(-0.5, "worse", "single_activity_worse", 3.0, PSFS.sources, 2)),
        ([(3, 8), (6, 3)], Change(1.0, "unclear", "no_clear_change", 2.0, PSFS.sources, 2)),
        ([(8, 3), (3, 6)], Change(-1.0, "unclear", "no_clear_change", 2.0, PSFS.sources, 2)),
        ([(3, 6), (2, None), (None, 9)], Change(3.0, "better", "meaningful_better", 2.0, PSFS.sources, 1)),
        ([(0, 2), (2, 0)], Change(0.0, "unclear", "no_clear_change", 2.0, PSFS.sources, 2)),
    ],
)
def test_what_she_can_do_again(steps: list[tuple[int | None, int | None]], expected: Change) -> None:
    assert activities(*steps) == expected


def test_without_an_activity_rated_twice_nothing_is_said() -> None:
    with pytest.raises(ValueError, match=r"^no activity was rated both times$"):
        activities((3, None), (None, 4))


# --- days with headache


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (12, 6, Reduction(50.0, True)),
        (12, 6.1, Reduction(49.2, False)),
        (12, 12, Reduction(0.0, False)),
        (10, 15, Reduction(-50.0, False)),
        (1, 0, Reduction(100.0, True)),
        (0.5, 0.2, Reduction(60.0, True)),
        (0, 3, None),
    ],
)
def test_half_as_many_days_with_headache_are_a_response(
    before: float, after: float, expected: Reduction | None
) -> None:
    assert reduction(MEASURES["headache_days"], before, after) == expected
