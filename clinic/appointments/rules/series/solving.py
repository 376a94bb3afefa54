"""Book a whole plan: the best complete proposal, up to two others worth choosing from, or what makes it impossible.

First the days are found that break no soft rule, by propagation and backtracking; only if there are none may one be
broken, then two. Then the plan is made better neighbourhood by neighbourhood, each searched to its end; small plans
are searched to the end as a whole. Steps are counted, not seconds, so that the answer never depends on the machine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from clinic.appointments.rules.series import impossible, leading
from clinic.appointments.rules.series.answer import Aim, Answer, Placed, Proposal
from clinic.appointments.rules.series.book import Book
from clinic.appointments.rules.series.feasible import Feasible, Verdict
from clinic.appointments.rules.series.improving import improved
from clinic.appointments.rules.series.model import Model, masks
from clinic.appointments.rules.series.problem import Booked, Problem
from clinic.appointments.rules.series.reasons import reasons
from clinic.appointments.rules.series.rooms import visits
from clinic.appointments.rules.series.scoring import Plan, broken, score
from clinic.appointments.rules.series.search import Found, Search
from clinic.appointments.rules.series.visiting import Days
from clinic.appointments.rules.series.weights import BY_AIM, SOFT, Weights

CLEAN_STEPS: Final = 1_000  # to a plan that breaks no soft rule, on each of two ways through the sessions
FEWER_STEPS: Final = 1_000  # to one with a soft rule less
FIRST_STEPS: Final = 4_000  # to any plan, where there may be none: such plans are rare


@dataclass(frozen=True, slots=True)
class Solved:
    """A plan's days and everything they were found with."""

    model: Model
    made: Days
    days: Sequence[int]
    cost: int
    is_best: bool


def solve(problem: Problem) -> Answer:
    """The best complete proposal; or what makes it impossible, and the least that would help."""
    book = Book(problem.supply, problem.zones)
    feasible = Feasible(problem, book)
    verdict = feasible.days(problem)
    found = None if verdict.is_possible is False else plan(Model(problem, book), verdict)
    if found is None:
        return impossible.explained(problem, feasible, is_sure=verdict.is_possible is False)
    return proposal(found, Aim.BEST)


def alternatives(problem: Problem, best: Proposal) -> tuple[Proposal, ...]:
    """A plan that is done sooner and one with fewer trips, where they really differ. No softer than the best."""
    book = Book(problem.supply, problem.zones)
    known = Verdict(tuple(it.visit.day for it in best.placed))
    found: dict[tuple[Booked, ...], Proposal] = {}
    for aim in (Aim.SOONER, Aim.FEWER_TRIPS):
        for it in _alternative(problem, book, best, known, aim):
            # A plan that is both is offered once.
            found.setdefault(tuple(placed.visit for placed in it.placed), it)
    return tuple(found.values())


def _alternative(problem: Problem, book: Book, best: Proposal, known: Verdict, aim: Aim) -> Iterator[Proposal]:
    found = plan(Model(problem, book, weights=BY_AIM[aim]), known)
    if found is None:
        return
    made = proposal(found, aim)
    is_sooner = aim == Aim.SOONER and _lateness(made) <= _lateness(best) - len(made.placed)
    is_fewer = aim == Aim.FEWER_TRIPS and made.days < best.days
    if (is_sooner or is_fewer) and len(made.broken) <= len(best.broken):
        yield made


def _lateness(it: Proposal) -> int:
    """The sum of the days: a day earlier for every session is worth saying."""
    return sum(placed.visit.day.toordinal() for placed in it.placed)


def plan(model: Model, known: Verdict) -> Solved | None:
    """The best days for the model's weights; None if there are none."""
    if model.empty():
        return None
    made = model.days(leading.chosen(model))
    found = first(model, made, known)
    if found.days is None:
        return None
    made, days, is_best = improved(model, made, found.days)
    cost = model.total(days, made)
    return Solved(model, made, days, cost or 0, is_best)


def first(model: Model, made: Days, known: Verdict) -> Found:
    """Days that break no hard rule and as few soft ones as can be. `known` break none, if there are any."""
    found = _any(model, made, CLEAN_STEPS, clean=True, bound=SOFT)
    if found.days is None:
        found = _known(model, made, known) or _any(model, made, FIRST_STEPS, clean=False, bound=10**18)
    # It breaks more soft rules than it must: ask for one less until there is none.
    while found.days is not None and (fewer := model.total(found.days, made)) is not None and fewer >= SOFT:
        less = _any(model, made, FEWER_STEPS, clean=False, bound=fewer // SOFT * SOFT)
        if less.days is None:
            break
        found = less
    return found


def _known(model: Model, made: Days, known: Verdict) -> Found | None:
    if known.days is None:
        return None
    days = [(it - model.dates[0]).days for it in known.days]
    cost = model.total(days, made)
    return Found(cost, days) if cost is not None else None


def _any(model: Model, made: Days, steps: int, *, clean: bool, bound: int) -> Found:
    """The first plan that costs less than `bound`."""
    found = Found(bound)
    for soonest in (False, True):
        search = Search(
            model, made, fixed={}, bound=bound, nodes=steps, stop_at_first=True, clean=clean, soonest=soonest
        )
        found = search.run()
        if found.days is not None or found.is_all:
            return found
    return found


def proposal(found: Solved, aim: Aim) -> Proposal:
    """The days as visits, with rooms, devices and reasons."""
    model, made = found.model, found.made
    placed: dict[int, Booked] = {}
    for day, mask in masks(found.days).items():
        known = made.of(mask, day)
        if known is not None:
            placed.update(visits(model.book, model.spacing.sessions, known[1], model.dates[day]))
    in_order = [placed[nth] for nth in range(len(model.sessions))]
    told = Plan(model.problem, model.book, model.spacing, in_order, made.leads, model.is_repair)
    soft = broken(told)
    return Proposal(
        placed=tuple(
            Placed(it.id, visit, reasons(model, told, nth, visit))
            for nth, (it, visit) in enumerate(zip(model.sessions, in_order, strict=True))
        ),
        broken=soft,
        score=score(told, len(soft), Weights()),
        aim=aim,
        is_best=found.is_best,
    )
