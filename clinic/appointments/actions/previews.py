"""What a change of the set-up would do to the free times, before anything is saved. Reads only."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from clinic.appointments.actions.availability import Offer

LOOK_AHEAD_DAYS = 14
DAYS_SHOWN = 5
FIRST_SHOWN = 4


@dataclass(frozen=True, slots=True)
class DayPreview:
    """How many starts a day has as things are and would have after the change. `first`: the soonest of those."""

    day: date
    before: int
    after: int
    first: Sequence[datetime]

    @property
    def more(self) -> int:
        return self.after - len(self.first)


def compared(before: Iterable[Offer], after: Iterable[Offer]) -> list[DayPreview]:
    """The next open days, each with its starts before and after. Two clinicians free at ten are one start."""
    then, now = _by_day(after), _by_day(before)
    days = sorted({*then, *now})[:DAYS_SHOWN]
    return [DayPreview(day, len(now[day]), len(then[day]), sorted(then[day])[:FIRST_SHOWN]) for day in days]


def _by_day(offers: Iterable[Offer]) -> defaultdict[date, set[datetime]]:
    found: defaultdict[date, set[datetime]] = defaultdict(set)
    for offer in offers:
        found[offer.local_start.date()].add(offer.local_start)
    return found
