"""The roster in words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clinic.appointments.models import Resource, Shift
from clinic.appointments.rules.readiness import Lack
from people.rules import professions
from programs.rules.rulebook import rulebook

DAY = timedelta(days=1)


def offered(resource: Resource) -> str:
    """What somebody or something can serve as."""
    kind = Resource.Kind(resource.kind)
    labels = people() if kind == Resource.Kind.CLINICIAN else rooms() if kind == Resource.Kind.ROOM else devices()
    return "; ".join(labels.get(code, code) for code in resource.offers)


def week(shifts: Iterable[Shift], monday: date) -> list[str]:
    """The hours of one week, as few lines as possible: "Mon to Fri 09:00-12:00, 13:00-17:00, Northgate Main"."""
    days = [(monday + ahead * DAY, _hours_on(monday + ahead * DAY, shifts)) for ahead in range(7)]
    return [
        f"{_span_of_days([day for day, _ in same])} {said}"
        for said, group in groupby(days, key=lambda it: it[1])
        if said and (same := list(group))
    ]


def _hours_on(day: date, shifts: Iterable[Shift]) -> str:
    found = sorted((it for it in shifts if _holds_on(it, day)), key=lambda it: it.starts)
    return ", ".join(
        f"{', '.join(hours(it) for it in here)}, {site}" for site, here in groupby(found, key=lambda it: it.site.name)
    )


def _holds_on(shift: Shift, day: date) -> bool:
    is_over = shift.valid_until is not None and shift.valid_until < day
    return shift.weekday == day.weekday() and shift.valid_from <= day and not is_over


def hours(shift: Shift) -> str:
    return f"{shift.starts:%H:%M}-{shift.ends:%H:%M}"


def _span_of_days(days: Sequence[date]) -> str:
    first, last = (formats.date_format(day, "D") for day in (days[0], days[-1]))
    if len(days) == 1:
        return first
    return f"{first}, {last}" if len(days) == 2 else _("%(first)s to %(last)s") % {"first": first, "last": last}


def what_is_missing(lack: Lack) -> str:
    """As in "There is no room of the kind “Quiet room”." """
    said = []
    if lack.room_kinds:
        said.append(_("There is no room of the kind %(kinds)s.") % {"kinds": _either(lack.room_kinds, rooms())})
    missing = [_either(alternatives, devices()) for alternatives in lack.devices]
    said += [_("There is no device of the kind %(kinds)s.") % {"kinds": kinds} for kinds in missing]
    if lack.professions:
        those = _either(lack.professions, people())
        said.append(_("Nobody with hours has the profession %(professions)s.") % {"professions": those})
    if lack.is_apart:
        said.append(_("The clinician, the room and the devices are never at one site."))
    return " ".join(said)


def rooms() -> Mapping[str, str]:
    return {code: it.label for code, it in rulebook().rooms.items()}


def devices() -> Mapping[str, str]:
    return {code: it.label for code, it in rulebook().devices.items()}


def people() -> Mapping[str, str]:
    return {code: it.label for code, it in professions.professions().items()}


def _either(codes: Collection[str], labels: Mapping[str, str]) -> str:
    """In the order of the rulebook: "“A”, “B” or “C”". Quoted, for the labels have commas of their own."""
    *some, last = [f"“{label}”" for code, label in labels.items() if code in codes]
    if not some:
        return last
    return pgettext("one of several", "%(some)s or %(last)s") % {"some": ", ".join(some), "last": last}
