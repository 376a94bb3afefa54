"""What may give way, from the least to the most. What protects the patient never does: shortest gaps, timing rules."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Final
from uuid import UUID

from clinic.appointments.rules.series.answer import Limit, Step
from clinic.appointments.rules.series.problem import Block, Problem, Session, Wishes

WIDER_DAYS: Final = 28
HALF_HOURS: Final = 48
MOST_AWAY: Final = 15
WEEK: Final = 7

# What it costs people, in days of a longer window; from the desk's experience. Change it here.
OVERRIDE_PRICE, SITE_PRICE, WEEKDAY_PRICE, AWAY_PRICE, PIN_PRICE = 20, 4, 3, 5, 1
OPTIONAL_PRICE, LEFT_OUT_PRICE = 10, 200


def ladders(problem: Problem, limit: Limit, session_id: UUID | None) -> Iterator[Sequence[Step]]:
    """Rows of steps; within a row each allows all that those before it do."""
    it = next((each for each in problem.sessions if each.id == session_id), None)
    if it is None:
        yield from _of_wishes(problem.wishes, limit)
    elif limit == Limit.WINDOW:
        yield [Step(limit, it.id, it.due_until + timedelta(days=n)) for n in range(1, WIDER_DAYS + 1)]
        yield [Step(limit, it.id, it.due_from - timedelta(days=n), is_earlier=True) for n in range(1, WIDER_DAYS + 1)]
    elif limit == Limit.MOST_GAP and it.gap:
        yield [Step(limit, it.id, it.gap.most + n) for n in range(1, WIDER_DAYS + 1)]
    elif limit in {Limit.PINNED, Limit.OVERRIDE}:
        yield [Step(limit, it.id)]


def _of_wishes(wishes: Wishes, limit: Limit) -> Iterator[Sequence[Step]]:
    if limit == Limit.WEEKDAYS:
        yield from ([Step(limit, value=day)] for day in range(WEEK) if day not in wishes.weekdays)
    elif limit == Limit.HOURS:
        yield from _of_hours(wishes)
    elif limit == Limit.SITE:
        yield [Step(limit)]
    elif limit == Limit.ABSENCE and wishes.longest_absence:
        yield [Step(limit, value=wishes.longest_absence + n) for n in range(1, WIDER_DAYS + 1)]
    elif limit == Limit.AWAY:
        yield from ([Step(limit, value=day)] for day in sorted(wishes.away)[:MOST_AWAY])


def _of_hours(wishes: Wishes) -> Iterator[Sequence[Step]]:
    half_hours = [time(n // 2, n % 2 * 30) for n in range(HALF_HOURS)]
    if wishes.earliest:
        sooner = [it for it in half_hours if it < wishes.earliest]
        yield [Step(Limit.HOURS, value=it, is_earlier=True) for it in reversed(sooner)]
    if wishes.latest:
        later = [*(it for it in half_hours if it > wishes.latest), time(23, 59)]
        yield [Step(Limit.HOURS, value=it) for it in later]


def applied(problem: Problem, *steps: Step) -> Problem:
    """The problem with these allowed."""
    for step in steps:
        if step.session_id is None:
            problem = replace(problem, wishes=_wider(problem.wishes, step))
        else:
            sessions = tuple(_eased(it, step) if it.id == step.session_id else it for it in problem.sessions)
            problem = replace(problem, sessions=sessions)
    return problem


def _wider(wishes: Wishes, step: Step) -> Wishes:
    match step.limit, step.value:
        case Limit.WEEKDAYS, int(day):
            return replace(wishes, weekdays=wishes.weekdays | {day})
        case Limit.HOURS, time() as hour:
            return replace(wishes, earliest=hour) if step.is_earlier else replace(wishes, latest=hour)
        case Limit.ABSENCE, int(days):
            return replace(wishes, longest_absence=days)
        case Limit.AWAY, date() as day:
            return replace(wishes, away=wishes.away - {day})
    return replace(wishes, site_id=None)


def _eased(it: Session, step: Step) -> Session:
    match step.limit, step.value:
        case Limit.WINDOW, date() as day:
            return replace(it, due_from=day) if step.is_earlier else replace(it, due_until=day)
        case Limit.MOST_GAP, int(days) if it.gap:
            return replace(it, gap=replace(it.gap, most=days))
        case Limit.PINNED, None:
            return replace(it, pinned=None)
        case Limit.OVERRIDE, None:
            left = {day: block for day, block in it.blocked.items() if block == Block.BLOCKED}
            return replace(it, blocked=left)
    return replace(it, is_excluded=True)


def price(problem: Problem, step: Step) -> int:
    """How much it asks of people: less is better."""
    it = next((each for each in problem.sessions if each.id == step.session_id), None)
    if step.leaves_out:
        return OPTIONAL_PRICE if it and it.is_optional else LEFT_OUT_PRICE
    match step.limit, step.value:
        case Limit.WINDOW, date() as day if it:
            return (it.due_from - day).days if step.is_earlier else (day - it.due_until).days
        case Limit.MOST_GAP, int(days) if it and it.gap:
            return days - it.gap.most
        case Limit.ABSENCE, int(days):
            return days - (problem.wishes.longest_absence or 0)
        case Limit.HOURS, time() as hour:
            known = problem.wishes.earliest if step.is_earlier else problem.wishes.latest
            return abs(hour.hour - (known or hour).hour) + 1
    prices = {Limit.WEEKDAYS: WEEKDAY_PRICE, Limit.SITE: SITE_PRICE, Limit.AWAY: AWAY_PRICE, Limit.PINNED: PIN_PRICE}
    return prices.get(step.limit, OVERRIDE_PRICE)
