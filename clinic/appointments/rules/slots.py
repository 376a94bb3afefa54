"""When a visit can start: working hours less what is held, on one grid of quarter hours.

Every start of a month is one bit of a whole number, so "the clinician and a room and the device and the
patient are free" is three ANDs and an OR, however many days there are. Nothing here is ever stored: a table
of free times would have to be kept true, and two readers of it could make it lie.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

# One grid for the whole clinic: gaps that another grid would leave cannot arise. The offset of every time
# zone in use is a multiple of it, so a quarter hour of the wall clock is one of UTC too.
GRID_MINUTES = 15
# Rosters and leave are not known further ahead than half a year.
HORIZON = timedelta(days=182)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def minute_of(moment: datetime) -> int:
    """The minute that `moment` lies in, counted from 1970 in UTC."""
    return (moment - EPOCH) // MINUTE


def minute_from(moment: datetime) -> int:
    """The first minute that begins at `moment` or later."""
    return -((EPOCH - moment) // MINUTE)


def moment_of(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)


def is_on_grid(moment: datetime) -> bool:
    return moment == moment_of(minute_of(moment)) and minute_of(moment) % GRID_MINUTES == 0


# From one minute to another, as `Span`; a bare pair costs a quarter of the time where there are thousands.
Spanned = tuple[int, int]


class Span(NamedTuple):
    """From one minute to another; the end is outside. Minutes since 1970 in UTC."""

    starts: int
    ends: int

    @classmethod
    def of(cls, starts_at: datetime, ends_at: datetime) -> Self:
        """Touched minutes count as a whole: a hold that ends at 10:00:30 is busy until 10:01."""
        return cls(minute_of(starts_at), minute_from(ends_at))

    def covers(self, other: "Span") -> bool:
        return self.starts <= other.starts and other.ends <= self.ends

    def overlaps(self, other: "Span") -> bool:
        return self.starts < other.ends and other.starts < self.ends


def joined(spans: Iterable[Spanned]) -> list[Span]:
    """Sorted, with those that touch or overlap made one: a visit may run across two adjoining shifts."""
    whole: list[Span] = []
    for starts, ends in sorted(spans):
        if ends <= starts:
            continue
        if whole and starts <= whole[-1].ends:
            whole[-1] = Span(whole[-1].starts, max(whole[-1].ends, ends))
        else:
            whole.append(Span(starts, ends))
    return whole


def without(spans: Iterable[Spanned], taken: Iterable[Spanned]) -> list[Span]:
    """What is left of `spans` when `taken` is cut out of them."""
    left, gone, passed = [], joined(taken), 0
    for span in joined(spans):
        at = span.starts
        while passed < len(gone) and gone[passed].ends <= at:
            passed += 1
        nth = passed
        while nth < len(gone) and gone[nth].starts < span.ends:
            if gone[nth].starts > at:
                left.append(Span(at, gone[nth].starts))
            at, nth = max(at, gone[nth].ends), nth + 1
        if at < span.ends:
            left.append(Span(at, span.ends))
    return left


class Grid:
    """The quarter hours from `first` until before `last`, as the bits of a whole number."""

    def __init__(self, first: datetime, last: datetime) -> None:
        self.first = -(-minute_from(first) // GRID_MINUTES) * GRID_MINUTES
        self.count = max(0, self._at_or_after(minute_from(last)))

    def fitting(self, open_spans: Iterable[Spanned], minutes: int, *, before: int = 0) -> int:
        """The starts from which a visit of `minutes` lies inside one of the (joined) spans.

        `before` of these minutes come before the start: what is prepared for the visit.
        """
        found = 0
        for starts, ends in open_spans:
            found |= self._bits(self._at_or_after(starts + before), self._at_or_after(ends - minutes + before + 1))
        return found

    def clashing(self, busy: Iterable[Spanned], minutes: int, *, before: int = 0) -> int:
        """The starts from which a visit of `minutes` would overlap one of the spans; `before` as in `fitting`."""
        # Said without calls, for it runs once for each hold of a month: 9 ms where calls took 30.
        found, zero, count = 0, self.first, self.count
        lead = zero + minutes - before - 1
        for starts, ends in busy:
            first = -((lead - starts) // GRID_MINUTES)
            end = -((zero - ends - before) // GRID_MINUTES)
            if first < 0 or end > count:
                found |= self._bits(first, end)
            elif end > first:
                found |= ((1 << (end - first)) - 1) << first
        return found

    def from_on(self, moment: datetime) -> int:
        """The starts at `moment` or later."""
        return self._bits(self._at_or_after(minute_from(moment)), self.count)

    def starts(self, bits: int) -> list[int]:
        """The minute of every start in `bits`, soonest first."""
        digits = f"{bits:b}"[::-1]  # scanning text is ten times faster than taking bits off a long number
        first, found, at = self.first, [], digits.find("1")
        while at >= 0:
            found.append(first + at * GRID_MINUTES)
            at = digits.find("1", at + 1)
        return found

    def holds(self, bits: int, start: int) -> bool:
        """Whether the start at the minute `start` is among `bits`."""
        return bool(bits >> ((start - self.first) // GRID_MINUTES) & 1)

    def _at_or_after(self, minute: int) -> int:
        return -((self.first - minute) // GRID_MINUTES)

    def _bits(self, first: int, end: int) -> int:
        first, end = max(first, 0), min(end, self.count)
        return (1 << end) - (1 << first) if end > first else 0
