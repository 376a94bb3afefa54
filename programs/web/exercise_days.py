"""How it goes at home, as a calendar."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from patients.rules.scoring import Score
from programs.actions import done_at_home
from programs.models import Plan
from programs.rules import adherence
from programs.rules.adherence import Day

EARLIEST = date(2000, 1, 1)  # no plan is older


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of a calendar. `level` is 0 to 3: how much of what was asked for was done."""

    day: date
    found: Day | None  # None: to come, or before the plan
    level: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A week, Monday to Sunday."""

    cells: tuple[Cell, ...]
    done: int
    prescribed: int
    active_days: int


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    before: date
    after: date | None
    rows: tuple[Row, ...]
    score: Score


def month(plan: Plan, first: date, *, today: date) -> Month:
    """The calendar of the month that begins on `first`, in whole weeks."""
    after = (first + timedelta(days=32)).replace(day=1)
    start, end = adherence.monday_of(first), after - timedelta(days=1)
    found = {
        it.day: it
        for it in done_at_home.of_plans([plan], since=start, today=min(today, end + timedelta(days=6)))[plan.pk]
    }
    mondays = [start + timedelta(weeks=n) for n in range(6) if start + timedelta(weeks=n) <= end]
    return Month(
        first=first,
        before=(first - timedelta(days=1)).replace(day=1),
        after=after if after <= today else None,
        rows=tuple(_row(monday, found, plan) for monday in mondays),
        score=done_at_home.percent(it for it in found.values() if first <= it.day < after),
    )


def _row(monday: date, found: Mapping[date, Day], plan: Plan) -> Row:
    cells = []
    for n in range(7):
        day = monday + timedelta(days=n)
        it = found.get(day) if day >= plan.starts_on else None
        cells.append(Cell(day, it, _level(it)))
    told = [cell.found for cell in cells if cell.found]
    return Row(
        tuple(cells),
        sum(min(it.done, it.prescribed) for it in told),
        sum(it.prescribed for it in told),
        sum(it.done > 0 for it in told),
    )


def _level(it: Day | None) -> int:
    if it is None or not it.done:
        return 0
    share = it.share
    if share is None or share >= 1:
        return 3
    return 2 if share >= 0.5 else 1


def month_of(asked: str, *, today: date) -> date:
    """The first day of the month asked for as "2026-09"; this month if that is not one, or nobody exercised in it."""
    try:
        found = date.fromisoformat(f"{asked}-01")
    except ValueError:
        return today.replace(day=1)
    return found if EARLIEST <= found <= today else today.replace(day=1)
