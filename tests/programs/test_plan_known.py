"""What is known of a patient when a program is chosen, looked at again and ended: how it goes at home."""

from datetime import time, timedelta

import pytest
from factories import MONDAY, NOW
from plan_cast import a_plan

from programs.actions import exercises, plan_known, plan_pauses, plan_templates, posture
from programs.models import Plan
from programs.rules import criteria
from programs.rules.rulebook import rulebook

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SEDENTARY = "tpl_office_posture_4w"
LOW = "psr_low_adherence"


@pytest.fixture
def plan() -> Plan:
    return a_plan()


def ticked(plan: Plan, days: range) -> None:
    for n in days:
        now = NOW + n * DAY
        exercises.tick_all(plan, on=now.date(), by=plan.started_by, now=now)


def checked(plan: Plan, *met: str, on: int) -> None:
    items = list(rulebook().posture_items)[:4]
    answers = {code: "met" if code in met else "not_met" for code in items}
    posture.check(plan.patient, answers, by=plan.started_by, now=NOW + on * DAY)


def test_exercises_of_the_last_two_weeks_are_known_and_may_be_a_reason_to_stop(plan: Plan) -> None:
    ticked(plan, range(4))
    rule = rulebook().stop_criteria[LOW]

    early = plan_known.known(plan.patient, on=MONDAY + 8 * DAY, plan=plan)
    later = plan_known.known(plan.patient, on=MONDAY + 16 * DAY, plan=plan)

    assert "adherence_percent" not in early
    assert 0 < later["adherence_percent"] < 50
    assert [criteria.holds(rule.when, it) for it in (early, later)] == [None, True]


def test_two_full_weeks_are_a_hundred_percent_and_a_pause_does_not_count(plan: Plan) -> None:
    ticked(plan, range(10))
    plan_pauses.pause(plan, reason="illness", by=plan.started_by, now=NOW + 10 * DAY)

    known = plan_known.known(plan.patient, on=MONDAY + 15 * DAY, plan=plan)

    assert known["adherence_percent"] == 100


def test_posture_is_known_from_a_check_since_the_plan_began_until_it_is_due_again(plan: Plan) -> None:
    items = list(rulebook().posture_items)[:4]
    checked(plan, *items, on=-3)
    before = plan_known.known(plan.patient, on=MONDAY + DAY, plan=plan)
    checked(plan, *items[:3], on=2)

    known, stale = (plan_known.known(plan.patient, on=MONDAY + n * DAY, plan=plan) for n in (3, 50))

    assert "posture_adherence" not in before
    assert known["posture_adherence"] == 75
    assert "posture_adherence" not in stale


def test_a_plan_may_end_when_scores_and_posture_say_so(plan: Plan) -> None:
    asked = [it for it in plan_templates.current().values() if any(
        test.field == "posture_adherence" for group in it.discharge_when for test in group
    )]  # fmt: skip
    items = list(rulebook().posture_items)[:4]
    checked(plan, *items, on=2)

    known = {**plan_known.known(plan.patient, on=MONDAY + 3 * DAY, plan=plan), "nprs_current": 1}

    assert [criteria.reached(it.discharge_when, known) for it in asked] == [True]


def test_what_is_known_costs_the_same_however_much_was_done(plan: Plan, django_assert_num_queries: object) -> None:
    ticked(plan, range(14))

    with django_assert_num_queries(9):  # type: ignore[operator]
        plan_known.known(plan.patient, on=MONDAY + 16 * DAY, plan=plan)


def test_breaks_that_were_told_of_count_once_the_day_is_over(plan: Plan) -> None:
    posture.set_breaks(plan, [time(8), time(9)], by=plan.started_by, now=NOW)
    noon = NOW.replace(hour=12)
    posture.note_break(plan, time(8), is_taken=True, by=plan.started_by, now=noon)

    days = [plan_known.known(plan.patient, on=MONDAY + n * DAY, plan=plan) for n in (0, 1, 20)]
    checked(plan, *list(rulebook().posture_items)[:4], on=1)
    together = plan_known.known(plan.patient, on=MONDAY + 2 * DAY, plan=plan)

    assert [it.get("posture_adherence") for it in days] == [None, 50, None]
    assert together["posture_adherence"] == 75
