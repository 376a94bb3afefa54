"""At which hours we speak to somebody: as they want it within what the clinic allows, on the clock where they are."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.appointments.rules.local_time import instant


@dataclass(frozen=True, slots=True)
class Hours:
    """From when until when (exclusive), on that clock."""

    begin: time
    end: time
    zone: ZoneInfo

    def within(self, earliest: time | None, latest: time | None) -> "Hours":
        """Narrowed by a wish; one that leaves no hour at all is not followed."""
        begin, end = max(self.begin, earliest or time.min), min(self.end, latest or time.max)
        return Hours(begin, end, self.zone) if begin < end else self

    def open_at(self, now: datetime) -> datetime:
        """`now` if we may speak, else when these hours next begin."""
        local = now.astimezone(self.zone)
        if self.begin <= local.time() < self.end:
            return now
        day = local.date() if local.time() < self.begin else local.date() + timedelta(days=1)
        return instant(day, self.begin, self.zone)
