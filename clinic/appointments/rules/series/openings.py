"""Where one session of one patient could be, day by day: free time less what the patient and the rules forbid."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum, auto
from itertools import product
from uuid import UUID

from clinic.appointments.rules.series.answer import Limit
from clinic.appointments.rules.series.book import QUARTER, Book, Row, Today
from clinic.appointments.rules.series.gaps import own_gap
from clinic.appointments.rules.series.problem import Block, Gap, Happened, Session
from clinic.appointments.rules.series.spacing import DAY_MINUTES, Kind, Spacing, Waits, is_whole

DAY = timedelta(days=1)
WIDER = timedelta(days=28)  # as far as a window that stands in the way is opened
# What has happened, what the rules ask of the session after it, and of the session before it.
Near = tuple[Happened, Waits, Waits]


class Side(Enum):
    """Where a session lies to something of the same day; `FAR` is another day."""

    AFTER = auto()
    BEFORE = auto()
    DURING = auto()
    FAR = auto()


@dataclass(frozen=True, slots=True)
class Opening:
    """A day of a session: with whom and when, and how many soft rules it breaks against what has happened."""

    rows: tuple[Row, ...]
    soft: int


class Openings:
    """Of every session, worked out when a day is asked for."""

    def __init__(self, spacing: Spacing, book: Book, *, keeping: Collection[UUID] = ()) -> None:
        self.spacing, self.book, self.problem, self.keeping = spacing, book, spacing.problem, keeping
        self.sessions, self.wishes = spacing.sessions, self.problem.wishes
        self._clear: dict[tuple[str, UUID, date], int] = {}
        self._busy = sorted(self.problem.busy)
        wanted = {it.id for it in self.sessions}
        self._gaps = [own_gap(it, self.problem.sessions, wanted) for it in self.sessions]
        self._happened = [(it, spacing.kind_of(it)) for it in self.problem.happened]
        self._minded: dict[int, list[Near]] = {}

    def days(self, nth: int) -> Iterator[tuple[date, Opening]]:
        """Every day on which the session can be at all."""
        for day in self.asked(nth):
            opening = self.on(nth, day)
            if opening is not None:
                yield day, opening

    def asked(self, nth: int) -> list[date]:
        """Every day that its window allows, and the day on which it is kept."""
        it = self.sessions[nth]
        first, last = self._window(it)
        days = [first + n * DAY for n in range((last - first).days + 1)]
        if it.id in self.keeping and it.booked and not first <= it.booked.day <= last:
            days.append(it.booked.day)
        return days

    def on(self, nth: int, day: date) -> Opening | None:
        it = self.sessions[nth]
        if self._is_blocked(it, day) or not self._follows(nth, day) or not self._is_seen(nth, day):
            return None
        return self._opening(nth, day)

    def off_gap(self, nth: int, day: date) -> int:
        """Days longer or shorter than is best since the session that it follows."""
        it, gap = self.sessions[nth], self._gaps[nth]
        return abs((day - it.follows).days - gap.target) if gap and it.follows else 0

    def _window(self, it: Session) -> tuple[date, date]:
        if not self.spacing.is_ignored(Limit.WINDOW, it):
            return it.due_from, it.due_until
        every = self.sessions
        return min(each.due_from for each in every) - WIDER, max(each.due_until for each in every) + WIDER

    def _is_liked(self, day: date) -> bool:
        wishes, ignored = self.wishes, self.spacing.is_ignored
        if wishes.weekdays and day.weekday() not in wishes.weekdays and not ignored(Limit.WEEKDAYS):
            return False
        return day not in wishes.away or ignored(Limit.AWAY)

    def _is_blocked(self, it: Session, day: date) -> bool:
        block = it.blocked.get(day)
        limit = Limit.BLOCKED if block == Block.BLOCKED else Limit.OVERRIDE
        return block is not None and not self.spacing.is_ignored(limit, it)

    def _follows(self, nth: int, day: date) -> bool:
        it, gap = self.sessions[nth], self._gaps[nth]
        if it.follows is None:
            return True
        apart = (day - it.follows).days
        if gap is None:
            return apart >= 0
        ignored = self.spacing.is_ignored
        return (apart >= gap.least or ignored(Limit.LEAST_GAP, it)) and (
            apart <= gap.most or ignored(Limit.MOST_GAP, it)
        )

    def _is_seen(self, nth: int, day: date) -> bool:
        """Whether somebody will have looked whether it helps, where a rule asks for that after what was given."""
        reviews = self.spacing.reviews
        return not reviews.hard_before(nth) or reviews.is_seen(None, day)

    def gap_of(self, nth: int) -> Gap | None:
        return self._gaps[nth]

    def _opening(self, nth: int, day: date) -> Opening | None:
        reviews = self.spacing.reviews
        soft = 0 if reviews.is_seen(None, day) else reviews.soft_before(nth)
        near: list[Near] = []
        for happened, before, after in self._minds(nth):
            apart = (day - happened.day).days
            if apart:
                found = before if apart > 0 else after
                if any(is_whole(days) and abs(apart) < days for _code, days in found.hard):
                    return None
                soft += sum(abs(apart) < days for _code, days in found.soft)
            # Next to it the hour decides: which of them is first, and how many hours lie in between.
            parts = [days for _code, days in (*before.hard, *after.hard) if not is_whole(days)]
            if apart == 0 or abs(apart) <= 1 + max(parts, default=-1):
                near.append((happened, before, after))
        return self._beside_all(nth, day, near, soft)

    def _beside_all(self, nth: int, day: date, near: list[Near], soft: int) -> Opening | None:
        """The starts on those sides of what happens that day on which the fewest soft rules are broken."""
        ways: dict[int, list[tuple[Side, ...]]] = {}
        for sides in product(
            *([Side.AFTER, Side.BEFORE, Side.DURING] if it[0].day == day else [Side.FAR] for it in near)
        ):
            broken = sum(_softs(side, before, after) for side, (_it, before, after) in zip(sides, near, strict=True))
            ways.setdefault(broken, []).append(sides)
        for broken in sorted(ways):
            rows = tuple(self._rows(nth, day, near, ways[broken]))
            if rows:
                return Opening(rows, soft + broken)
        return None

    def _minds(self, nth: int) -> list[Near]:
        """What has happened that any rule sets against the session."""
        if nth not in self._minded:
            every = [
                (it, self._asked(nth, kind, is_later=True), self._asked(nth, kind, is_later=False))
                for it, kind in self._happened
            ]
            self._minded[nth] = [(it, before, after) for it, before, after in every if _asks(before, after)]
        return self._minded[nth]

    def _asked(self, nth: int, kind: Kind, *, is_later: bool) -> Waits:
        own = self.spacing.kinds[nth]
        found = self.spacing.waits(kind, own) if is_later else self.spacing.waits(own, kind)
        accepted = {code for one, other, code in self.problem.accepted if (one, other) == (self.sessions[nth].id, None)}
        return Waits(found.hard, tuple(it for it in found.soft if it[0] not in accepted)) if accepted else found

    def _rows(self, nth: int, day: date, near: list[Near], ways: Sequence[Sequence[Side]]) -> Iterator[Row]:
        it = self.sessions[nth]
        minutes = self.book.supply[it.service].minutes
        for row in self._offered(it, day):
            if not near:
                yield row
                continue
            today, bits = self.book.day_at(row.site_id, day), 0
            for sides in ways:
                kept = row.bits
                for side, each in zip(sides, near, strict=True):
                    kept &= _beside(side, each, today, minutes)
                bits |= kept
            if bits:
                yield replace(row, bits=bits)

    def _offered(self, it: Session, day: date) -> Iterator[Row]:
        """What is free and suits the patient. Where the visit stands now suits them: they have agreed to it."""
        if it.id in self.keeping and it.booked and it.booked.day == day:
            begins = self.book.day_at(it.booked.site_id, day).begins
            bits = 1 << max((it.booked.starts - begins) // QUARTER, 0)
            yield self.book.row(it.booked.clinician_id, it.booked.site_id, begins, bits, it.booked)
        first, last = self._window(it)
        if not first <= day <= last or not self._is_liked(day):
            return
        for row in self.book.rows(it.service, day):
            if not self._is_wanted(it, row, day):
                continue
            bits = row.bits & self.clear(it.service, row.site_id, day)
            if it.pinned and not self.spacing.is_ignored(Limit.PINNED, it):
                bits &= _at(it.pinned.starts, self.book.day_at(row.site_id, day))
            if bits:
                yield row if bits == row.bits else replace(row, bits=bits)

    def _is_wanted(self, it: Session, row: Row, day: date) -> bool:
        problem, pin = self.problem, it.pinned
        if pin and not self.spacing.is_ignored(Limit.PINNED, it):
            if pin.clinician_id not in {None, row.clinician_id} or pin.site_id not in {None, row.site_id}:
                return False
        elif self.wishes.site_id not in {None, row.site_id} and not self.spacing.is_ignored(Limit.SITE):
            return False
        daily = self.book.supply[it.service].daily
        is_full = problem.daily is not None and problem.load.get((row.clinician_id, day), 0) >= problem.daily
        return not is_full and (daily is None or problem.load_of.get((row.clinician_id, day, it.service), 0) < daily)

    def clear(self, service: str, site_id: UUID, day: date) -> int:
        """The starts that suit the patient: not past, at their hours, and not while they are elsewhere."""
        key = (service, site_id, day)
        if key not in self._clear:
            today, minutes = self.book.day_at(site_id, day), self.book.supply[service].minutes
            bits = self._hours(today, minutes)
            if today.begins < self.problem.not_before:
                bits &= ~_until(self.problem.not_before, today)
            for starts, ends in self._elsewhere(site_id):
                if ends > today.begins and starts < today.begins + 2 * DAY_MINUTES:
                    bits &= ~(_until(ends, today) & ~_until(starts - minutes + 1, today))
            self._clear[key] = bits
        return self._clear[key]

    def _elsewhere(self, site_id: UUID) -> Iterator[tuple[int, int]]:
        yield from self._busy
        for it in self.problem.happened:
            if it.is_visit:
                way = self.problem.travel if it.site_id not in {None, site_id} else 0
                yield it.starts - way, it.ends + way

    def _hours(self, today: Today, minutes: int) -> int:
        """By the wall clock. A visit that runs past midnight ends by no hour of its own day."""
        wishes = self.wishes
        whole = (1 << today.quarters) - 1
        if self.spacing.is_ignored(Limit.HOURS) or (wishes.earliest is None and wishes.latest is None):
            return whole
        earliest = wishes.earliest.hour * 60 + wishes.earliest.minute if wishes.earliest else 0
        latest = wishes.latest.hour * 60 + wishes.latest.minute if wishes.latest else None
        if today.quarters * QUARTER == DAY_MINUTES:
            late = today.quarters if latest is None else (min(latest, DAY_MINUTES - 1) - minutes) // QUARTER + 1
            return whole & ((1 << max(late, 0)) - 1) & ~((1 << -(-earliest // QUARTER)) - 1)
        bits = 0
        for nth in range(today.quarters):
            starts = today.begins + nth * QUARTER
            fits = today.wall(starts) >= earliest
            if latest is not None:
                # Minutes of the day at its end, by the clock: in the hour that happens twice it may show less.
                same_day = starts + minutes < today.begins + today.quarters * QUARTER
                fits = fits and same_day and today.wall(starts + minutes) <= latest
            bits |= fits << nth
        return bits


def _asks(before: Waits, after: Waits) -> bool:
    return bool(before.hard or before.soft or after.hard or after.soft)


def _softs(side: Side, before: Waits, after: Waits) -> int:
    if side == Side.DURING:  # nobody knows which was first, so both count
        return len({code for code, _days in (*before.soft, *after.soft)})
    return len(before.soft if side == Side.AFTER else after.soft) if side != Side.FAR else 0


def _beside(side: Side, near: Near, today: Today, minutes: int) -> int:
    """The starts of the day on that side of something, far enough away for the hard rules."""
    it, before, after = near
    last = it.starts - minutes
    if side == Side.DURING:
        return 0 if before.hard or after.hard else _until(it.ends, today) & ~_until(last + 1, today)
    on_it = side != Side.FAR
    later = 0 if on_it and before.longest >= 1 else ~_until(it.ends + _needed(before), today)
    sooner = 0 if on_it and after.longest >= 1 else _until(last - _needed(after) + 1, today)
    return {Side.AFTER: later, Side.BEFORE: sooner}.get(side, later | sooner)


def _needed(found: Waits) -> int:
    """Minutes that rules of a part of a day ask for; those of whole days look at dates."""
    return max((-int(-days * DAY_MINUTES // 1) for _code, days in found.hard if not is_whole(days)), default=0)


def _until(minute: int, today: Today) -> int:
    """The starts of the day before that minute."""
    count = min(max(-((today.begins - minute) // QUARTER), 0), today.quarters)
    return (1 << count) - 1


def _at(minute: int, today: Today) -> int:
    apart = minute - today.begins
    return 1 << (apart // QUARTER) if apart >= 0 and apart % QUARTER == 0 else 0
