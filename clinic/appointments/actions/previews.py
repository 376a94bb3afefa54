"""What a change of the set-up would do to the free times, before anything is saved. Reads only."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from clinic.appointments.actions import limits
from clinic.appointments.actions.open_starts import OpenStarts, Question
from clinic.appointments.models import BookingPolicy
from clinic.appointments.rules import slots
from clinic.appointments.rules.limits import Door, Limits
from programs.rules.services import Service

LOOK_AHEAD_DAYS = 14
DAYS_SHOWN = 5
FIRST_SHOWN = 4

Starts = Mapping[date, set[datetime]]


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


def of_services(before: Service, after: Service, *, now: datetime) -> list[DayPreview]:
    """How a changed service would be free at the desk, on the next open days."""
    held = limits.current(Door.DESK)
    return _compared(_starts(before, held, now), _starts(after, held, now))


def of_policies(before: BookingPolicy, after: BookingPolicy, service: Service, *, now: datetime) -> list[DayPreview]:
    """How a service would be free at the desk under changed rules, on the next open days."""
    then, wanted = (limits.under(policy, Door.DESK) for policy in (before, after))
    return _compared(_starts(service, then, now), _starts(service, wanted, now))


def _starts(service: Service, held: Limits, now: datetime) -> Starts:
    """By day, on the clock of the site. Two clinicians free at ten are one start."""
    found: dict[date, set[datetime]] = defaultdict(set)
    if not service.is_enabled:
        return found
    first = timezone.localtime(now).date()
    asked = Question(service=service, patient=None, first=first, days=LOOK_AHEAD_DAYS, now=now, limits=held)
    book = OpenStarts(asked)
    for person in book.people:
        for start in book.grid.starts(person.bits):
            local = slots.moment_of(start).astimezone(person.site.zone)
            found[local.date()].add(local)
    return found


def _compared(before: Starts, after: Starts) -> list[DayPreview]:
    days = sorted({*before, *after})[:DAYS_SHOWN]
    return [_day(day, before.get(day, set()), after.get(day, set())) for day in days]


def _day(day: date, before: set[datetime], after: set[datetime]) -> DayPreview:
    return DayPreview(day, len(before), len(after), sorted(after)[:FIRST_SHOWN])
