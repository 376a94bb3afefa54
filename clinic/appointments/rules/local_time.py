"""From a wall clock to instants, and what happens in the hours that clocks skip or show twice."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment at which a clock in `zone` shows `at` on `day`.

    A time that clocks skip in spring is moved forward by as much as they are: 02:30 becomes 03:30.
    Of a time that they show twice in autumn it is the first. Source: RFC 5545, section 3.3.5.
    """
    return datetime.combine(day, at, tzinfo=zone).replace(fold=0).astimezone(UTC)


def last_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """As `instant`, but of a time that clocks show twice it is the second."""
    first = instant(day, at, zone)
    second = datetime.combine(day, at, tzinfo=zone).replace(fold=1).astimezone(UTC)
    # In the hour that clocks skip, fold=1 lies before fold=0 (PEP 495): there `instant` is right.
    return max(first, second)


def hours(day: date, starts: time, ends: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """What working from `starts` until `ends` on `day` means in instants.

    Whoever works through the change of clocks works an hour less in spring and an hour more in autumn:
    the hour that happens twice belongs to the shift both times.
    """
    return instant(day, starts, zone), last_instant(day, ends, zone)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments at which `day` begins and the next one does: 23 or 25 hours apart when clocks change."""
    return instant(day, time.min, zone), instant(day + timedelta(days=1), time.min, zone)


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """What a clock in `zone` shows: "10:30". With the offset from UTC where it shows that twice: "01:30-04:00"."""
    local = moment.astimezone(zone)
    shown = f"{local:%H:%M}"
    return f"{shown}{_offset(local)}" if is_shown_twice(local) else shown


def is_shown_twice(local: datetime) -> bool:
    """Whether clocks show this hour a second time, as they do once a year where they are put back."""
    earlier, later = (local.replace(fold=fold).utcoffset() for fold in (0, 1))
    # In the hour that clocks skip the offsets differ too, but no moment is shown as lying in it.
    return earlier is not None and later is not None and earlier > later


def change_on(day: date, zone: ZoneInfo) -> timedelta:
    """By how much clocks are put forward on that day (backward: less than nothing); zero on most."""
    begins, ends = day_bounds(day, zone)
    return timedelta(days=1) - (ends - begins)


def elsewhere(moment: datetime, here: ZoneInfo, there: ZoneInfo) -> datetime | None:
    """The moment on the clock of somebody who is `there`; None if it shows the same as the clock here."""
    theirs = moment.astimezone(there)
    return None if theirs.replace(tzinfo=None) == moment.astimezone(here).replace(tzinfo=None) else theirs


def _offset(local: datetime) -> str:
    plain = f"{local:%z}"  # +0530
    return f"{plain[:3]}:{plain[3:5]}"
