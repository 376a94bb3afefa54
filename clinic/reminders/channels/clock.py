"""The hour as people say it."""

from datetime import datetime

from django.utils import timezone

from people.models import Clinic


def clock_time(starts: datetime, clinic: Clinic) -> str:
    """ "10:30am"; with the zone where the same words could mean two moments. `starts` is on the site's clock."""
    said = f"{starts:%I:%M}".removeprefix("0") + ("am" if starts.hour < 12 else "pm")
    happens_twice = starts.replace(fold=0).utcoffset() != starts.replace(fold=1).utcoffset()
    elsewhere = starts.utcoffset() != timezone.localtime(starts, clinic.zone).utcoffset()
    return f"{said} ({starts:%Z})" if happens_twice or elsewhere else said
