"""What makes one plan better than another: one trip, one clinician, an even day; and what a person puts by hand."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from clinic.appointments.rules.series.answer import Aim, Impossible, Limit, Proposal, Step, Why
from clinic.appointments.rules.series.problem import Booked, Gap, Pin, Place, Problem, Seat, Session, Supply, Wishes
from clinic.appointments.rules.series.repairing import repair
from clinic.appointments.rules.series.solving import alternatives, solve
from clinic.bench.plan_cases import DAY, ZONE, local_minute
from programs.rules.rulebook import rulebook

FIRST = date(2026, 9, 21)  # a Monday
ANNA, BEN, ROOM, SITE = (UUID(int=n) for n in range(1, 5))
MONTH = range(28)
LASER, MASSAGE = "laser_therapy", "massage"


def minute(day: int, hour: int) -> int:
    return local_minute(FIRST + day * DAY, hour)


def mornings(days: Collection[int]) -> int:
    """The starts from nine to eleven."""
    return sum(0b1_1111_1111 << (minute(day, 9) - minute(0, 0)) // 15 for day in days)


def session(modality: str, due: int, *, number: int = 1, within: int = 3, **fields: Any) -> Session:
    day = FIRST + due * DAY
    return Session(
        id=UUID(int=100 * due + number + (50 if modality == LASER else 0)),
        service=modality,
        modality=modality,
        phase=1,
        number=number,
        due_from=max(day - within * DAY, FIRST),
        due_on=day,
        due_until=day + within * DAY,
        **fields,
    )


def a_problem(*sessions: Session, free: Mapping[UUID, Collection[int]] | None = None, **fields: Any) -> Problem:
    """Half an hour for everything, in one room; `free` are the mornings of each clinician, in the clinic's order."""
    free = free or {ANNA: MONTH}
    supply = Supply(
        first=minute(0, 0),
        minutes=30,
        seats=tuple(Seat(who, SITE, mornings(days)) for who, days in free.items()),
        rooms=(Place((ROOM,), SITE, mornings(MONTH)),),
    )
    kinds = {it.service for it in sessions}
    return Problem(sessions=sessions, supply=dict.fromkeys(kinds, supply), zones={SITE: ZONE}, **fields)


def solved(problem: Problem) -> Proposal:
    answer = solve(problem)
    assert isinstance(answer, Proposal)
    return answer


def mended(problem: Problem, *lost: UUID) -> Proposal:
    answer = repair(problem, lost)
    assert isinstance(answer, Proposal)
    return answer


def booked(day: int, hour: int = 9, who: UUID = ANNA) -> Booked:
    starts = minute(day, hour)
    return Booked(starts=starts, ends=starts + 30, day=FIRST + day * DAY, site_id=SITE, clinician_id=who, room_id=ROOM)


def days(made: Proposal) -> list[int]:
    return [(it.visit.day - FIRST).days for it in made.placed]


def people(made: Proposal) -> list[UUID]:
    return [it.visit.clinician_id for it in made.placed]


def test_two_treatments_due_two_days_apart_are_given_on_one_trip() -> None:
    made = solved(a_problem(session(LASER, 3), session(MASSAGE, 5)))

    assert made.days == 1
    assert all(Why.SAME_TRIP in it.reasons for it in made.placed)


def test_one_trip_is_never_made_of_two_treatments_that_a_rule_keeps_apart() -> None:
    apart = rulebook().timing_rules["int_injection_same_region_same_day"]
    both = a_problem(session("dry_needling", 3), session("prp", 3))

    assert solved(both).days == 1
    assert solved(replace(both, rules=(apart,))).days == 2


def test_one_clinician_gives_all_of_a_row_although_another_could_give_most() -> None:
    row = [session(LASER, 7 * n, number=n) for n in (1, 2, 3)]

    made = solved(a_problem(*row, free={ANNA: {7, 14}, BEN: MONTH}))

    assert people(made) == [BEN, BEN, BEN]
    assert all(Why.ONE_CLINICIAN in it.reasons for it in made.placed)


def test_a_patient_goes_on_with_whom_they_know() -> None:
    row = [session(LASER, 7 * n, number=n) for n in (1, 2)]

    made = solved(a_problem(*row, free={ANNA: MONTH, BEN: MONTH}, wishes=Wishes(clinicians={LASER: BEN})))

    assert people(made) == [BEN, BEN]
    assert all(Why.SAME_CLINICIAN in it.reasons for it in made.placed)


def test_of_two_who_could_the_one_with_the_emptier_day_is_asked() -> None:
    load = {(ANNA, FIRST + 3 * DAY): 5, (BEN, FIRST + 3 * DAY): 4}

    made = solved(a_problem(session(LASER, 3), free={ANNA: MONTH, BEN: MONTH}, load=load))

    assert people(made) == [BEN]
    assert days(made) == [3]


def test_what_was_put_by_hand_stays_and_the_next_one_keeps_its_distance() -> None:
    gap = Gap(3, 4, 6)
    by_hand = session(LASER, 1, pinned=Pin(minute(2, 10)))

    made = solved(a_problem(by_hand, session(LASER, 4, number=2, gap=gap)))

    assert made.placed[0].visit.starts == minute(2, 10)
    assert Why.PINNED in made.placed[0].reasons
    assert days(made) == [2, 6]


def test_what_is_left_out_has_no_visit_and_the_next_one_may_be_as_late_as_both() -> None:
    gap = Gap(2, 3, 4)
    row = [session(LASER, 3 * n, number=n, gap=gap if n else None, is_excluded=n == 1) for n in range(3)]

    made = solved(a_problem(*row))

    assert [it.session_id for it in made.placed] == [row[0].id, row[2].id]
    assert days(made) == [0, 6]


def test_who_wants_to_may_be_done_sooner_or_come_less_often() -> None:
    """Neither is better than what the plan asks for: two trips, on the days that it names."""
    problem = a_problem(session(LASER, 4, within=8), session(MASSAGE, 12, within=8))
    best = solved(problem)

    sooner, fewer = alternatives(problem, best)

    assert days(best) == [4, 12]
    assert (sooner.aim, fewer.aim) == (Aim.SOONER, Aim.FEWER_TRIPS)
    assert max(days(sooner)) < 12
    assert fewer.days == 1


def test_a_plan_that_is_done_sooner_with_fewer_trips_is_offered_once() -> None:
    problem = a_problem(session(LASER, 4, within=8), session(MASSAGE, 12, within=8), free={ANNA: [4, 5, 12]})

    (other,) = alternatives(problem, solved(problem))

    assert set(days(other)) in ({4}, {5})


@pytest.mark.parametrize(("moved", "then"), [(0, [8, 11]), (1, [6, 9])])
def test_of_two_visits_that_came_too_near_the_one_that_was_moved_by_hand_stays(moved: int, then: list[int]) -> None:
    gap = Gap(3, 4, 6)
    both = [session(LASER, 8, booked=booked(8)), session(LASER, 9, number=2, gap=gap, booked=booked(9))]
    both[moved] = replace(both[moved], was_moved=True)

    assert days(mended(a_problem(*both))) == then


def test_what_was_lost_is_given_on_the_same_day_and_hour_by_somebody_else() -> None:
    row = [session(LASER, 7 * n, number=n, booked=booked(7 * n, 10, BEN)) for n in (1, 2)]
    ill = {day for day in MONTH if day not in {14, 15}}

    made = mended(a_problem(*row, free={ANNA: MONTH, BEN: ill}), row[1].id)

    assert made.placed[0].visit == row[0].booked
    assert (days(made)[1], people(made)[1]) == (14, ANNA)
    assert made.placed[1].visit.starts == minute(14, 10)


@pytest.mark.parametrize(("free", "wider"), [({7, 16}, {"value": FIRST + 7 * DAY, "is_earlier": True}), ({16}, {})])
def test_the_nearest_day_that_would_do_is_named_whether_it_is_sooner_or_later(
    free: set[int], wider: dict[str, Any]
) -> None:
    wanted = session(LASER, 11, within=1)

    answer = solve(a_problem(wanted, free={ANNA: free}))

    assert isinstance(answer, Impossible)
    assert answer.relaxations[0].steps == (Step(Limit.WINDOW, wanted.id, **({"value": FIRST + 16 * DAY} | wider)),)
