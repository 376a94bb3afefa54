"""Whether there is any plan at all, good or bad: days first, hours only of the days that several sessions share.

Nothing is weighed, and what is worked out for one problem serves the next, with a wish less or a day more: that is
what explaining an impossible plan asks for a hundred times.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar
from uuid import UUID

from clinic.appointments.rules.series.answer import Limit
from clinic.appointments.rules.series.apart import Absence, Near, Ranges, narrowed
from clinic.appointments.rules.series.book import Book, Summed
from clinic.appointments.rules.series.openings import Opening, Openings
from clinic.appointments.rules.series.pairs import Pair, after_a_look, before_a_look
from clinic.appointments.rules.series.problem import Problem
from clinic.appointments.rules.series.search import bits
from clinic.appointments.rules.series.spacing import FAR, Ignored, Kind, Spacing, Waits, ranges, within_a_day
from clinic.appointments.rules.series.visiting import Days
from clinic.appointments.rules.series.weights import Weights
from programs.rules.timing import HARD

STEPS: Final = 1_000
OF_WISHES: Final = {Limit.WEEKDAYS, Limit.AWAY, Limit.HOURS, Limit.SITE}
OF_A_SESSION: Final = {Limit.BLOCKED, Limit.OVERRIDE, Limit.PINNED, Limit.LEAST_GAP, Limit.MOST_GAP}
BETWEEN: Final = {Limit.ORDER, Limit.PHASES, Limit.LOADING, Limit.TIMING, Limit.REVIEW}
Key = tuple[object, ...]
Asked = TypeVar("Asked")
Told = TypeVar("Told")


class Lazy(dict[Asked, Told]):
    """Worked out when it is asked for."""

    def __init__(self, make: Callable[[Asked], Told]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Asked) -> Told:
        made = self[key] = self._make(key)
        return made


@dataclass(frozen=True, slots=True)
class Verdict:
    """`days`: one for each session, if there is a plan. Without days it is `is_sure` that there is none, or unknown."""

    days: tuple[date, ...] | None
    is_sure: bool = True
    steps: int = 0

    @property
    def is_possible(self) -> bool | None:
        return True if self.days is not None else False if self.is_sure else None


class Feasible:
    """Of one problem and of everything that eases it: free time and loads must be the same."""

    def __init__(self, problem: Problem, book: Book, keeping: Collection[UUID] = ()) -> None:
        self.book, self.keeping, self.summed = book, keeping, Summed(book, problem)
        self.asked: dict[tuple[Kind, Kind], Waits] = {}
        self.fits: dict[Key, bool] = {}
        self.ranges: dict[Key, Ranges] = {}
        self._is_open: dict[int, dict[date, bool]] = {}
        self._numbers: dict[object, int] = {}

    def days(self, problem: Problem, ignored: Ignored = (), steps: int = STEPS) -> Verdict:
        outline = _Outline(self, problem, ignored)
        if not all(outline.domains):
            return Verdict(None)
        search = _Search(outline, steps)
        found = search.run()
        if found is None:
            return Verdict(None, search.is_all, steps - search.steps)
        return Verdict(tuple(outline.dates[day] for day in found), steps=steps - search.steps)

    def number_of(self, it: object) -> int:
        """As a small number, which is compared a hundred times faster."""
        return self._numbers.setdefault(it, len(self._numbers))

    def open_days(self, openings: Openings, nth: int, key: int) -> list[date]:
        known = self._is_open.setdefault(key, {})
        days = openings.asked(nth)
        for day in days:
            if day not in known:
                known[day] = openings.on(nth, day) is not None
        return [day for day in days if known[day]]


class _Outline:
    """One problem by days: bit n of a domain is the day `dates[n]`."""

    def __init__(self, shared: Feasible, problem: Problem, ignored: Ignored) -> None:
        self.problem, self.ignored, self.sessions = problem, ignored, problem.wanted
        self.spacing = Spacing(problem, self.sessions, ignored, asked=shared.asked)
        self.openings = Openings(self.spacing, shared.book, keeping=shared.keeping)
        self.is_repair = bool(shared.keeping)
        summed = Openings(self.spacing, shared.summed)
        found = []
        self.keys = []
        for nth, it in enumerate(self.sessions):
            # Whoever is asked for by name must be free themselves.
            by_name = it.pinned is not None or it.id in shared.keeping
            openings = self.openings if by_name else summed
            self.keys.append(shared.number_of(self._key(nth, by_name)))
            found.append(shared.open_days(openings, nth, self.keys[nth]))
        first = min((day for days in found for day in days), default=date(2000, 1, 1)).toordinal()
        last = max((day.toordinal() for days in found for day in days), default=first)
        self._first = first
        self.dates = [date.fromordinal(nth) for nth in range(first, last + 1)]
        self.domains = [sum(1 << day.toordinal() - first for day in days) for days in found]
        self.due = [it.due_on.toordinal() - first for it in self.sessions]
        self.near = self._near(shared)
        longest = None if self.spacing.is_ignored(Limit.ABSENCE) else problem.wishes.longest_absence
        visits = {it.day.toordinal() - first for it in problem.happened if it.is_visit}
        self.absence = Absence(longest, sum(1 << day for day in visits if 0 <= day < len(self.dates)))
        self._made, self._known = self._days(), shared.fits
        self._gone = frozenset(it for it in ignored if it[0] in BETWEEN)
        self._gone_of: dict[UUID, set[tuple[Limit, UUID | None, str]]] = {}
        for limit, who, code in ignored:
            if who is not None:
                self._gone_of.setdefault(who, set()).add((limit, who, code))

    def _key(self, nth: int, by_name: bool) -> Key:
        """Everything on which it depends whether a day is open to the session, but for the day."""
        it, wishes = self.sessions[nth], self.problem.wishes
        codes = {code for kind in self._kinds(nth) for code, _days in kind.hard}
        gone = frozenset(
            (limit, code)
            for limit, who, code in self.ignored
            if limit in OF_WISHES or (who == it.id and limit in OF_A_SESSION)
        )
        blocked = frozenset(it.blocked.items())
        wanted = (wishes.weekdays, wishes.earliest, wishes.latest, wishes.site_id, wishes.away)
        window = (it.due_from, it.due_until, self.ignored) if by_name else ()
        gap = (it.follows, self.openings.gap_of(nth)) if it.follows else ()
        is_seen = self.spacing.reviews.hard_before(nth)
        return it.id, it.pinned, blocked, frozenset(codes), gone, wanted, gap, window, is_seen

    def _kinds(self, nth: int) -> list[Waits]:
        own = self.spacing.kinds[nth]
        found = []
        for happened in self.problem.happened:
            kind = self.spacing.kind_of(happened)
            found += [self.spacing.waits(kind, own), self.spacing.waits(own, kind)]
        return found

    def _near(self, shared: Feasible) -> list[list[tuple[int, Near]]]:
        """For each session the others that cannot lie anywhere to it, and how many days later they may lie."""
        near: list[list[tuple[int, Near]]] = [[] for _it in self.sessions]
        between = frozenset(it for it in self.ignored if it[0] in BETWEEN)
        numbers = [shared.number_of(it.id) for it in self.sessions]
        for j in range(len(self.sessions)):
            for i in range(j):
                firsts = self.spacing.kinds[i].first_ever, self.spacing.kinds[j].first_ever
                key = (numbers[i], numbers[j], firsts, self.spacing.gap(i, j), self.spacing.gap(j, i), between)
                if key not in shared.ranges:
                    shared.ranges[key] = ranges(self.spacing, i, j, self._clock)
                found = shared.ranges[key]
                if found != ((-FAR, -1), (0, 0), (1, FAR)):
                    near[i].append((j, found))
                    near[j].append((i, tuple((-most, -least) for least, most in found)))
        looks = [it.toordinal() - self.dates[0].toordinal() for it in self.spacing.reviews.days]
        for (i, j), rules in self.spacing.reviews.between.items():
            if any(rule.strength == HARD for rule in rules):
                near[i].append((j, lambda days: after_a_look(looks, (days & -days).bit_length() - 1)))
                near[j].append((i, lambda days: before_a_look(looks, days.bit_length() - 1)))
        return near

    def _clock(self, nth: int) -> tuple[int, int]:
        return self.openings.book.clock(self.sessions[nth].service)

    def _days(self) -> Days:
        def opening(nth: int) -> Callable[[int], Opening]:
            return lambda day: self.openings.on(nth, self.dates[day]) or Opening((), 0)

        return Days(
            self.spacing,
            self.openings,
            Lazy(lambda ij: Pair(0, 0, None, within_a_day(self.spacing, *ij), within_a_day(self.spacing, *ij[::-1]))),
            [Lazy(opening(nth)) for nth in range(len(self.sessions))],
            self.dates,
            weights=Weights(),
            leads=(None,) * len(self.sessions),
            is_repair=self.is_repair,
        )

    def fits(self, some: int, day: int) -> bool:
        """Whether these sessions, as bits, can be had on one day."""
        if not some & some - 1:
            return True
        members = [nth for nth in range(len(self.sessions)) if some >> nth & 1]
        gone = self._gone
        if self._gone_of:
            gone = gone.union(*(self._gone_of.get(self.sessions[nth].id, ()) for nth in members))
        key = (tuple(self.keys[nth] for nth in members), self._first + day, gone)
        if key not in self._known:
            self._known[key] = self._made.can_hold(some, day)
        return self._known[key]


class _Search:
    """Few days and much trouble first (Boussemart 2004: dom/wdeg), the days nearest to the one that is due."""

    def __init__(self, outline: _Outline, steps: int) -> None:
        self.outline, self.steps, self.is_all = outline, steps, True
        self.trouble = [1] * len(outline.domains)
        self.masks: dict[int, int] = {}

    def run(self) -> list[int] | None:
        domains = list(self.outline.domains)
        if not self._holds(domains, list(range(len(domains)))):
            return None
        return self._placed(domains, list(range(len(domains))))

    def _holds(self, domains: list[int], changed: list[int]) -> bool:
        stuck = narrowed(domains, self.outline.near, changed)
        if stuck is not None:
            self.trouble[stuck] += 1
            return False
        return not self.outline.absence.is_hopeless(domains)

    def _placed(self, domains: list[int], free: list[int]) -> list[int] | None:
        if not free:
            return [each.bit_length() - 1 for each in domains]
        due = self.outline.due
        nth = min(free, key=lambda it: (domains[it].bit_count() / self.trouble[it], due[it], it))
        rest = [it for it in free if it != nth]
        for day in sorted(bits(domains[nth]), key=lambda it: (abs(it - due[nth]), it)):
            if self.steps <= 0:
                self.is_all = False
                return None
            self.steps -= 1
            found = self._with(nth, day, domains, rest)
            if found is not None or not self.is_all:
                return found
        self.trouble[nth] += 1
        return None

    def _with(self, nth: int, day: int, domains: list[int], rest: list[int]) -> list[int] | None:
        before = self.masks.get(day, 0)
        below = list(domains)
        below[nth] = 1 << day
        if not self.outline.fits(before | 1 << nth, day) or not self._holds(below, [nth]):
            return None
        self.masks[day] = before | 1 << nth
        found = self._placed(below, rest)
        self.masks[day] = before
        return found
