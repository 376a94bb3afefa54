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


def test_an_injured_neck_is_not_turned_before_a_low_risk_factor_is_found() -> None:
    def spine(**answers: bool) -> quick_tests.SpineCheck | None:
        return quick_tests.c_spine({"rf_known_injury": True, **answers}, book=BOOK)

    asked, high = spine(), spine(rf_age_65_or_over=True, low_risk_factor=True)
    low, none, stuck = (
        spine(low_risk_factor=True),
        spine(low_risk_factor=False),
        spine(low_risk_factor=True, rf_cannot_rotate_45=True),
    )

    assert quick_tests.c_spine({"rf_known_injury": False, "rf_age_65_or_over": True}, book=BOOK) is None
    assert asked
    assert (asked.needs_low_risk, asked.may_turn, asked.needs_imaging) == (True, False, False)
    assert high
    assert (high.needs_low_risk, high.may_turn, high.needs_imaging) == (False, False, True)
    assert low
    assert (low.may_turn, low.needs_imaging) == (True, False)
    assert none
    assert (none.may_turn, none.needs_imaging) == (False, True)
    assert stuck
    assert stuck.needs_imaging


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
