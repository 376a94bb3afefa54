"""When a visit can start: working hours less what is held, on one grid of quarter hours.

Every start of a month is one bit of a whole number, so "the clinician and a room and the device and the
patient are free" is three ANDs and an OR, however many days there are. Nothing here is ever stored: a table
of free times would have to be kept true, and two readers of it could make it lie.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

# One grid for the whole clinic: gaps that another grid would leave cannot arise. The offset of every time
# zone in use is a multiple of it, so a quarter hour of the wall clock is one of UTC too.
GRID_MINUTES = 15
# The patient may be standing at the desk.
DESK_NOTICE = timedelta(0)
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


def joined(spans: Iterable[Span]) -> list[Span]:
    """Sorted, with those that touch or overlap made one: a visit may run across two adjoining shifts."""
    whole: list[Span] = []
    for span in sorted(spans):
        if span.ends <= span.starts:
            continue
        if whole and span.starts <= whole[-1].ends:
            whole[-1] = Span(whole[-1].starts, max(whole[-1].ends, span.ends))
        else:
            whole.append(span)
    return whole


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of `spans` when `taken` is cut out of them."""
    left = joined(spans)
    for gone in joined(taken):
        left = [
            piece
            for span in left
            for piece in (Span(span.starts, min(span.ends, gone.starts)), Span(max(span.starts, gone.ends), span.ends))
            if piece.ends > piece.starts
        ]
    return left


class Grid:
    """The quarter hours from `first` until before `last`, as the bits of a whole number."""

    def __init__(self, first: datetime, last: datetime) -> None:
        self.first = -(-minute_from(first) // GRID_MINUTES) * GRID_MINUTES
        self.count = max(0, self._at_or_after(minute_from(last)))

    def fitting(self, open_spans: Iterable[Span], minutes: int) -> int:
        """The starts from which a visit of `minutes` lies inside one of the (joined) spans."""
        found = 0
        for span in open_spans:
            found |= self._bits(self._at_or_after(span.starts), self._at_or_after(span.ends - minutes + 1))
        return found

    def clashing(self, busy: Iterable[Span], minutes: int) -> int:
        """The starts from which a visit of `minutes` would overlap one of the spans."""
        found = 0
        for span in busy:
            found |= self._bits(self._at_or_after(span.starts - minutes + 1), self._at_or_after(span.ends))
        return found

    def from_on(self, moment: datetime) -> int:
        """The starts at `moment` or later."""
        return self._bits(self._at_or_after(minute_from(moment)), self.count)

    def starts(self, bits: int) -> Iterator[int]:
        """The minute of every start in `bits`, soonest first."""
        while bits:
            lowest = bits & -bits
            yield self.first + (lowest.bit_length() - 1) * GRID_MINUTES
            bits ^= lowest

    def holds(self, bits: int, start: int) -> bool:
        """Whether the start at the minute `start` is among `bits`."""
        return bool(bits >> ((start - self.first) // GRID_MINUTES) & 1)

    def _at_or_after(self, minute: int) -> int:
        return -((self.first - minute) // GRID_MINUTES)

    def _bits(self, first: int, end: int) -> int:
        first, end = max(first, 0), min(end, self.count)
        return (1 << end) - (1 << first) if end > first else 0
