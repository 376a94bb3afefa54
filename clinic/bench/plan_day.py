"""A clinic day that is lost: plans booked one after another into one book, until some clinicians fall ill for a day."""

from collections import Counter
from dataclasses import replace
from datetime import date
from random import Random
from uuid import UUID

from clinic.appointments.rules.series import solving
from clinic.appointments.rules.series.answer import Proposal
from clinic.appointments.rules.series.problem import Problem, Supply
from clinic.appointments.rules.series.repairing import Case
from clinic.appointments.rules.series.rooms import Held, all_held
from clinic.appointments.rules.series.supplying import without
from clinic.bench.plan_cases import COURSES, DAY, Clinic, a_clinic, a_plan, local_minute

FIRST = date(2026, 9, 21)
SESSIONS, WEEKS, CLINICIANS = 4, 2, 20


def a_day_of_illness(chance: Random, visits: int) -> list[Case]:
    """The plans of all patients who lose a visit because its clinician is away that day.

    As few clinicians are away as it takes to lose so many visits; their whole day is gone.
    """
    clinic = a_clinic(chance, first=FIRST, days=50, clinicians=CLINICIANS, busy=0.2)
    supply, booked = clinic.supply, list[Problem]()
    while _most(booked)[1] < visits:
        problem, supply = _booked(chance, replace(clinic, supply=supply))
        booked += [problem] if problem else []
    day = _most(booked)[0]
    away = _away(booked, day, visits)
    gone: list[Held] = [(who, local_minute(day, 0), local_minute(day + DAY, 0)) for who in away]
    left = without(supply, gone)
    cases = [_case(replace(problem, supply=left), day, away) for problem in booked]
    return [case for case in cases if case.lost]


def _booked(chance: Random, clinic: Clinic) -> tuple[Problem | None, dict[str, Supply]]:
    """One more patient's plan, and what is free then."""
    problem = a_plan(chance, clinic, sessions=SESSIONS, weeks=WEEKS, courses=COURSES[:5])
    answer = solving.solve(problem)
    if not isinstance(answer, Proposal):
        return None, clinic.supply
    visits = {it.session_id: it.visit for it in answer.placed}
    held: list[Held] = []
    for it in problem.sessions:
        visit, service = visits[it.id], problem.supply[it.service]
        held += all_held(service, visit.starts, visit.clinician_id, visit.room_id, visit.device_ids)
    sessions = tuple(replace(it, booked=visits[it.id]) for it in problem.sessions)
    return replace(problem, sessions=sessions), without(clinic.supply, held)


def _visits(booked: list[Problem]) -> list[tuple[date, UUID]]:
    return [(it.booked.day, it.booked.clinician_id) for problem in booked for it in problem.sessions if it.booked]


def _most(booked: list[Problem]) -> tuple[date, int]:
    """The busiest day, and its visits."""
    return max(Counter(day for day, _who in _visits(booked)).items(), key=lambda it: it[1], default=(FIRST, 0))


def _away(booked: list[Problem], day: date, visits: int) -> set[UUID]:
    away: set[UUID] = set()
    lost = 0
    for who, count in Counter(who for on, who in _visits(booked) if on == day).most_common():
        if lost >= visits:
            break
        away.add(who)
        lost += count
    return away


def _case(problem: Problem, day: date, away: set[UUID]) -> Case:
    lost = {it.id for it in problem.sessions if it.booked and it.booked.day == day and it.booked.clinician_id in away}
    return Case(problem, frozenset(lost))
