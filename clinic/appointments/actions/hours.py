"""Who works when, and who or what is away: the roster read as spans of time."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from clinic.appointments.models import Absence, Closure, Shift
from clinic.appointments.rules import local_time, slots
from clinic.appointments.rules.slots import Span
from people.models import Site

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """`working`: joined spans by clinician and site. `away`: spans by clinician, room or device."""

    working: Mapping[tuple[UUID, UUID], list[Span]]
    away: Mapping[UUID, list[Span]]
    sites: Mapping[UUID, Site]

    def is_working(self, clinician_id: UUID, site_id: UUID, span: Span) -> bool:
        return any(shift.covers(span) for shift in self.working.get((clinician_id, site_id), ()))

    def is_away(self, resource_id: UUID, span: Span) -> bool:
        return any(absence.overlaps(span) for absence in self.away.get(resource_id, ()))


def hours(resource_ids: Collection[UUID], *, first: date, last: date) -> Hours:
    """The roster of these resources from `first` to `last`, dates of each site's own calendar. Three queries."""
    closed: set[tuple[UUID | None, date]] = set(
        Closure.objects.filter(on__range=(first, last)).values_list("site_id", "on")
    )
    away = _absences(resource_ids, first, last)
    spans: dict[tuple[UUID, UUID], list[Span]] = defaultdict(list)
    sites: dict[UUID, Site] = {}
    known: dict[tuple[date, time, time, str], Span] = {}
    shifts = Shift.objects.between(first, last).filter(resource__in=resource_ids, site__is_active=True)
    for shift in shifts.select_related("site"):
        site = sites.setdefault(shift.site_id, shift.site)
        for day in _days_of(shift, first, last):
            if (None, day) not in closed and (site.pk, day) not in closed:
                # Most clinicians keep the same hours: what these mean on a day is worked out once.
                key = (day, shift.starts, shift.ends, site.time_zone)
                if key not in known:
                    known[key] = Span.of(*local_time.hours(day, shift.starts, shift.ends, site.zone))
                spans[shift.resource_id, site.pk].append(known[key])
    working = {key: slots.without(found, away.get(key[0], ())) for key, found in spans.items()}
    return Hours(working, away, sites)


def _days_of(shift: Shift, first: date, last: date) -> list[date]:
    begins = max(first, shift.valid_from)
    ends = min(last, shift.valid_until) if shift.valid_until else last
    nearest = begins + timedelta(days=(shift.weekday - begins.weekday()) % 7)
    return [nearest + timedelta(days=ahead) for ahead in range(0, (ends - nearest).days + 1, 7)]


def _absences(resource_ids: Collection[UUID], first: date, last: date) -> dict[UUID, list[Span]]:
    # A day is wider here than anywhere on earth: sites may lie on both sides of the date line.
    window = (slots.EPOCH + (first - slots.EPOCH.date()) - DAY, slots.EPOCH + (last - slots.EPOCH.date()) + 2 * DAY)
    away: dict[UUID, list[Span]] = defaultdict(list)
    for absence in Absence.objects.filter(resource__in=resource_ids, during__overlap=window):
        away[absence.resource_id].append(_span(absence.during, window))
    return away


def _span(during: object, window: tuple[datetime, datetime]) -> Span:
    """Leave without an end lasts at least as long as we look."""
    lower, upper = getattr(during, "lower", None), getattr(during, "upper", None)
    return Span.of(lower or window[0], upper or window[1])
