"""Whole plans: every proposal keeps every rule, the best is found, and what is impossible is told with what helps."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from series_checker import breaches, too_near

from clinic.appointments.rules.series.answer import Answer, Impossible, Limit, Proposal
from clinic.appointments.rules.series.problem import Problem
from clinic.appointments.rules.series.repairing import agreed, repair, repair_all, resolve_keeping
from clinic.appointments.rules.series.solving import solve
from clinic.bench.plan import given_twice
from clinic.bench.plan_cases import COURSES, a_clinic, a_plan, with_a_life
from clinic.bench.plan_day import a_day_lost
from clinic.bench.plan_oracle import above, best_of_all, cost, less_that_helps
from clinic.bench.plan_small import a_small_problem

# PLANS=5000 pytest tests/clinic/test_series_solver.py tries as many random clinics.
MANY = int(os.environ.get("PLANS", "5"))
random_clinics = settings(max_examples=MANY, suppress_health_check=list(HealthCheck), derandomize=True)
AUTUMN, SPRING = date(2026, 10, 19), date(2027, 3, 1)  # two weeks before clocks change


def a_case(seed: int, first: date = AUTUMN, *, most: int = 7) -> Problem:
    chance = Random(seed)
    clinic = a_clinic(chance, first=first, days=40, clinicians=chance.randrange(2, 6), sites=chance.randrange(1, 3))
    plan = a_plan(chance, clinic, sessions=chance.randrange(1, most), weeks=chance.randrange(2, 6))
    return with_a_life(chance, plan, clinic)


def an_easy_plan(seed: int = 1, sessions: int = 8) -> Problem:
    chance = Random(seed)
    clinic = a_clinic(chance, first=AUTUMN, days=70, clinicians=6, busy=0.3)
    return a_plan(chance, clinic, sessions=sessions, weeks=6, courses=COURSES[:3])


def proposed(answer: Answer) -> Proposal:
    assert isinstance(answer, Proposal)
    return answer


def mistakes(problem: Problem, made: Proposal) -> Sequence[object]:
    visits = {it.session_id: it.visit for it in made.placed}
    agreed_to = {(rule, frozenset({one, other})) for one, other, rule in problem.accepted}
    shown = {(it.rule, frozenset({it.session_id, it.other_id})) for it in made.broken}
    return [*breaches(problem, visits), *(too_near(problem, visits, "soft") - agreed_to ^ shown)]


@random_clinics
@given(seed=st.integers(0, 10**9), first=st.sampled_from([AUTUMN, SPRING]))
def test_every_proposal_keeps_every_rule_and_shows_what_it_could_not(seed: int, first: date) -> None:
    problem = a_case(seed, first)

    answer = solve(problem)

    if isinstance(answer, Proposal):
        assert mistakes(problem, answer) == []
    else:
        assert answer.conflicts
        assert all(mistakes(it.relaxed, proposed(solve(it.relaxed))) == [] for it in answer.relaxations[:1])


@random_clinics
@given(seed=st.integers(0, 10**9))
def test_of_a_small_plan_the_best_is_found_and_where_there_is_none_the_least_that_helps(seed: int) -> None:
    problem = a_small_problem(Random(seed))

    answer, best = solve(problem), best_of_all(problem)

    if best is None:
        assert isinstance(answer, Impossible)
        assert less_that_helps(problem, answer) is None
    else:
        visits = {it.session_id: it.visit for it in proposed(answer).placed}
        assert above(cost(problem, visits), best) <= 0.05


@random_clinics
@given(seed=st.integers(0, 10**9))
def test_a_repair_moves_what_was_lost_and_keeps_every_rule(seed: int) -> None:
    problem = an_easy_plan(seed, sessions=5)
    answer = solve(problem)
    if not isinstance(answer, Proposal):
        return
    lost = answer.placed[seed % len(answer.placed)]
    booked = tuple(replace(it, booked=answer.of(it.id).visit) for it in problem.sessions)
    broken = replace(problem, sessions=booked, busy=((lost.visit.starts, lost.visit.ends),))

    repaired = repair(broken, [lost.session_id])

    if isinstance(repaired, Proposal):
        assert repaired.of(lost.session_id).visit != lost.visit
        assert mistakes(agreed(broken, [lost.session_id])[0], repaired) == []


def test_the_same_plan_gets_the_same_answer_every_time() -> None:
    assert solve(an_easy_plan()) == solve(an_easy_plan())


def test_nothing_lost_moves_nothing() -> None:
    problem = an_easy_plan()
    chosen = proposed(solve(problem))

    again = proposed(resolve_keeping(problem, chosen, []))

    assert [it.visit for it in again.placed] == [it.visit for it in chosen.placed]
    assert again.score.moved == 0


def test_a_time_lost_meanwhile_is_the_only_one_that_is_placed_anew() -> None:
    problem = an_easy_plan()
    chosen = proposed(solve(problem))
    gone = chosen.placed[2]
    now = replace(problem, busy=((gone.visit.starts, gone.visit.ends),))

    again = proposed(resolve_keeping(now, chosen, [gone.session_id]))

    assert {it.session_id for it in again.placed if it.visit != chosen.of(it.session_id).visit} == {gone.session_id}


def test_on_a_lost_day_nobody_and_nothing_is_given_to_two_patients_at_once() -> None:
    day = a_day_lost(Random(3), 8, clinicians=5)

    answers = repair_all(day.cases)

    assert sum(len(case.lost) for case in day.cases) >= 8
    assert all(isinstance(it, Proposal) for it in answers)
    assert given_twice(day, answers) == 0


def test_a_patient_who_is_always_away_hears_which_day_would_do() -> None:
    problem = an_easy_plan(1, sessions=1)
    (session,) = problem.sessions
    days = (session.due_until - session.due_from).days + 1
    away = frozenset(session.due_from + timedelta(days=n) for n in range(days))

    answer = solve(replace(problem, wishes=replace(problem.wishes, away=away)))

    assert isinstance(answer, Impossible)
    assert Limit.AWAY in {it.limit for it in answer.conflicts}
    assert mistakes(answer.relaxations[0].relaxed, proposed(solve(answer.relaxations[0].relaxed))) == []


def test_hours_at_which_nobody_works_are_named_and_the_nearest_that_would_do() -> None:
    problem = an_easy_plan(1, sessions=1)

    answer = solve(replace(problem, wishes=replace(problem.wishes, earliest=time(22))))

    assert isinstance(answer, Impossible)
    assert Limit.HOURS in {it.limit for it in answer.conflicts}
    assert all(isinstance(solve(it.relaxed), Proposal) for it in answer.relaxations)


def a_row(modality: str, looks: Sequence[int], sessions: int = 4) -> Problem:
    """Sessions of one treatment, with reviews so many days after the first day."""
    chance = Random(5)
    clinic = a_clinic(chance, first=AUTUMN, days=120, clinicians=6, busy=0.1)
    course = next(it for it in COURSES if it.modality == modality)
    plan = a_plan(chance, clinic, sessions=sessions, weeks=5 if sessions > 2 else 12, courses=[course])
    return replace(plan, reviews=tuple(AUTUMN + timedelta(days=n) for n in looks))


def test_after_three_needlings_somebody_looks_before_the_fourth_or_the_page_says_that_nobody_does() -> None:
    wanted = a_row("dry_needling", [])
    fourth = wanted.sessions[3]
    look = (fourth.due_on - AUTUMN).days + 1

    held = proposed(solve(a_row("dry_needling", [look])))
    unseen = proposed(solve(wanted))

    assert held.broken == ()
    assert held.of(fourth.id).visit.day > fourth.due_on
    assert [(it.rule, it.session_id, it.unseen) for it in unseen.broken] == [("int_reassess_dn", fourth.id, True)]
    assert unseen.of(fourth.id).visit.day <= fourth.due_on


def test_a_second_injection_waits_for_the_review_and_without_one_there_is_no_plan() -> None:
    look = (a_row("prp", [], sessions=2).sessions[1].due_on - AUTUMN).days + 2

    held = proposed(solve(a_row("prp", [look], sessions=2)))
    none = solve(a_row("prp", [], sessions=2))

    assert held.placed[0].visit.day < AUTUMN + timedelta(days=look) <= held.placed[1].visit.day
    assert isinstance(none, Impossible)
    assert Limit.REVIEW in {it.limit for it in none.conflicts}


@pytest.mark.parametrize("first", [AUTUMN, SPRING])
def test_an_empty_plan_is_booked_at_once(first: date) -> None:
    problem = replace(a_case(1, first), sessions=())

    assert proposed(solve(problem)).placed == ()
