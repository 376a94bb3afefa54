"""Problems so small that every plan there is can be tried."""

from dataclasses import replace
from datetime import date, time, timedelta
from random import Random
from uuid import UUID

from clinic.appointments.rules.series.problem import Gap, Place, Problem, Seat, Session, Supply, Wishes
from clinic.bench.plan_cases import COURSES, DAY, ZONE, happened, local_minute
from programs.rules.rulebook import rulebook

FIRST = date(2026, 10, 29)  # a Thursday: clocks are put back on the Sunday after it
DAYS = 16
STARTS = 10  # of each service, spread over the days


def a_small_problem(chance: Random) -> Problem:
    """Two to four sessions of up to three modalities, two clinicians, two sites, a dozen starts for each."""
    sites, people = [_id(chance) for _n in range(2)], [_id(chance) for _n in range(2)]
    room = {site: (_id(chance), _id(chance)) for site in sites}
    first = local_minute(FIRST, 0)
    supply = {}
    for course in chance.sample(COURSES, 3):
        bits = dict.fromkeys(people, 0)
        for _n in range(STARTS):
            day = FIRST + chance.randrange(DAYS) * DAY
            starts = local_minute(day, chance.randrange(9, 12)) + chance.choice((0, 30))
            bits[chance.choice(people)] |= 1 << ((starts - first) // 15)
        everything = bits[people[0]] | bits[people[1]]
        supply[course.modality] = Supply(
            first=first,
            minutes=course.minutes,
            seats=tuple(Seat(who, site, bits[who]) for who, site in zip(people, sites, strict=True)),
            rooms=tuple(Place((room[site][0],), site, everything) for site in sites),
            room_margins=(0, course.cleanup),
        )
    sessions = _sessions(chance, list(supply))
    told = {*supply, "any_modality"}
    problem = Problem(
        sessions=tuple(sessions),
        supply=supply,
        zones=dict.fromkeys(sites, ZONE),
        rules=tuple(it for it in rulebook().timing_rules.values() if {it.first, it.then, *it.also} & told),
        travel=30,
        load={(who, FIRST + n * DAY): chance.randrange(4) for who in people for n in range(DAYS)},
    )
    return _with_wishes(chance, problem, sites, people)


def _sessions(chance: Random, modalities: list[str]) -> list[Session]:
    made: list[Session] = []
    gaps = {course.modality: course for course in COURSES}
    for _n in range(chance.randrange(2, 5)):
        modality = chance.choice(modalities)
        number = sum(it.modality == modality for it in made) + 1
        due = FIRST + timedelta(days=chance.randrange(1, DAYS - 2) if number == 1 else min(4 * number, DAYS - 2))
        least = min(gaps[modality].gap.least, 4)
        made.append(
            Session(
                id=_id(chance),
                service=modality,
                modality=modality,
                technique=gaps[modality].technique,
                phase=1,
                number=number,
                due_from=due - timedelta(days=chance.randrange(2, 6)),
                due_on=due,
                due_until=due + timedelta(days=chance.randrange(2, 6)),
                gap=Gap(least, least + 2, least + 7) if number > 1 else None,
                is_loading=modality == "exercise_program",
            )
        )
    return made


def _with_wishes(chance: Random, problem: Problem, sites: list[UUID], people: list[UUID]) -> Problem:
    wishes = Wishes(
        weekdays=frozenset(chance.sample(range(7), 5)) if chance.random() < 0.3 else frozenset(),
        latest=time(11) if chance.random() < 0.2 else None,
        site_id=chance.choice(sites) if chance.random() < 0.1 else None,
        longest_absence=chance.randrange(3, 10) if chance.random() < 0.2 else None,
        usual=time(10) if chance.random() < 0.4 else None,
        clinicians={problem.sessions[0].modality: chance.choice(people)} if chance.random() < 0.3 else {},
    )
    before = [happened(chance, sites, FIRST, DAYS)] if chance.random() < 0.4 else []
    return replace(
        problem,
        wishes=wishes,
        happened=tuple(before),
        daily=chance.choice((None, None, 4)),
        reviews=tuple(sorted(FIRST + chance.randrange(DAYS) * DAY for _n in range(chance.randrange(3)))),
        unseen={it.modality: chance.randrange(4) for it in problem.sessions if chance.random() < 0.5},
    )


def _id(chance: Random) -> UUID:
    return UUID(int=chance.getrandbits(128))
