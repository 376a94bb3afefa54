"""How many days two sessions must lie apart: gaps, order, phases and timing rules, as masks over days.

Bit `o + span` of a mask speaks of the other session lying `o` days later (earlier, if less than nothing).
"""

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final
from uuid import UUID

from clinic.appointments.rules.series.answer import Limit
from clinic.appointments.rules.series.gaps import chains
from clinic.appointments.rules.series.problem import Gap, Happened, Problem, Session
from clinic.appointments.rules.series.reviews import Reviews, reviews
from programs.rules.timing import HARD, OK, Happening, TimingRule

DAY_MINUTES: Final = 24 * 60
# Clocks are put forward by an hour at most wherever the clinic is, so a night may be that much shorter.
CHANGE_OF_CLOCKS: Final = 60
FAR: Final = 10**6  # days: farther apart than any two sessions are
Ignored = Collection[tuple[Limit, UUID | None, str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """What the timing rules look at. `first_ever`: nobody has given this patient that modality before."""

    code: str
    technique: str
    is_treatment: bool
    regions: frozenset[str]
    first_ever: bool

    @property
    def happening(self) -> Happening:
        return Happening(self.code, self.technique or None, is_treatment=self.is_treatment)


@dataclass(frozen=True, slots=True)
class Waits:
    """What the rules ask of one that comes after another: days, of hard and of soft rules, with their codes."""

    hard: tuple[tuple[str, float], ...] = ()
    soft: tuple[tuple[str, float], ...] = ()

    @property
    def longest(self) -> float:
        return max((days for _code, days in self.hard), default=0)


def waits(first: Kind, then: Kind, rules: Iterable[TimingRule]) -> Waits:
    """Every rule that speaks of `then` after `first`."""
    same_region = not first.regions or not then.regions or bool(first.regions & then.regions)
    holding = set()
    if first.first_ever or then.first_ever:
        holding.add("first_ever_of_either")
    if first.first_ever and then.first_ever:
        holding.add("first_ever_of_both")
    found = [
        rule
        for rule in rules
        if rule.strength != OK
        and rule.min_gap > 0
        and (not rule.applies_when or rule.applies_when in holding)
        and rule.concerns(first.happening, then.happening, same_region=same_region)
    ]
    return Waits(
        tuple((it.code, it.min_gap) for it in found if it.strength == HARD),
        tuple((it.code, it.min_gap) for it in found if it.strength != HARD),
    )


@dataclass(slots=True)
class SameDay:
    """One session after another on one day: minutes that must lie between them, and soft rules with theirs."""

    minutes: int = 0
    soft: tuple[int, ...] = ()

    def broken(self, minutes: int) -> int:
        return sum(minutes < needed for needed in self.soft)


@dataclass(slots=True)
class Spacing:
    """Of all sessions of a problem. `before[i]`: the session of the same modality before i, and the gap after it."""

    problem: Problem
    sessions: tuple[Session, ...]
    ignored: Ignored
    kinds: list[Kind] = field(default_factory=list)
    before: list[tuple[int, Gap | None] | None] = field(default_factory=list)
    reviews: Reviews = field(default_factory=Reviews)
    # What the rules ask, whatever is ignored: the same for every problem with the same rules.
    asked: dict[tuple[Kind, Kind], Waits] = field(default_factory=dict)
    _waits: dict[tuple[Kind, Kind], Waits] = field(default_factory=dict)
    _after: dict[tuple[Waits, int, int, int], list[int | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = {it.code for it in self.problem.happened if it.is_treatment}
        self.before = chains(self.problem.sessions, self.sessions)
        for nth, it in enumerate(self.sessions):
            first = self.before[nth] is None and it.follows is None and it.modality not in given
            self.kinds.append(Kind(it.modality, it.technique, True, it.regions, first))
        gone = {code for limit, _who, code in self.ignored if limit == Limit.REVIEW}
        self.reviews = reviews(self.problem, self.sessions, gone)

    def waits(self, first: Kind, then: Kind) -> Waits:
        if (first, then) not in self._waits:
            if (first, then) not in self.asked:
                self.asked[first, then] = waits(first, then, self.problem.rules)
            self._waits[first, then] = self._without_ignored(self.asked[first, then])
        return self._waits[first, then]

    def kind_of(self, it: Happened) -> Kind:
        first = it.is_treatment and all(
            other.starts >= it.starts for other in self.problem.happened if other.is_treatment and other.code == it.code
        )
        return Kind(it.code, it.technique, it.is_treatment, it.regions, first)

    def _without_ignored(self, found: Waits) -> Waits:
        gone = {rule for limit, _session, rule in self.ignored if limit == Limit.TIMING}
        return replace(found, hard=tuple(it for it in found.hard if it[0] not in gone)) if gone else found

    def between(self, i: int, j: int) -> tuple[Waits, Waits]:
        """What is asked of j after i, and of i after j. What everybody has agreed to counts as kept."""
        return self._agreed(i, j, self.waits(self.kinds[i], self.kinds[j])), self._agreed(
            i, j, self.waits(self.kinds[j], self.kinds[i])
        )

    def _agreed(self, i: int, j: int, found: Waits) -> Waits:
        accepted = self.problem.accepted
        if not accepted or not found.soft:
            return found
        one, other = self.sessions[i].id, self.sessions[j].id
        pairs = {code for a, b, code in accepted if (a, b) in {(one, other), (other, one)}}
        return replace(found, soft=tuple(it for it in found.soft if it[0] not in pairs))

    def after(self, found: Waits, sure: int, loading: int, span: int) -> list[int | None]:
        """By days later: how many soft rules are broken; None if a hard one is."""
        key = (found, sure, loading, span)
        if key not in self._after:
            self._after[key] = _after(found, sure, loading, span)
        return self._after[key]

    def is_ignored(self, limit: Limit, session: Session | None = None) -> bool:
        return (limit, session.id if session else None, "") in self.ignored

    def must_precede(self, i: int, j: int) -> bool:
        """Whether i comes before j whatever the days, by the order of the modality or of the phases."""
        one, other = self.sessions[i], self.sessions[j]
        if one.modality == other.modality and not self.is_ignored(Limit.ORDER):
            return one.number < other.number
        return one.phase < other.phase and not self.is_ignored(Limit.PHASES)

    def loading(self, i: int, j: int) -> int:
        """Days that j has to wait after i because it is resistance exercise."""
        is_held = self.sessions[j].is_loading and not self.is_ignored(Limit.LOADING)
        return self.sessions[i].hold_loading_days if is_held else 0

    def gap(self, i: int, j: int) -> Gap | None:
        """The gap of j, if i is the one before it."""
        known = self.before[j]
        if known is None or known[0] != i or known[1] is None:
            return None
        least = 0 if self.is_ignored(Limit.LEAST_GAP, self.sessions[j]) else known[1].least
        most = 10**6 if self.is_ignored(Limit.MOST_GAP, self.sessions[j]) else known[1].most
        return Gap(least, known[1].target, most)


Clock = Callable[[int], tuple[int, int]]  # the session's earliest start and latest end, minutes of the day


def within_a_day(spacing: Spacing, i: int, j: int) -> SameDay | None:
    """What holds if j comes after i on one day; None if it must not."""
    if spacing.must_precede(j, i):
        return None
    return _on_one_day(spacing.between(i, j)[0], spacing.loading(i, j), spacing.gap(i, j))


def ranges(spacing: Spacing, i: int, j: int, clock: Clock) -> tuple[tuple[int, int], ...]:
    """How many days later than i the hard rules let j be: stretches from the least to the most, which are `FAR`."""
    gap, reverse = spacing.gap(i, j), spacing.gap(j, i)
    least = max(gap.least if gap else -FAR, -reverse.most if reverse else -FAR)
    most = min(gap.most if gap else FAR, -reverse.least if reverse else FAR)
    found = []
    if not spacing.must_precede(i, j):
        found.append((-FAR, -_nearest(spacing, j, i, clock)))
    if within_a_day(spacing, i, j) or within_a_day(spacing, j, i):
        found.append((0, 0))
    if not spacing.must_precede(j, i):
        found.append((_nearest(spacing, i, j, clock), FAR))
    cut = [(max(begins, least), min(ends, most)) for begins, ends in found]
    return tuple(it for it in cut if it[0] <= it[1])


def _nearest(spacing: Spacing, i: int, j: int, clock: Clock) -> int:
    """The fewest days, but for none, after which j may follow."""
    hard, sure = spacing.between(i, j)[0].hard, overnight(clock(i), clock(j))
    least = max(spacing.loading(i, j), 1)
    return next(n for n in count(least) if not any(_is_near(days, n, sure) for _code, days in hard))


def overnight(first: tuple[int, int], then: tuple[int, int]) -> int:
    """Minutes from the end of the first to the start of the other on the same day, at the least."""
    return then[0] - first[1] - CHANGE_OF_CLOCKS


def _after(found: Waits, sure: int, loading: int, span: int) -> list[int | None]:
    rows: list[int | None] = [None]
    for apart in range(1, span + 1):
        if apart < loading or any(_is_near(days, apart, sure) for _code, days in found.hard):
            rows.append(None)
        else:
            rows.append(sum(_is_near(days, apart, sure) for _code, days in found.soft))
    return rows


def _is_near(days: float, apart: int, sure: int) -> bool:
    """Whole days are dates; a part of a day is counted in hours, and to be safe as if the night were the shortest."""
    return apart < days if is_whole(days) else apart * DAY_MINUTES + sure < days * DAY_MINUTES


def is_whole(days: float) -> bool:
    return days == math.floor(days)


def _on_one_day(found: Waits, loading: int, gap: Gap | None) -> SameDay | None:
    if found.longest >= 1 or loading > 0 or (gap is not None and gap.least > 0):
        return None
    soft = tuple(10**6 if days >= 1 else math.ceil(days * DAY_MINUTES) for _code, days in found.soft)
    return SameDay(math.ceil(found.longest * DAY_MINUTES), soft)
