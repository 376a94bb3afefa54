"""A clinic day that is lost: plans booked one after another into one book, until some fall ill or break."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from uuid import UUID

from clinic.appointments.rules.series import solving
from clinic.appointments.rules.series.answer import Proposal
from clinic.appointments.rules.series.problem import Problem, Session, Supply
from clinic.appointments.rules.series.repairing import Case
from clinic.appointments.rules.series.rooms import Held, all_held
from clinic.appointments.rules.series.supplying import without
from clinic.bench.plan_cases import COURSES, DAY, Clinic, a_clinic, a_plan, local_minute

FIRST = date(2026, 9, 21)
SESSIONS, WEEKS, CLINICIANS = 4, 2, 20
PLANS = 12  # that are booked at most for each visit that is to be lost: the book is full by then


class TooFull(Exception):
    """The book is full before any day has so many visits."""


@dataclass(frozen=True, slots=True)
class LostDay:
    """Who loses a visit, and the plans of everybody else.

    `free` is what the clinic could give on the days as they are now if none of these patients had a visit.
    """

    cases: list[Case]
    others: list[Problem]
    free: Mapping[str, Supply]


def a_day_lost(chance: Random, visits: int, *, devices: bool = False, clinicians: int = CLINICIANS) -> LostDay:
    """All patients who lose a visit because its clinician is ill that day, or its device is away.

    As few are away as it takes to lose so many visits; their whole day is gone.
    """
    clinic = a_clinic(chance, first=FIRST, days=50, clinicians=clinicians, busy=0.2)
    supply, booked = clinic.supply, list[Problem]()
    for _n in range(PLANS * visits):
        if _most(booked, devices=devices)[1] >= visits:
            break
        problem, supply = _booked(chance, replace(clinic, supply=supply))
        booked += [problem] if problem else []
    else:
        raise TooFull
    day = _most(booked, devices=devices)[0]
    away = _away(booked, day, visits, devices=devices)
    gone: list[Held] = [(who, local_minute(day, 0), local_minute(day + DAY, 0)) for who in away]
    left = without(supply, gone)
    cases = [_case(replace(problem, supply=left), day, away) for problem in booked]
    return LostDay(
        [case for case in cases if case.lost],
        [case.problem for case in cases if not case.lost],
        without(clinic.supply, gone),
    )


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


def _held(it: Session, *, devices: bool) -> tuple[UUID, ...]:
    """Who or what the visit cannot do without."""
    if it.booked is None:
        return ()
    return it.booked.device_ids if devices else (it.booked.clinician_id,)


def _most(booked: list[Problem], *, devices: bool) -> tuple[date, int]:
    """The busiest day, and its visits."""
    every = (it for problem in booked for it in problem.sessions if it.booked and _held(it, devices=devices))
    days = Counter(it.booked.day for it in every if it.booked)
    return max(days.items(), key=lambda it: it[1], default=(FIRST, 0))


def _away(booked: list[Problem], day: date, visits: int, *, devices: bool) -> set[UUID]:
    that_day = [it for problem in booked for it in problem.sessions if it.booked and it.booked.day == day]
    away: set[UUID] = set()
    lost = 0
    for who, count in Counter(who for it in that_day for who in _held(it, devices=devices)).most_common():
        if lost >= visits:
            break
        away.add(who)
        lost += count
    return away


def _case(problem: Problem, day: date, away: set[UUID]) -> Case:
    lost = {
        it.id
        for it in problem.sessions
        if it.booked and it.booked.day == day and not away.isdisjoint((it.booked.clinician_id, *it.booked.device_ids))
    }
    return Case(problem, frozenset(lost))
