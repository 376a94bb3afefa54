"""What holds between two sessions wherever they are put: masks over days, and what each distance costs.

Bit `o + span` of a mask speaks of the other session lying `o` days later (earlier, if less than nothing).
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from clinic.appointments.rules.series.problem import Gap
from clinic.appointments.rules.series.spacing import Clock, SameDay, Spacing, overnight, within_a_day
from clinic.appointments.rules.series.weights import SOFT, Weights
from programs.rules.timing import HARD


@dataclass(slots=True)
class ByDay:
    """Where it depends on the day itself, as bits of the other's days: `allow` and `clean` as in `Pair`.

    `soft` is how many soft rules are broken on what is allowed and not clean.
    """

    allow: list[int]
    clean: list[int]
    soft: int


@dataclass(slots=True)
class Pair:
    """What holds between session `i` and session `j`, seen from `i`.

    `allow` are the days apart that break no hard rule, `clean` those that break no rule at all. `cost` by days apart,
    None if it is nothing everywhere. `ij` and `ji`: on one day, i first or j first; None if that must not be.
    """

    allow: int
    clean: int
    cost: list[int] | None
    ij: SameDay | None
    ji: SameDay | None
    by_day: ByDay | None = None

    @property
    def is_priced(self) -> bool:
        return bool(self.cost or (self.by_day and self.by_day.soft))

    def binds(self, anything: int) -> bool:
        """Whether the other may not be just anywhere; `anything` is the mask of all days apart."""
        return self.clean != anything or self.by_day is not None

    def price(self, on: int, other: int, span: int) -> int:
        """What it costs that the one is on that day and the other on that."""
        cost = self.cost[other - on + span] if self.cost else 0
        if self.by_day and not self.by_day.clean[on] >> other & 1:
            cost += self.by_day.soft * SOFT
        return cost

    def left(self, on: int, span: int, *, clean: bool) -> int:
        """The days that it leaves to the other, as bits."""
        days = (self.clean if clean else self.allow) >> (span - on)
        if self.by_day:
            days &= (self.by_day.clean if clean else self.by_day.allow)[on]
        return days

    def mirrored(self, span: int, by_day: ByDay | None = None) -> "Pair":
        turned = list(reversed(self.cost)) if self.cost else None
        return Pair(_mirror(self.allow, span), _mirror(self.clean, span), turned, self.ji, self.ij, by_day)


def pair(spacing: Spacing, i: int, j: int, reach: range, *, span: int, weights: Weights, clock: Clock) -> Pair:
    """Everything that holds between the two. `reach`: the days apart that there can be; others are let pass."""
    ij, ji = spacing.between(i, j)
    gap, reverse = spacing.gap(i, j), spacing.gap(j, i)
    is_first, is_last = spacing.must_precede(i, j), spacing.must_precede(j, i)
    later = spacing.after(ij, overnight(clock(i), clock(j)), spacing.loading(i, j), span)
    sooner = spacing.after(ji, overnight(clock(j), clock(i)), spacing.loading(j, i), span)
    same_ij, same_ji = within_a_day(spacing, i, j), within_a_day(spacing, j, i)
    forbidden = unclean = 0
    cost: dict[int, int] = {}
    for apart in reach:
        broken = (later if apart > 0 else sooner)[abs(apart)] if apart else _softest(same_ij, same_ji)
        must_not = (apart < 0 and is_first) or (apart > 0 and is_last)
        if broken is None or must_not or not _holds(gap, apart) or not _holds(reverse, -apart):
            forbidden |= 1 << (apart + span)
        elif broken or gap or reverse:
            unclean |= (broken > 0) << (apart + span)
            counted = broken if apart else 0  # within a day it depends on the order, and is counted there
            cost[apart + span] = counted * SOFT + weights.off_gap * (_off(gap, apart) + _off(reverse, -apart))
    everything = (1 << (2 * span + 1)) - 1
    allow = everything & ~forbidden
    row = [cost.get(nth, 0) for nth in range(2 * span + 1)] if any(cost.values()) else None
    return Pair(allow, allow & ~unclean, row, same_ij, same_ji)


def reviewed(spacing: Spacing, i: int, j: int, dates: Sequence[date]) -> tuple[ByDay | None, ByDay | None]:
    """What it asks of both days that somebody looks between them, seen from i and from j; None if no rule does."""
    rules = spacing.reviews.between.get((i, j), ())
    if not rules:
        return None, None
    looks = [it.toordinal() - dates[0].toordinal() for it in spacing.reviews.days]
    hard = sum(rule.strength == HARD for rule in rules)
    anything = [-1] * len(dates)
    ways = [[days(looks, day) for day in range(len(dates))] for days in (after_a_look, before_a_look)]
    later, sooner = (ByDay(way if hard else anything, way, len(rules) - hard) for way in ways)
    return later, sooner


def after_a_look(looks: Sequence[int], day: int) -> int:
    """The days, as bits, on or before which somebody looks after that day."""
    nth = bisect_right(looks, day)
    return -1 << max(looks[nth], 0) if nth < len(looks) else 0


def before_a_look(looks: Sequence[int], day: int) -> int:
    """The days, as bits, after which somebody looks on that day at the latest."""
    nth = bisect_right(looks, day)
    return (1 << max(looks[nth - 1], 0)) - 1 if nth else 0


def _softest(one: SameDay | None, other: SameDay | None) -> int | None:
    return min((sum(it >= 10**6 for it in way.soft) for way in (one, other) if way is not None), default=None)


def _holds(gap: Gap | None, apart: int) -> bool:
    return gap is None or gap.least <= apart <= gap.most


def _off(gap: Gap | None, apart: int) -> int:
    return abs(apart - gap.target) if gap else 0


def _mirror(mask: int, span: int) -> int:
    return int(f"{mask:0{2 * span + 1}b}"[::-1], 2)
