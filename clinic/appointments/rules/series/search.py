"""Branch and bound over the days of some sessions while the others stay: the one engine of solve, repair and proof.

Days are bits of whole numbers, so that what one day forbids another is one shift and one AND.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from clinic.appointments.rules.series.model import Model
from clinic.appointments.rules.series.pairs import ByDay
from clinic.appointments.rules.series.visiting import Days

NO_BOUND = 10**18


@dataclass(slots=True)
class Found:
    """The best days so far, and what they cost. `is_all` tells that the search looked at everything it had to."""

    cost: int
    days: list[int] | None = None
    is_all: bool = True
    nodes: int = 0


class Search:
    """`free` sessions are placed anew, at less than `bound`, in at most `nodes` steps."""

    def __init__(
        self,
        model: Model,
        made: Days,
        *,
        fixed: Mapping[int, int],
        bound: int = NO_BOUND,
        nodes: int = 10**9,
        stop_at_first: bool = False,
        clean: bool = False,
        soonest: bool = False,
    ) -> None:
        """`clean`: soft rules are kept like hard ones. `soonest`: what is due first is placed first."""
        self.model, self.made, self.fixed = model, made, dict(fixed)
        self.free = [nth for nth in range(len(model.sessions)) if nth not in fixed]
        self.nodes_left, self.stop_at_first, self.clean, self.soonest = nodes, stop_at_first, clean, soonest
        self.found = Found(bound)
        self.days = [fixed.get(nth, -1) for nth in range(len(model.sessions))]
        self.trouble = [1] * len(model.sessions)  # how often a session has left another without a day, or been left
        self.masks: dict[int, int] = {}
        for nth, day in fixed.items():
            self.masks[day] = self.masks.get(day, 0) | 1 << nth

    def run(self) -> Found:
        domains = self._narrowed()
        start = self._of_fixed()
        if domains is not None and start is not None and self._agree(domains, list(domains)):
            self._bounds(domains)
            least = self._least(domains, self.free)
            if least is not None and max(start + least[0], self.shared + least[1]) < self.found.cost:
                self._place(self.free, domains, start, self.shared)
        return self.found

    def _agree(self, domains: dict[int, int], changed: list[int]) -> bool:
        """Take away every day for which another session has no day; false if one is left without any."""
        model, span = self.model, self.model.span
        while changed:
            nth = changed.pop()
            for other in model.bound_to[nth]:
                if other not in domains:
                    continue
                rule = model.pairs[nth, other]
                mask, reach, rest = rule.clean if self.clean else rule.allow, 0, domains[nth]
                while rest:
                    lowest = rest & -rest
                    reach |= mask >> (span + 1 - lowest.bit_length())
                    rest ^= lowest
                left = domains[other] & reach
                if rule.by_day:
                    left &= self._of_days(rule.by_day, domains[nth])
                if not left:
                    self.trouble[other] += 1
                    self.trouble[nth] += 1
                    return False
                if left != domains[other]:
                    domains[other] = left
                    changed.append(other)
        return True

    def _of_days(self, rule: ByDay, domain: int) -> int:
        """The days that are left to another by any of these."""
        left = 0
        for day in bits(domain):
            left |= (rule.clean if self.clean else rule.allow)[day]
        return left

    def _narrowed(self) -> dict[int, int] | None:
        """The days that the fixed sessions leave to the free ones; None if there are none."""
        model, span, domains = self.model, self.model.span, {}
        for nth in self.free:
            domain = model.domains[nth]
            for other, day in self.fixed.items():
                domain &= model.pairs[other, nth].left(day, span, clean=self.clean)
            if not domain:
                return None
            domains[nth] = domain
        return domains

    def _of_fixed(self) -> int | None:
        """What those that stay cost."""
        model, cost = self.model, 0
        placed = sorted(self.fixed.items())
        for at, (nth, day) in enumerate(placed):
            cost += model.own[nth][day]
            for other, on in placed[:at]:
                cost += model.pairs[other, nth].price(on, day, model.span)
        for day, mask in self.masks.items():
            known = self.made.of(mask, day)
            if known is None:
                return None
            cost += known[0]
        self.shared = cost
        return cost

    def _bounds(self, domains: Mapping[int, int]) -> None:
        """The least that each day can cost a session: without the trip, and with its share of a trip."""
        model = self.model
        self.own: dict[int, dict[int, int]] = {}
        self.share: dict[int, dict[int, int]] = {}
        self.by_own: dict[int, list[tuple[int, int]]] = {}
        self.by_share: dict[int, list[tuple[int, int]]] = {}
        for nth, domain in domains.items():
            own, share = {}, {}
            for day in bits(domain):
                cost = model.own[nth][day]
                for other, on in self.fixed.items():
                    rule = model.pairs[other, nth]
                    if rule.is_priced:
                        cost += rule.price(on, day, model.span)
                own[day] = cost
                share[day] = self._share(nth, day, domains)
            self.own[nth], self.share[nth] = own, share
            least = {day: cost + self.made.single(nth, day)[0] for day, cost in own.items()}
            self.by_own[nth] = sorted((cost, day) for day, cost in least.items())
            self.by_share[nth] = sorted((cost + share[day], day) for day, cost in least.items())

    def _share(self, nth: int, day: int, domains: Mapping[int, int]) -> int:
        """No more than this can a session's part of the way to the clinic be."""
        if day in self.masks:
            return 0
        model = self.model
        together = sum(
            bool(domain >> day & 1) and bool(model.pairs[nth, other].allow >> model.span & 1)
            for other, domain in domains.items()
            if other != nth
        )
        site = self.made.single(nth, day)[2].site_id
        return self.made.trip(day, [site]) // (1 + together) if self.made.is_first_trip(day) else 0

    def _least(self, domains: Mapping[int, int], free: Sequence[int]) -> tuple[int, int] | None:
        own = share = 0
        for nth in free:
            domain = domains[nth]
            first = next((cost for cost, day in self.by_own[nth] if domain >> day & 1), None)
            if first is None:
                return None
            own += first
            share += next(cost for cost, day in self.by_share[nth] if domain >> day & 1)
        return own, share

    def _place(self, free: Sequence[int], domains: Mapping[int, int], cost: int, shared: int) -> bool:
        """Go on from here; true if the search is to end. `cost` is exact so far, `shared` counts shares of trips."""
        if not free:
            return self._keep(cost)
        nth = self._next(free, domains)
        rest = [other for other in free if other != nth]
        least = self._least(domains, rest) or (0, 0)
        for added, day in self._choices(nth, domains[nth], self.found.cost - cost - least[0], shared + least[1]):
            if cost + added + least[0] >= self.found.cost:
                break
            if self.nodes_left <= 0:
                self.found.is_all = False
                return True
            self.nodes_left -= 1
            self.found.nodes += 1
            if self._try(nth, day, added, rest, domains, cost, shared):
                return True
        return False

    def _try(
        self, nth: int, day: int, added: int, rest: Sequence[int], domains: Mapping[int, int], cost: int, shared: int
    ) -> bool:
        below = self._below(nth, day, rest, domains)
        least = self._least(below, rest) if below is not None else None
        if below is None or least is None:
            return False
        own = self.own[nth][day] + self.made.single(nth, day)[0] + self.share[nth][day] + self._distances(nth, day)
        if max(cost + added + least[0], shared + own + least[1]) >= self.found.cost:
            return False
        before = self.masks.get(day, 0)
        self.days[nth], self.masks[day] = day, before | 1 << nth
        is_over = not self._is_hopeless(rest, below) and self._place(rest, below, cost + added, shared + own)
        self.days[nth] = -1
        if before:
            self.masks[day] = before
        else:
            del self.masks[day]
        return is_over

    def _keep(self, cost: int) -> bool:
        if cost < self.found.cost and self.model.is_never_away_long(self.days):
            self.found.cost, self.found.days = cost, list(self.days)
            return self.stop_at_first
        return False

    def _next(self, free: Sequence[int], domains: Mapping[int, int]) -> int:
        if self.soonest:
            return min(free, key=lambda nth: (self.model.sessions[nth].due_on, nth))
        # Few days and much trouble first (Boussemart 2004: dom/wdeg).
        sessions = self.model.sessions
        return min(free, key=lambda nth: (domains[nth].bit_count() / self.trouble[nth], sessions[nth].due_on, nth))

    def _choices(self, nth: int, domain: int, most: int, shared: int) -> Iterator[tuple[int, int]]:
        """Each day with what it adds, the cheapest first; without those that could only be too dear.

        What a day with others costs is worked out only when nothing cheaper is left.
        """
        waiting: list[tuple[int, int, int]] = []  # what it adds at least, whether it is worked out, the day
        for day in bits(domain):
            own = self.own[nth][day] + self._distances(nth, day)
            least = own + self.made.single(nth, day)[0]
            if least < most and shared + least + self.share[nth][day] < self.found.cost:
                waiting.append((least, 0, day))
        heapify(waiting)
        while waiting:
            added, is_exact, day = heappop(waiting)
            if is_exact:
                yield added, day
                continue
            mask = self.masks.get(day, 0)
            before = self.made.of(mask, day) if mask else None
            added -= self.made.single(nth, day)[0] + (before[0] if before else 0)
            known = self.made.of(mask | 1 << nth, day, most - added - 1)
            if known is not None:
                heappush(waiting, (added + known[0], 1, day))

    def _distances(self, nth: int, day: int) -> int:
        """What the days to the free sessions cost that have their day already."""
        model, cost = self.model, 0
        for other in self.free:
            on = self.days[other]
            if on >= 0 and other != nth:
                rule = model.pairs[other, nth]
                if rule.is_priced:
                    cost += rule.price(on, day, model.span)
        return cost

    def _below(self, nth: int, day: int, rest: Sequence[int], domains: Mapping[int, int]) -> dict[int, int] | None:
        """What is left to the others."""
        model, shift, left = self.model, self.model.span - day, {}
        changed = []
        for other in rest:
            rule = model.pairs[nth, other]
            domain = domains[other] & ((rule.clean if self.clean else rule.allow) >> shift)
            if rule.by_day:
                domain &= (rule.by_day.clean if self.clean else rule.by_day.allow)[day]
            if not domain:
                self.trouble[nth] += 1
                self.trouble[other] += 1
                return None
            if domain != domains[other]:
                changed.append(other)
            left[other] = domain
        # To look further ahead costs more than it saves once there is a plan that only wants to be better.
        return left if not self.stop_at_first or self._agree(left, changed) else None

    def _is_hopeless(self, rest: Sequence[int], domains: Mapping[int, int]) -> bool:
        """Whether the patient would be away too long between two visits wherever the rest goes."""
        placed = [day for day in self.days if day >= 0]
        if self.model.longest_absence is None or not placed:
            return False
        possible = [*placed, *(day for nth in rest for day in bits(domains[nth]) if min(placed) <= day <= max(placed))]
        return not self.model.is_never_away_long(possible)


def bits(mask: int) -> list[int]:
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found
