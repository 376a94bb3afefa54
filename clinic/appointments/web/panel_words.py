"""What the booking panel says of a time and of a patient's habits."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Appointment, VisitPreference
from clinic.appointments.rules import local_time, saying


def free(names: Sequence[str]) -> list[str]:
    return [_("%(name)s is free") % {"name": name} for name in names]


def since(last: Appointment, offer: Offer) -> str:
    """How long it is since the visit before. Counted in days of the calendar, as people count."""
    days = (offer.local_start.date() - last.local_start.date()).days
    if days == 0:
        return _("Has another visit that day")
    return ngettext("%(n)s day since the last visit", "%(n)s days since the last visit", days) % {"n": days}


def preference(it: VisitPreference) -> str:
    """What the patient usually wants, in a few words: "mornings, Mon, Thu"."""
    said = [formats.date_format(date(2024, 1, 1 + day), "D") for day in it.weekdays]  # 1 January 2024 was a Monday
    if it.earliest and it.latest:
        said.insert(0, f"{it.earliest:%H:%M}-{it.latest:%H:%M}")
    elif it.earliest:
        said.insert(0, _("after %(clock)s") % {"clock": f"{it.earliest:%H:%M}"})
    elif it.latest:
        is_morning = it.latest.hour <= saying.NOON_HOUR
        said.insert(0, _("mornings") if is_morning else _("before %(clock)s") % {"clock": f"{it.latest:%H:%M}"})
    return ", ".join(said)


def clock_notes(offer: Offer, patients_zone: str) -> list[str]:
    """What must be said of the clock: that it changes that day, and what it shows where the patient is."""
    notes = []
    local = offer.local_start
    begins, ends = local_time.day_bounds(local.date(), offer.site.zone)
    if ends - begins != timedelta(days=1):
        clock = {"clock": f"{local:%H:%M}", "offset": _offset(local)}
        notes.append(_("Clocks change that day: %(clock)s is %(offset)s") % clock)
    if patients_zone and patients_zone != offer.site.time_zone:
        there = offer.starts_at.astimezone(ZoneInfo(patients_zone))
        place = patients_zone.rpartition("/")[2].replace("_", " ")
        notes.append(_("%(clock)s in %(place)s") % {"clock": formats.date_format(there, "D j M, H:i"), "place": place})
    return notes


def _offset(local: datetime) -> str:
    """ "UTC-04:00"."""
    text = f"{local:%z}"
    return f"UTC{text[:3]}:{text[3:5]}"
