"""What a plan costs, the best of all plans there are, and the least that would help where there is none.

All of it is found by trying every one, so only for the smallest.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import product
from uuid import UUID

from clinic.appointments.rules.series import relaxing
from clinic.appointments.rules.series.answer import Impossible, Limit, Step
from clinic.appointments.rules.series.problem import Booked, Problem, Session
from clinic.appointments.rules.series.weights import SOFT, Weights
from clinic.bench.plan_checker import Visits, gaps, local, of_one, of_two, soft, wrong


def cost(problem: Problem, visits: Visits, weights: Weights | None = None) -> int:
    """What a plan costs by the words of `weights`, with the clinicians who lead chosen as well as can be."""
    return SOFT * len(soft(problem, visits)) + points(problem, visits, weights or Weights())


def above(own: int, best: int) -> float:
    """How much more a plan costs than the best one, as a share of it. A soft rule more is never within reach."""
    if own // SOFT != best // SOFT:
        return float(own // SOFT - best // SOFT)
    return (own - best) / max(best % SOFT, 1)


def points(problem: Problem, visits: Visits, by: Weights) -> int:
    """As `cost`, without soft rules."""
    total = 0
    wanted = [(it, visits[it.id]) for it in problem.wanted]
    for it, visit in wanted:
        total += by.off_target * abs((visit.day - it.due_on).days)
        total += by.load * problem.load.get((visit.clinician_id, visit.day), 0)
        if problem.wishes.usual:
            at, usual = local(problem, visit.starts, visit.site_id), problem.wishes.usual
            off = abs(at.hour * 60 + at.minute - usual.hour * 60 - usual.minute)
            total += by.off_quarter * (off // 15)
    for it, before, gap in gaps(problem):
        day = before if isinstance(before, date) else visits[before.id].day
        total += by.off_gap * abs((visits[it.id].day - day).days - gap.target)
    return total + _journeys(problem, [visit for _it, visit in wanted], by) + _strangers(problem, wanted, by)


def _journeys(problem: Problem, visits: Sequence[Booked], by: Weights) -> int:
    total = 0
    for day in {visit.day for visit in visits}:
        there = sorted((visit for visit in visits if visit.day == day), key=lambda it: it.starts)
        anyway = {it.site_id for it in problem.happened if it.is_visit and it.day == day}
        if None not in anyway:
            total += by.trip * len({visit.site_id for visit in there} - anyway)
        total += by.staying_minute * (there[-1].ends - there[0].ends)
    return total


def _strangers(problem: Problem, wanted: Sequence[tuple[Session, Booked]], by: Weights) -> int:
    """Visits with somebody else than whom the patient knows, or else than whoever gives most."""
    total = 0
    for modality in {it.modality for it, _visit in wanted}:
        people = [visit.clinician_id for it, visit in wanted if it.modality == modality]
        usual = problem.wishes.clinicians.get(modality)
        if usual is not None and _could_give(problem, modality, usual):
            total += by.clinician * sum(who != usual for who in people)
        elif len(people) > 1:
            total += by.clinician * (len(people) - max(people.count(who) for who in people))
    return total


def _could_give(problem: Problem, modality: str, who: UUID) -> bool:
    return any(
        visit.clinician_id == who and not list(of_one(problem, it, visit))
        for it in problem.wanted
        if it.modality == modality
        for visit in _every_place(problem, it)
    )


def every_plan(problem: Problem) -> Iterator[dict[UUID, Booked]]:
    """All plans there are, right or wrong: for problems so small that they can be counted."""
    wanted = problem.wanted
    places = [[visit for visit in _every_place(problem, it) if not list(of_one(problem, it, visit))] for it in wanted]
    for chosen in product(*places):
        yield {it.id: visit for it, visit in zip(wanted, chosen, strict=True)}


def _every_place(problem: Problem, it: Session) -> Iterator[Booked]:
    supply = problem.supply[it.service]
    for seat in supply.seats:
        for nth in range(seat.bits.bit_length()):
            if not seat.bits >> nth & 1:
                continue
            starts = supply.first + 15 * nth
            day = local(problem, starts, seat.site_id).date()
            for room in supply.rooms:
                devices = supply.devices if supply.needs_devices else [None]
                for device in devices:
                    yield Booked(
                        starts=starts,
                        ends=starts + supply.minutes,
                        day=day,
                        site_id=seat.site_id,
                        clinician_id=seat.clinician_id,
                        room_id=room.ids[0],
                        device_ids=device.ids if device else (),
                    )


def best_of_all(problem: Problem) -> int | None:
    """The least that any right plan costs; None if there is none."""
    plans = [(points(problem, it, Weights()), nth, it) for nth, it in enumerate(every_plan(problem))]
    best: int | None = None
    for least, _nth, plan in sorted(plans, key=lambda it: it[:2]):
        if best is not None and least >= best:
            break
        if not wrong(problem, plan):
            total = cost(problem, plan)
            best = total if best is None else min(best, total)
    return best


def is_possible(problem: Problem) -> bool:
    """Whether there is any right plan. Once two visits cannot be together, nothing is tried with both."""
    wanted = problem.wanted
    places = [[visit for visit in _every_place(problem, it) if not list(of_one(problem, it, visit))] for it in wanted]

    def goes_on(chosen: Sequence[tuple[Session, Booked]]) -> bool:
        if len(chosen) == len(wanted):
            return not wrong(problem, {it.id: visit for it, visit in chosen})
        it = wanted[len(chosen)]
        return any(
            goes_on([*chosen, (it, visit)])
            for visit in places[len(chosen)]
            if not any(list(of_two(problem, one, first, it, visit)) for one, first in chosen)
        )

    return goes_on([])


def less_that_helps(problem: Problem, answer: Impossible) -> Step | None:
    """One thing that asks less of people than the first that was named, and would help all the same."""
    named = [relaxing.price(problem, step) for step in answer.relaxations[0].steps]
    for ladder in _all_ladders(problem):
        # Several things are named only where no one thing helps.
        smaller = [step for step in ladder if len(named) > 1 or relaxing.price(problem, step) < named[0]]
        if smaller and is_possible(relaxing.applied(problem, smaller[-1])):
            return smaller[-1]
    return None


def _all_ladders(problem: Problem) -> Iterator[Sequence[Step]]:
    for limit, who in product(Limit, [None, *(it.id for it in problem.wanted)]):
        yield from relaxing.ladders(problem, limit, who)
    yield from ([Step(Limit.FREE_TIME, it.id, leaves_out=True)] for it in problem.wanted)
