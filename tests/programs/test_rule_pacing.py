"""How near treatments may come to each other, and when somebody must look whether they help."""

import json
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programs.rules import pacing
from programs.rules.adjusting import GAP, Change, adjusted
from programs.rules.contraindications import Judgement
from programs.rules.pacing import Pace, Session
from programs.rules.rulebook import rulebook

BOOK = rulebook()
DAY = date(2026, 9, 14)
STRICTNESS = ("allowed", "caution", "incomplete", "override_required", "blocked")
NEEDLES = "dry_needling"


def on(days: int, modality: str = NEEDLES, technique: str = "", regions: tuple[str, ...] = ()) -> Session:
    return Session(modality, DAY + timedelta(days=days), technique, regions)


def judged(asked: Session, *others: Session, unlooked: int = 0) -> Judgement:
    pace = Pace(tuple(pacing.pairs(asked, others, book=BOOK)), unlooked)
    return pacing.judged(BOOK.judge(asked.modality, {}), pace, book=BOOK)


def said(asked: Session, *others: Session, unlooked: int = 0) -> dict[str, int | None]:
    return {it.rule.code: it.defer_days for it in judged(asked, *others, unlooked=unlooked).findings}


def test_a_second_needling_waits_two_days_and_better_five() -> None:
    assert said(on(1), on(0)) == {"int_dn_dn": 1, "int_dn_dn_preferred": 4}
    assert said(on(2), on(0)) == {"int_dn_dn_preferred": 3}
    assert said(on(5), on(0)) == {}
    assert judged(on(1), on(0)).decision == "override_required"
    assert judged(on(2), on(0)).decision == "caution"


def test_what_is_booked_after_it_counts_like_what_was_given_before() -> None:
    assert said(on(0), on(1)).keys() == {"int_dn_dn", "int_dn_dn_preferred"}
    # Needling may come right before an injection a day later, but not right after one.
    assert said(on(0), on(1, "prp")) == {}
    assert said(on(1), on(0, "prp")) == {"int_prp_dn": 13}


def test_an_injection_and_a_thrust_on_one_day_are_never_unlocked() -> None:
    found = judged(on(0, "chiropractic_care", "cervical_thrust"), on(0, "prp"))

    assert found.decision == "blocked"
    assert found.override_roles == frozenset()


def test_another_place_is_another_matter_and_an_unknown_place_is_the_same() -> None:
    left, right = ("upper_trapezius:left",), ("upper_trapezius:right",)

    assert said(on(1, regions=left), on(0, regions=right)) == {}
    assert said(on(1, regions=left), on(0, regions=("lateral_neck:left",))) == {}
    for same in ((), left, ("upper_trapezius:both",), ("upper_trapezius",), ("upper_trapezius:left:C5-C6",)):
        assert "int_dn_dn" in said(on(1, regions=left), on(0, regions=same))


def test_two_treatments_that_both_begin_on_one_day_are_said() -> None:
    assert "int_two_first_same_day" in said(on(0, "laser_therapy"), on(0, "shockwave"))
    assert said(on(0, "laser_therapy"), on(0, "shockwave"), on(-30, "shockwave")) == {}


def test_at_one_sitting_only_what_must_not_be_is_said() -> None:
    needled = Session(NEEDLES, DAY, is_open=True)

    assert said(on(0, "laser_therapy"), needled) == {}
    assert "int_injection_same_region_same_day" in said(on(0, "prp"), needled)


def test_after_three_needlings_somebody_looks_whether_it_helps() -> None:
    assert said(on(0), unlooked=2) == {}
    assert said(on(0), unlooked=3) == {"int_reassess_dn": None}
    assert judged(on(0, "prp"), unlooked=1).decision == "override_required"


def test_the_record_counts_the_days_since_a_treatment_by_itself() -> None:
    given_ = [on(-9, "prp"), on(-30, "prp"), on(-2), on(3)]

    assert pacing.days_since(DAY, given_) == {
        "days_since_prp": (9, DAY - timedelta(days=9)),
        "days_since_last_dn_same_region": (2, DAY - timedelta(days=2)),
    }
    assert pacing.days_since(DAY, []) == {}, "it may have been given elsewhere"


def test_what_was_near_is_kept_with_the_decision_and_judged_the_same_again() -> None:
    pace = Pace(tuple(pacing.pairs(on(1), [on(0), on(30), Session("prp", DAY, sitting=UUID(int=1))], book=BOOK)), 4)

    kept = json.loads(json.dumps(pacing.as_kept(pace)))

    assert pacing.from_kept(kept) == pace
    assert pacing.from_kept({}) == pacing.NO_PACE
    assert pacing.as_kept(pacing.NO_PACE) == {}
    assert {it.gap_days for it in pace.pairs} == {1}, "what no rule looks at is not kept"


def test_a_longer_distance_of_the_clinic_is_seen_in_what_was_kept() -> None:
    book = adjusted(BOOK, [Change(GAP, "int_dn_dn", 4)], version="x+1")
    pace = Pace(tuple(pacing.pairs(on(3), [on(0)], book=BOOK)))

    assert pacing.judged(BOOK.judge(NEEDLES, {}), pace, book=BOOK).decision == "caution"
    assert pacing.judged(BOOK.judge(NEEDLES, {}), pace, book=book).decision == "override_required"


@given(
    st.sampled_from(sorted(BOOK.modalities)),
    st.lists(st.tuples(st.integers(-40, 40), st.sampled_from(sorted(BOOK.modalities))), max_size=5),
    st.integers(0, 8),
)
@settings(max_examples=80)
def test_another_treatment_near_it_never_makes_it_milder(modality: str, others: list[tuple[int, str]], n: int) -> None:
    before = BOOK.judge(modality, {})
    after = judged(on(0, modality), *(on(days, code) for days, code in others), unlooked=n)

    assert STRICTNESS.index(after.decision) >= STRICTNESS.index(before.decision)
    assert STRICTNESS.index(after.status) >= STRICTNESS.index(before.status)
    assert [it.rank for it in after.findings] == sorted((it.rank for it in after.findings), reverse=True)


@pytest.mark.parametrize("gap", [0, 1, 2, 5, 13, 14, 27, 28])
@pytest.mark.parametrize("first", ["prp", NEEDLES, "shockwave"])
def test_the_pairs_say_what_the_timing_rules_say(first: str, gap: int) -> None:
    book, asked = BOOK, on(gap)
    near = book.distance(book.happening(first), book.happening(NEEDLES), gap_days=gap, same_region=True)

    if gap:
        assert said(asked, on(0, first)).keys() == {rule.code for rule in near.broken}
