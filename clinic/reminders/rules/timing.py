"""When each message is due, until when it is worth sending, and at which hours we speak."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from clinic.appointments.rules.local_time import day_bounds, instant

# Reminders only: a confirmation answers what somebody did a minute ago and goes at once.
SPEAK_FROM, SPEAK_UNTIL = time(8), time(20)

EARLY: Final = "early"  # three days before, while the time can still be given to somebody else
EVE: Final = "eve"
_REMINDERS: Final = ((EVE, 1, time(18)), (EARLY, 3, time(9)))  # name, days before, at

# Whoever heard the time less than this long ago need not be reminded of it.
_STILL_REMEMBERED = timedelta(hours=12)
_LAST_CALL = timedelta(hours=2)  # before the visit: a later reminder finds nobody at home
NEWS_IS_NEW_FOR = timedelta(days=3)  # older bookings are not announced when the clinic is first set up
ALERT_FOR = timedelta(days=1)
_EXERCISE_GRACE = timedelta(hours=1)

_BACK_OFF: Final = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(minutes=60),
)


@dataclass(frozen=True, slots=True)
class Due:
    """From when and until when (exclusive) something is worth saying."""

    at: datetime
    not_after: datetime


def reminders_of_visit(starts_at: datetime, *, timed_at: datetime, zone: ZoneInfo) -> dict[str, Due]:
    """The reminders of a visit that got its time at `timed_at`, by name; none where it was booked too late.

    A delayed early reminder gives way to the one of the evening before.
    """
    day = starts_at.astimezone(zone).date()
    found: dict[str, Due] = {}
    not_after = starts_at - _LAST_CALL
    for name, days_before, at in _REMINDERS:
        due_at = instant(day - timedelta(days=days_before), at, zone)
        if timed_at + _STILL_REMEMBERED <= due_at < not_after:
            found[name] = Due(due_at, not_after)
        not_after = min(not_after, due_at)
    return found


def reminder_of_exercises(day: date, at: time, *, zone: ZoneInfo) -> Due:
    """The patient chose the hour, so quiet hours do not hold it back; they only bound how late it may come."""
    due_at = instant(day, at, zone)
    latest = max(instant(day, SPEAK_UNTIL, zone), due_at + _EXERCISE_GRACE)
    return Due(due_at, min(latest, day_bounds(day, zone)[1]))


def may_speak_at(now: datetime, *, zone: ZoneInfo) -> datetime:
    """`now` if it is within the hours at which we speak in `zone`, else when they next begin."""
    local = now.astimezone(zone)
    if SPEAK_FROM <= local.time() < SPEAK_UNTIL:
        return now
    day = local.date() if local.time() < SPEAK_FROM else local.date() + timedelta(days=1)
    return instant(day, SPEAK_FROM, zone)


def back_off(attempts: int) -> timedelta:
    """How long to leave a mail server alone that said "not now" for the `attempts`-th time."""
    return _BACK_OFF[min(max(attempts, 1), len(_BACK_OFF)) - 1]
