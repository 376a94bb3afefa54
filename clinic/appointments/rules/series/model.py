"""A problem made ready for searching: days as bits, distances as masks, costs as whole numbers."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from itertools import combinations, pairwise
from uuid import UUID

from clinic.appointments.rules.series.answer import Limit
from clinic.appointments.rules.series.book import Book
from clinic.appointments.rules.series.openings import Opening, Openings
from clinic.appointments.rules.series.pairs import ByDay, Pair, pair, reviewed
from clinic.appointments.rules.series.problem import Problem
from clinic.appointments.rules.series.spacing import Ignored, Spacing
from clinic.appointments.rules.series.visiting import Days, Leads
from clinic.appointments.rules.series.weights import DAY_MOVED, SOFT, Weights


class Model:
    """`domains[i]`: the days of session i, as bits; `own[i]`: what each costs by itself, wherever the others are.

    `bound_to[i]`: the sessions that may not lie anywhere to it.
    """

    def __init__(
        self,
        problem: Problem,
        book: Book,
        *,
        weights: Weights | None = None,
        ignored: Ignored = (),
        keeping: Collection[UUID] | None = None,
    ) -> None:
        """`keeping` (a repair): the sessions that may stay where they are booked; the others must go elsewhere."""
        self.problem, self.book, self.weights = problem, book, weights or Weights()
        self.sessions = problem.wanted
        self.is_repair = keeping is not None
        self.spacing = Spacing(problem, self.sessions, ignored)
        away = self.spacing.is_ignored(Limit.ABSENCE)
        self.longest_absence = None if away else problem.wishes.longest_absence  # days
        self.openings = Openings(self.spacing, book, keeping=keeping or ())
        found = [dict(self.openings.days(nth)) for nth in range(len(self.sessions))]
        days = [day for each in found for day in each] or [date(2000, 1, 1)]
        first, last = min(days), max(days)
        self.dates = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        self.span = max(len(self.dates) - 1, 1)
        self.known: list[dict[int, Opening]] = [{(day - first).days: it for day, it in each.items()} for each in found]
        self.domains = [sum(1 << day for day in each) for each in self.known]
        self.own = [{day: self._own(nth, day) for day in each} for nth, each in enumerate(self.known)]
        self.pairs: dict[tuple[int, int], Pair] = {}
        for i, j in combinations(range(len(self.sessions)), 2):
            made = pair(self.spacing, i, j, self._reach(i, j), span=self.span, weights=self.weights, clock=self._clock)
            made.by_day, turned = self._reviewed(i, j)
            self.pairs[i, j], self.pairs[j, i] = made, made.mirrored(self.span, turned)
        anything = (1 << (2 * self.span + 1)) - 1
        every = range(len(self.sessions))
        self.bound_to = [[j for j in every if j != i and self.pairs[i, j].binds(anything)] for i in every]

    def days(self, leads: Leads) -> Days:
        return Days(
            self.spacing,
            self.openings,
            self.pairs,
            self.known,
            self.dates,
            weights=self.weights,
            leads=leads,
            is_repair=self.is_repair,
        )

    def empty(self) -> list[int]:
        """The sessions for which there is no day at all."""
        return [nth for nth, domain in enumerate(self.domains) if not domain]

    def spaced(self, days: Sequence[int]) -> int | None:
        """What the distances and the days themselves cost, without what happens within a day; None if forbidden."""
        cost = 0
        for i, day in enumerate(days):
            cost += self.own[i][day]
            for j in range(i):
                rule = self.pairs[j, i]
                if not rule.left(days[j], self.span, clean=False) >> day & 1:
                    return None
                cost += rule.price(days[j], day, self.span)
        return cost

    def total(self, days: Sequence[int], made: Days) -> int | None:
        """What the whole plan costs with these days; None if it breaks a hard rule."""
        cost = self.spaced(days)
        if cost is None or not self.is_never_away_long(days):
            return None
        for day, mask in masks(days).items():
            known = made.of(mask, day)
            if known is None:
                return None
            cost += known[0]
        return cost

    def is_never_away_long(self, days: Collection[int]) -> bool:
        """From one visit to the next, from the first that is placed on; visits that are booked anyway count."""
        if self.longest_absence is None or not days:
            return True
        first, last = self.dates[min(days)], self.dates[max(days)]
        seen = {self.dates[day] for day in days}
        seen |= {it.day for it in self.problem.happened if it.is_visit and first <= it.day <= last}
        in_order = sorted(seen)
        return all((b - a).days <= self.longest_absence for a, b in pairwise(in_order))

    def _own(self, nth: int, day: int) -> int:
        it, on = self.sessions[nth], self.dates[day]
        cost = self.known[nth][day].soft * SOFT
        cost += self.weights.off_target * abs((on - it.due_on).days) + self.weights.off_gap * self.openings.off_gap(
            nth, on
        )
        cost += self.weights.late * max((on - it.due_from).days, 0)
        if self.is_repair and it.booked:
            cost += DAY_MOVED * abs((on - it.booked.day).days)
        return cost

    def _reach(self, i: int, j: int) -> range:
        """How many days later j can be than i."""
        one, other = self.known[i], self.known[j]
        return range(min(other) - max(one), max(other) - min(one) + 1) if one and other else range(0)

    def _reviewed(self, i: int, j: int) -> tuple[ByDay | None, ByDay | None]:
        if (j, i) in self.spacing.reviews.between:
            theirs, own = reviewed(self.spacing, j, i, self.dates)
            return own, theirs
        return reviewed(self.spacing, i, j, self.dates)

    def _clock(self, nth: int) -> tuple[int, int]:
        return self.book.clock(self.sessions[nth].service)


def masks(days: Sequence[int]) -> dict[int, int]:
    """The sessions of each day, as bits."""
    found: dict[int, int] = {}
    for nth, day in enumerate(days):
        found[day] = found.get(day, 0) | 1 << nth
    return found
