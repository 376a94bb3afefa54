"""The note that the taps write, its digest, the movements and the quick tests: rules without a database."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules import follow_up, movement, notes, quick_tests, trends
from patients.rules.rulebook import rulebook

BOOK = rulebook()
LINH = notes.Taps(
    worst=3,
    worst_before=5,
    reaction="sore",
    sleep="better",
    all_no=True,
    readings=movement.readings(
        {"turn_right": 60, "turn_left": 68, "look_down": 50}, {"turn_right": 48, "turn_left": 62, "look_up": 50}
    ),
    given=(
        notes.Given(
            name="Dry needling",
            technique="Superficial dry needling",
            places=("Upper trapezius (right)",),
            dose=("4 needles",),
            reaction="None",
        ),
    ),
    plan="keep",
    exercises="same",
    next_visit="22 September",
)


def test_the_taps_write_the_note() -> None:
    assert notes.text(LINH).splitlines() == [
        "Said: Worst pain 3, was 5. After the last visit: sore for 1 day. Sleep better.",
        "Found: Safety questions asked again, all no. Look down 50°. Turn left 68°, was 62°. Turn right 60°, was 48°.",
        "Did: Dry needling: superficial dry needling, upper trapezius (right), 4 needles. Reaction in the room: none.",
        "Next: Plan and exercises stay the same. Next visit 22 September.",
    ]


def test_what_was_not_tapped_is_not_written() -> None:
    assert notes.text(notes.Taps()) == ""
    assert notes.text(notes.Taps(worst=0)) == "Said: Worst pain 0."


def test_a_lot_a_reason_and_a_skipped_treatment_are_written() -> None:
    prp = notes.Given(
        name="PRP", technique="PRP to ligaments", dose=("4 ml",), lot="K-77", because="Agreed with Dr Weber"
    )

    assert notes.parts(notes.Taps(given=(prp, notes.Given(name="Laser", was_skipped=True))))[0].sentences == [
        "PRP: PRP to ligaments, 4 ml, lot K-77. Given although a rule speaks against it: Agreed with Dr Weber.",
        "Laser left out today.",
    ]


def test_a_yes_is_written_and_no_all_no_beside_it() -> None:
    words = notes.text(replace(LINH, all_no=False, yes=("Fever with neck pain",), tested=("Nystagmus: no",)))

    assert "Yes to: Fever with neck pain." in words
    assert "all no" not in words
    assert "Nystagmus: no." in words


def test_the_digest_does_not_depend_on_the_order_and_changes_with_any_letter() -> None:
    one = notes.digest({"note": "Said: x", "moves": {"a": 1, "b": 2}})

    assert one == notes.digest({"moves": {"b": 2, "a": 1}, "note": "Said: x"})
    assert one != notes.digest({"moves": {"b": 2, "a": 1}, "note": "Said: y"})
    assert len(one) == 64


def test_what_was_not_measured_today_is_not_taken_from_last_time() -> None:
    found = {
        it.movement.code: (it.now, it.change)
        for it in movement.readings({"look_up": 40}, {"look_up": 45, "look_down": 50})
    }

    assert (found["look_up"], found["look_down"]) == ((40, -5), (None, None))


def test_every_condition_has_its_group_and_every_question_is_put_once() -> None:
    questions = follow_up.questions_again(50, book=BOOK)
    groups = follow_up.grouped(questions)

    assert len(questions) > 50
    assert sorted(it.code for group in groups for it in group.questions) == sorted(it.code for it in questions)
    assert {code for _label, codes in follow_up.GROUPS.values() for code in codes} <= BOOK.conditions.keys()


@pytest.mark.parametrize(("days", "is_due"), [(None, True), (27, False), (28, True)])
def test_the_disability_index_is_due_after_four_weeks(days: int | None, is_due: bool) -> None:
    on = date(2026, 9, 14)

    assert follow_up.due("ndi", None if days is None else on - timedelta(days=days), on=on) is is_due
    assert follow_up.due("nprs", on, on=on)


def test_unsteady_legs_call_for_the_reflexes() -> None:
    cord = [code for code, it in BOOK.red_flags.items() if "myelopathy" in it.may_indicate and it.asked_of == "patient"]

    found = quick_tests.suggested(cord[:1], book=BOOK)

    assert [it.rule.code for it in found] == ["rf_upper_motor_neuron_signs"]
    assert quick_tests.suggested([], book=BOOK) == ()
    assert quick_tests.suggested(["rf_of_an_older_rulebook"], book=BOOK) == ()


def spine(*, low: dict[str, bool] | None = None, age: int | None = 40, **answers: bool) -> quick_tests.SpineResult:
    told = {"rf_known_injury": True, **answers}
    found = quick_tests.c_spine(told, low_risk=low or {}, age_years=age, book=BOOK)
    assert found
    return found.result


def test_an_injured_neck_is_judged_factor_by_factor_and_unknown_is_never_no() -> None:
    result = quick_tests.SpineResult
    clear = {"rf_dangerous_mechanism": False, "rf_limb_tingling_after_injury": False}
    walked, none = {"walked_since": True}, dict.fromkeys(quick_tests.LOW_RISK, False)

    assert quick_tests.c_spine({"rf_fever": True}, low_risk={}, age_years=70, book=BOOK) is None
    assert spine() == result.ASK_HIGH_RISK
    assert spine(low=walked) == result.ASK_HIGH_RISK
    assert spine(**clear) == result.ASK_LOW_RISK
    assert spine(**clear, low=none | {"sitting": True}) == result.MAY_TURN
    assert spine(**clear, low=walked) == result.MAY_TURN
    assert spine(**clear, low=walked, rf_cannot_rotate_45=True) == result.IMAGING
    assert spine(**clear, low=walked, rf_cannot_rotate_45=False) == result.NO_IMAGING
    assert spine(**clear, low=none) == result.IMAGING
    assert spine(low={k: v for k, v in none.items() if k != "sitting"}, **clear) == result.ASK_LOW_RISK


def test_age_is_read_from_the_birth_date_and_an_unknown_one_is_asked() -> None:
    result = quick_tests.SpineResult
    clear = {"rf_dangerous_mechanism": False, "rf_limb_tingling_after_injury": False}
    walked = {"walked_since": True}

    assert spine(age=65, **clear, low=walked) == result.IMAGING
    assert spine(age=None, **clear, low=walked) == result.ASK_HIGH_RISK
    assert spine(age=None, rf_age_65_or_over=False, **clear, low=walked) == result.MAY_TURN
    assert spine(age=15, **clear, low=walked) == result.NOT_VALID
    assert spine(rf_head_injury_loss_of_consciousness=True, **clear, low=walked) == result.NOT_VALID


def test_the_low_risk_factors_are_kept_under_the_name_of_their_words() -> None:
    words = dict(zip(quick_tests.LOW_RISK, BOOK.c_spine_rule.low_risk_factors, strict=True))

    for code, part in (
        ("simple_rear_end", "rear-end"), ("sitting", "sitting"), ("walked_since", "walking"),
        ("delayed_pain", "delayed"), ("no_midline_tenderness", "no midline"),
    ):  # fmt: skip
        assert part in words[code]


def readings(*values: float) -> list[trends.Reading]:
    return [trends.Reading(date(2026, 9, 1) + timedelta(days=7 * nth), value) for nth, value in enumerate(values)]


def test_a_pain_line_stands_on_an_axis_from_0_to_10_with_the_usual_swing() -> None:
    trend = trends.drawn(BOOK.measures["nprs"], readings(7, 6, 5, 5, 3))

    assert trend
    assert (trend.most, trend.swing, trend.is_outside) == (10.0, 2.0, True)
    assert (trend.dots[0].y, trend.band_top, trend.band_height) == (35.8, 18.6, 34.4)
    assert trend.change
    assert (trend.change.by, trend.change.verdict) == (4.0, "better")


def test_seven_to_six_is_the_usual_swing_and_no_line_is_drawn_without_a_score() -> None:
    trend = trends.drawn(BOOK.measures["nprs"], readings(7, 6))

    assert trend
    assert (trend.is_outside, trend.change and trend.change.verdict) == (False, "unclear")
    gone = trends.drawn(BOOK.measures["nprs"], readings(7, 2, 0))
    assert gone
    assert [dot.said_y < trends.BOTTOM for dot in gone.dots] == [True, True, True], "no number stands on the days"
    assert trends.drawn(BOOK.measures["nprs"], []) is None
    assert trends.drawn(BOOK.measures["attendance"], readings(1)) is None


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_every_dot_stays_inside_the_drawing(values: list[int]) -> None:
    trend = trends.drawn(BOOK.measures["ndi"], readings(*values))

    assert trend
    assert all(trends.LEFT <= dot.x <= trends.RIGHT and trends.TOP <= dot.y <= trends.BOTTOM for dot in trend.dots)
    assert trends.TOP <= trend.band_top <= trend.band_top + trend.band_height <= trends.BOTTOM + 0.1
    assert len(trend.readings) == len(values)
    assert trend.dots[-1].value == values[-1]
