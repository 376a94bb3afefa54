"""One day of one patient: who comes first, with whom, in which room, so that the day costs least. Exact."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations
from operator import itemgetter
from uuid import UUID

from clinic.appointments.rules.series import sequence
from clinic.appointments.rules.series.book import QUARTER, Book, Row
from clinic.appointments.rules.series.openings import Opening, Openings
from clinic.appointments.rules.series.pairs import Pair
from clinic.appointments.rules.series.rooms import follows_easily, furnished
from clinic.appointments.rules.series.sequence import Order, Start
from clinic.appointments.rules.series.spacing import SameDay, Spacing
from clinic.appointments.rules.series.weights import MOVED, MOVED_AGAIN, Weights

Leads = tuple[UUID | None, ...]  # by session: the clinician that its modality should have; None if it does not matter
Day = tuple[int, tuple[tuple[int, int, Row], ...]]  # the cost, and (session, minute, with whom) in the order of the day
HOUR = 60
ANY_COST = 10**18
SOME_MINUTES, MANY_MINUTES = 45, 180  # of waiting
PLAIN_STEPS = 60  # to fill a day the plain way, before every way is weighed


class Days:
    """What each set of sessions costs on each day, for one choice of leads. Remembered: the search asks again."""

    def __init__(
        self,
        spacing: Spacing,
        openings: Openings,
        pairs: Mapping[tuple[int, int], Pair],
        known: Sequence[Mapping[int, Opening]],
        dates: Sequence[date],
        *,
        weights: Weights,
        leads: Leads,
        is_repair: bool = False,
    ) -> None:
        self.spacing, self.pairs, self.known, self.dates = spacing, pairs, known, dates
        self.book: Book = openings.book
        self.problem = spacing.problem
        self.weights, self.leads, self.is_repair = weights, leads, is_repair
        self._singles: dict[tuple[int, int], tuple[int, int, Row]] = {}
        self._costs: dict[tuple[int, int], Day | None] = {}
        self._dearer: dict[tuple[int, int], int] = {}  # what is not worked out yet, but costs more than this
        self._starts: dict[tuple[int, int, int], list[Start]] = {}
        self._visits: dict[date, set[UUID | None]] = {}
        for it in self.problem.happened:
            if it.is_visit:
                self._visits.setdefault(it.day, set()).add(it.site_id)
        limits = {self.problem.daily, *(it.daily for it in self.book.supply.values())}
        self._is_limited = limits != {None}
        usual = self.problem.wishes.usual
        self._usual = usual.hour * HOUR + usual.minute if usual else None

    def single(self, nth: int, day: int) -> tuple[int, int, Row]:
        """The best of a session that is alone that day, without the trip: cost, minute, with whom."""
        key = (nth, day)
        if key not in self._singles:
            best = (10**18, 0, self.known[nth][day].rows[0])
            for row in self.known[nth][day].rows:
                cost = self._with(nth, day, row)
                if cost < best[0]:
                    start, off = self._nearest(nth, row, day)
                    best = min(best, (cost + off, start, row), key=itemgetter(0))
            self._singles[key] = best
        return self._singles[key]

    def of(self, mask: int, day: int, most: int = ANY_COST) -> Day | None:
        """The cheapest day with the sessions whose bits are in `mask`; None if they cannot all be had for `most`.

        What costs more is of no use to whoever knows a better plan, and to find it would take the longest.
        """
        key = (day, mask)
        if key not in self._costs and self._dearer.get(key, -1) < most:
            found = None if self._has_dear_part(mask, day, most) else self._worked_out(mask, day, most)
            if found is None and most < ANY_COST:
                self._dearer[key] = most
            else:
                self._costs[key] = found
        known = self._costs.get(key)
        return known if known and known[0] <= most else None

    def _has_dear_part(self, mask: int, day: int, most: int) -> bool:
        """Whether all but one of them are known to cost more by themselves, or not to be had."""
        parts = [(day, mask ^ 1 << nth) for nth in range(mask.bit_length()) if mask >> nth & 1]
        known = [self._costs[part] for part in parts if part in self._costs]
        return any(it is None or it[0] > most for it in known) or any(self._dearer.get(it, -1) >= most for it in parts)

    def can_hold(self, mask: int, day: int) -> bool:
        """Whether these sessions can be had on that day, at whatever cost: one after the other wherever that does."""
        if (day, mask) in self._costs:
            return self._costs[day, mask] is not None
        members = [nth for nth in range(mask.bit_length()) if mask >> nth & 1]
        if any(self._rule(i, j) is None and self._rule(j, i) is None for i, j in combinations(members, 2)):
            return False
        return self._plainly((), members, day, [PLAIN_STEPS]) or self.of(mask, day) is not None

    def _plainly(self, order: Order, left: Sequence[int], day: int, steps: list[int]) -> bool:
        """Whether the rest can come after these, each as soon as it can without any care for the one before.

        What can begin first comes first. `steps` are counted down; false does not mean that it cannot be.
        """
        if not left:
            return self._may_be(order, day)
        found = sorted((it for nth in left if (it := self._soonest(order, nth, left, day))), key=itemgetter(1))
        for it in found:
            steps[0] -= 1
            if steps[0] < 0:
                return False
            if self._plainly((*order, it), [nth for nth in left if nth != it[0]], day, steps):
                return True
        return False

    def _soonest(self, order: Order, nth: int, left: Sequence[int], day: int) -> tuple[int, int, Row] | None:
        """The first start after these from which nothing of the ones before can be in its way."""
        if any(other != nth and self._rule(nth, other) is None for other in left):
            return None
        rules = [self._rule(other, nth) for other, _start, _row in order]
        if None in rules:
            return None
        apart = max(self._slack([nth, *(it[0] for it in order)]), *(rule.minutes for rule in rules if rule), 0)
        ends = order[-1][1] + self._length(order[-1][0]) if order else 0
        site = order[-1][2].where if order else None
        best: tuple[int, int, Row] | None = None
        for row in self.known[nth][day].rows:
            way = self.problem.travel if site not in {None, row.where} else 0
            start = row.first_from(ends + max(apart, way))
            if start is not None and (best is None or start < best[1]):
                best = nth, start, row
        return best

    def _slack(self, members: Sequence[int]) -> int:
        """Minutes from which on two visits do not mind each other's clinicians, rooms and devices."""
        services = {self.book.supply[self.spacing.sessions[nth].service] for nth in members}
        margins = [m for it in services for m in (it.clinician_margins, it.room_margins, it.device_margins)]
        return max(before for before, _after in margins) + max(after for _before, after in margins)

    def trip(self, day: int, sites: Sequence[UUID]) -> int:
        """What the ways to these sites cost, but for those that the patient goes to anyway."""
        goes_to = self._visits.get(self.dates[day], ())
        return 0 if None in goes_to else self.weights.trip * len(set(sites).difference(goes_to))

    def _trips(self, day: int, sites: int) -> int:
        goes_to = self._visits.get(self.dates[day], ())
        if None in goes_to:
            return 0
        known = {self.book.number(it) for it in goes_to if it}
        return self.weights.trip * sum(sites >> it & 1 for it in range(sites.bit_length()) if it not in known)

    def is_first_trip(self, day: int) -> bool:
        return self.dates[day] not in self._visits

    def _worked_out(self, mask: int, day: int, most: int) -> Day | None:
        members = [nth for nth in range(mask.bit_length()) if mask >> nth & 1]
        if len(members) == 1:
            cost, start, row = self.single(members[0], day)
            best = (cost + self.trip(day, [row.site_id]), ((members[0], start, row),))
            # Only the cheapest row is looked at, but one at a site that needs no trip may be cheaper.
            if self.is_first_trip(day) or not self.trip(day, [row.site_id]):
                return best
            return self._together(members, day, best, best[0] - 1)
        return self._together(members, day, None, most)

    def _together(self, members: list[int], day: int, known: Day | None, most: int) -> Day | None:
        # From the end of the first visit to the end of the last. So counted, one more visit in between costs no
        # time, and no set of visits costs less than a part of it: the search relies on that.
        lengths = {nth: self._length(nth) for nth in members}
        minute, whole = self.weights.staying_minute, sum(lengths.values())
        found = sequence.Members(
            starts={nth: self._cheap(nth, day, self._others(len(members))) for nth in members},
            lengths=lengths,
            first={nth: minute * (whole - length) for nth, length in lengths.items()},
            rule=self._rule,
            may_follow=lambda order: self._may_be(order, day),
            may_share=lambda one, other, who: self._may_share(one, other, who, day),
            trip=lambda sites: self._trips(day, sites),
            least_trip=self.weights.trip if self.is_first_trip(day) else 0,
            slack=self._slack(members),
            travel=self.problem.travel,
            minute=minute,
        )
        least = sum(self.single(nth, day)[0] for nth in members) + found.least_trip + min(found.first.values())
        return self._cheapest(found, least, day, most) or known

    def _cheapest(self, members: sequence.Members, least: int, day: int, most: int) -> Day | None:
        """Days without much waiting first: they are found fast, and most days are."""
        waits = (least + minutes * members.minute for minutes in (SOME_MINUTES, MANY_MINUTES))
        for limit in sorted({most, *(it for it in waits if it < most)}):
            for cost, way in sorted(sequence.ways(members, limit), key=itemgetter(0)):
                order = way.order()
                if self._may_be(order, day):
                    return cost, order
        return None

    def _others(self, count: int) -> int:
        """How many clinicians must be looked at for one minute: each neighbour can stand in the way of one."""
        is_tight = self.is_repair or self.problem.daily is not None
        return count + 1 if is_tight else min(count, 3)

    def _rule(self, first: int, then: int) -> SameDay | None:
        return None if self.spacing.must_precede(then, first) else self.pairs[first, then].ij

    def _may_be(self, order: Order, day: int) -> bool:
        """Whether these visits can be had together: the clinicians' days, rooms and devices."""
        if self._is_limited:
            people: dict[UUID, list[int]] = {}
            for nth, _start, row in order:
                if row.kept is None:  # what stays where it is booked is in the load
                    people.setdefault(row.clinician_id, []).append(nth)
            if not all(self._may_hold(same, who, day) for who, same in people.items()):
                return False
        (_first, _begun, before), (nth, start, row) = order[0], order[-1]
        if len(order) == 2 and follows_easily(self.book, self.spacing.sessions[nth].service, start, row, before):
            return True
        return bool(furnished(self.book, self.spacing.sessions, order))

    def _may_share(self, one: int, other: int, who: UUID, day: int) -> bool:
        """Whether both may come to this clinician, if each that is booked there already stays."""
        sessions, on = self.spacing.sessions, self.dates[day]
        booked = {nth: sessions[nth].booked for nth in (one, other)}
        come = [nth for nth, it in booked.items() if not (it and (it.clinician_id, it.day) == (who, on))]
        return self._may_hold(come, who, day)

    def _may_hold(self, members: Sequence[int], who: UUID, day: int) -> bool:
        """Whether the clinician's day has room for all of these visits, which are new to it."""
        if not (self._is_limited and members):
            return True
        on, daily = self.dates[day], self.problem.daily
        if daily is not None and self.problem.load.get((who, on), 0) + len(members) > daily:
            return False
        kinds = Counter(self.spacing.sessions[nth].service for nth in members)
        limits = ((self.book.supply[service].daily, service, count) for service, count in kinds.items())
        return all(
            limit is None or self.problem.load_of.get((who, on, service), 0) + count <= limit
            for limit, service, count in limits
        )

    def _length(self, nth: int) -> int:
        return self.book.supply[self.spacing.sessions[nth].service].minutes

    def _cheap(self, nth: int, day: int, most: int) -> list[Start]:
        """Starts in order of time, of each minute and site the `most` cheapest: others cannot be needed."""
        key = (nth, day, most)
        if key not in self._starts:
            found: list[Start] = []
            seen: dict[tuple[int, int], int] = {}
            rows = self.known[nth][day].rows
            for _cost, place in sorted((self._with(nth, day, row), place) for place, row in enumerate(rows)):
                row = rows[place]
                for start in row.starts():
                    if seen.get((start, row.where), 0) < most:
                        seen[start, row.where] = seen.get((start, row.where), 0) + 1
                        found.append((start, self._with(nth, day, row) + self._off_hour(nth, row, start, day), row))
            found.sort(key=lambda it: it[:2])
            self._starts[key] = found
        return self._starts[key]

    def _with(self, nth: int, day: int, row: Row) -> int:
        lead = self.leads[nth]
        cost = self.weights.clinician * (lead is not None and lead != row.clinician_id)
        cost += self.weights.load * self.problem.load.get((row.clinician_id, self.dates[day]), 0)
        if self.is_repair and row.kept is None:
            cost += MOVED + MOVED_AGAIN * self.spacing.sessions[nth].was_moved
        return cost

    def _off_hour(self, nth: int, row: Row, start: int, day: int) -> int:
        """In a repair the hour that was promised is the one that is liked."""
        booked = self.spacing.sessions[nth].booked if self.is_repair else None
        wanted = self._usual
        if booked:
            wanted = self.book.day_at(booked.site_id, booked.day).wall(booked.starts)
        if row.kept or wanted is None:
            return 0
        apart = abs(self.book.day_at(row.site_id, self.dates[day]).wall(start) - wanted)
        return self.weights.off_quarter * (apart // QUARTER)

    def _nearest(self, nth: int, row: Row, day: int) -> tuple[int, int]:
        """The start nearest to the hour that is liked, or the first; and what it costs."""
        if row.kept:
            return row.kept.starts, 0
        if self._usual is None and not self.is_repair:
            return row.begins + ((row.bits & -row.bits).bit_length() - 1) * QUARTER, 0
        off, start = min((self._off_hour(nth, row, start, day), start) for start in row.starts())
        return start, off
