"""How much of what was asked for at home was done, by the measure `exercise_adherence`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from patients.rules.entries import Measure
from patients.rules.scoring import Score, score

WEEK: Final = timedelta(days=7)
MEASURE: Final = "exercise_adherence"
LOW: Final = 50  # percent; below it for two weeks a clinician is told (change rule of the measure)
LOW_WEEKS: Final = 2
LATELY: Final = timedelta(days=14)  # "last 14 days" of the field adherence_percent


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days, both counted, on which an exercise is asked for so many times a week."""

    code: str
    first: date
    last: date
    days_per_week: int


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    prescribed: int
    done: int
    is_paused: bool = False

    @property
    def share(self) -> float | None:
        """None when nothing was asked for."""
        return min(self.done, self.prescribed) / self.prescribed if self.prescribed else None


def days(
    asked: Iterable[Stretch],
    done: Collection[tuple[str, date]],
    *,
    first: date,
    today: date,
    paused: Collection[tuple[date, date]] = (),
) -> tuple[Day, ...]:
    """Each day from `first` to `today`: how many exercises were asked for, and how many were done.

    An exercise of five days a week leaves two for rest, wherever the patient puts them, so a day left out counts as
    missed only once the rest days of its week are used up. Today is not missed before it is over. One tick stands for
    all sets of the day: the portal asks for no more.
    """
    counts: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for stretch in asked:
        by_week: dict[date, list[date]] = defaultdict(list)
        day = max(stretch.first, first)
        while day <= min(stretch.last, today):
            if not _is_in(day, paused):
                by_week[monday_of(day)].append(day)
            day += timedelta(days=1)
        for week in by_week.values():
            for on, prescribed, made in _week(stretch, week, done, today):
                counts[on][0] += prescribed
                counts[on][1] += made
    every = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    return tuple(Day(day, counts[day][0], counts[day][1], _is_in(day, paused)) for day in every)


def _week(
    stretch: Stretch, week: Sequence[date], done: Collection[tuple[str, date]], today: date
) -> Iterable[tuple[date, int, int]]:
    rest, wanted = 7 - stretch.days_per_week, stretch.days_per_week
    for day in week:
        if (stretch.code, day) in done:
            # Done on more days than asked for: it counts as overdone, not for the days left out.
            yield day, int(wanted > 0), 1
            wanted -= 1
        elif day == today:
            continue
        elif rest:
            rest -= 1
        else:
            yield day, 1, 0


def percent(found: Iterable[Day], measure: Measure) -> Score:
    """By the formula of the measure: each day is capped at its own prescription."""
    told = [{"prescribed": it.prescribed, "done": it.done, "paused": it.is_paused} for it in found]
    return score(measure, {"days": told})


def low_since(found: Sequence[Day], measure: Measure, *, today: date) -> date | None:
    """The Monday from which every full week was below half, if that is two weeks or more. A week of nothing asked
    for, or of a pause, neither counts nor ends the row."""
    since, weeks = None, 0
    monday = monday_of(today) - WEEK
    while found and monday >= found[0].day:
        of_week = [it for it in found if monday <= it.day < monday + WEEK]
        value = percent(of_week, measure).values.get("percent")
        if value is not None:
            if value >= LOW:
                break
            since, weeks = monday, weeks + 1
        monday -= WEEK
    return since if weeks >= LOW_WEEKS else None


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _is_in(day: date, stretches: Collection[tuple[date, date]]) -> bool:
    return any(first <= day <= last for first, last in stretches)
