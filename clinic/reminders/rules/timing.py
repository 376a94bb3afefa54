"""When each message is due, until when it is worth sending, and at which hours we speak."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from clinic.appointments.rules.local_time import day_bounds, instant
from clinic.reminders.rules.schedule import DEFAULTS, EARLY, EVE, SOON, Key, Timing

# Reminders only: a confirmation answers what somebody did a minute ago and goes at once.
SPEAK_FROM, SPEAK_UNTIL = time(8), time(20)

# Whoever heard the time less than this long ago need not be reminded of it.
STILL_REMEMBERED = timedelta(hours=12)
LAST_CALL = timedelta(hours=2)  # before the visit: a later reminder of another day finds nobody at home
TOO_LATE = timedelta(minutes=30)  # before the visit: of no use even to whoever is on the way
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


def reminders_of_visit(
    starts_at: datetime, *, timed_at: datetime, zone: ZoneInfo, timetable: Mapping[Key, Timing] = DEFAULTS
) -> dict[str, Due]:
    """The reminders of a visit that got its time at `timed_at`, by name; none where it was booked too late.

    A delayed reminder gives way to the next one. The planner does the same for all visits at once, in SQL.
    """
    day = starts_at.astimezone(zone).date()
    found: dict[str, Due] = {}
    not_after = starts_at - TOO_LATE
    for name in (SOON, EVE, EARLY):
        rule = timetable["reminder", name]
        if name == SOON:
            due_at = starts_at - timedelta(hours=rule.hours)
            is_worth_it = SPEAK_FROM <= due_at.astimezone(zone).time() < SPEAK_UNTIL
        else:
            due_at = instant(day - timedelta(days=rule.days), rule.at, zone)
            is_worth_it = True
        if not (rule.is_on and is_worth_it):
            not_after = min(not_after, starts_at - LAST_CALL)
            continue
        if timed_at + STILL_REMEMBERED <= due_at < not_after:
            found[name] = Due(due_at, not_after)
        not_after = min(not_after, due_at, starts_at - LAST_CALL)
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
