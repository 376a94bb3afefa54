"""Whether two weekly shifts would ask for the same person at the same time."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from clinic.appointments.rules import local_time

DAY = timedelta(days=1)
# After a year the clocks of two time zones have met in every way they do.
A_YEAR_OF_WEEKS = 53


class Weekly(Protocol):
    """Hours on one weekday (0 is Monday), on the wall clock of a site. No last day: until further notice."""

    weekday: int
    starts: time
    ends: time
    valid_from: date
    valid_until: date | None


def clash(one: Weekly, zone: ZoneInfo, other: Weekly, others_zone: ZoneInfo) -> bool:
    """Whether somebody would have to work both on some day, wherever the sites are."""
    if zone.key == others_zone.key:
        is_at_once = one.weekday == other.weekday and one.starts < other.ends and other.starts < one.ends
        return is_at_once and next(_shared(one, other, slack=timedelta(0)), None) is not None
    # Nine in one city is another hour elsewhere, and may be another day: only instants can be compared.
    return any(
        _overlap(one, day, zone, other, near, others_zone)
        for day in _shared(one, other, slack=DAY)
        for near in (day - DAY, day, day + DAY)
        if _holds_on(other, near)
    )


def _shared(one: Weekly, other: Weekly, *, slack: timedelta) -> Iterator[date]:
    """The days of `one` on which `other` is in force, give or take `slack`, of the first year."""
    day = max(one.valid_from, other.valid_from - slack)
    day += DAY * ((one.weekday - day.weekday()) % 7)
    for _ in range(A_YEAR_OF_WEEKS):
        if one.valid_until and day > one.valid_until:
            return
        if other.valid_until and day - slack > other.valid_until:
            return
        yield day
        day += 7 * DAY


def _holds_on(shift: Weekly, day: date) -> bool:
    is_over = shift.valid_until is not None and day > shift.valid_until
    return day.weekday() == shift.weekday and day >= shift.valid_from and not is_over


def _overlap(one: Weekly, day: date, zone: ZoneInfo, other: Weekly, near: date, others_zone: ZoneInfo) -> bool:
    starts, ends = local_time.hours(day, one.starts, one.ends, zone)
    others_start, others_end = local_time.hours(near, other.starts, other.ends, others_zone)
    return starts < others_end and others_start < ends
