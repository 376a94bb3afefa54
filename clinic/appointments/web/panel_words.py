"""What the booking panel says of a time and of a patient's habits."""

from collections.abc import Sequence
from datetime import date
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
    local, here = offer.local_start, offer.site.zone
    if local_time.change_on(local.date(), here):
        offset = f"{local:%z}"
        said = {"clock": f"{local:%H:%M}", "offset": f"UTC{offset[:3]}:{offset[3:5]}"}
        notes.append(_("Clocks change that day: %(clock)s is %(offset)s") % said)
    there = ZoneInfo(patients_zone) if patients_zone else here
    if theirs := local_time.elsewhere(offer.starts_at, here, there):
        place = there.key.rpartition("/")[2].replace("_", " ")
        clock = f"{formats.date_format(theirs, 'D j M')}, {local_time.clock(offer.starts_at, there)}"
        notes.append(_("%(clock)s in %(place)s") % {"clock": clock, "place": place})
    return notes
