"""Who works when, and who or what is away: the roster read as spans of time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from clinic.appointments.models import Absence, Closure, Shift
from clinic.appointments.rules import local_time, slots
from clinic.appointments.rules.slots import Span
from people.models import Site

DAY = timedelta(days=1)


class Weekly(NamedTuple):
    """A shift, as far as it says who works when."""

    resource_id: UUID
    weekday: int
    starts: time
    ends: time
    valid_from: date
    valid_until: date | None


WEEKLY = len(Weekly._fields)
SITE_FIELDS = [field.attname for field in Site._meta.concrete_fields]  # the id first


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


class _Place:
    """A site, and what its hours mean on its days. Most clinicians keep the same ones: each is worked out once."""

    def __init__(self, site: Site, shut: Collection[date]) -> None:
        self.site, self.shut, self.zone = site, shut, site.zone
        self._known: dict[tuple[date, time, time], Span] = {}

    def spans(self, it: Weekly, days: Iterable[date]) -> list[Span]:
        return [self._span(day, it.starts, it.ends) for day in days if day not in self.shut]

    def _span(self, day: date, starts: time, ends: time) -> Span:
        key = (day, starts, ends)
        if key not in self._known:
            self._known[key] = Span.of(*local_time.hours(day, starts, ends, self.zone))
        return self._known[key]


def hours(resource_ids: Collection[UUID], *, first: date, last: date) -> Hours:
    """The roster of these resources from `first` to `last`, dates of each site's own calendar. Three queries."""
    closed = list(Closure.objects.filter(on__range=(first, last)).values_list("site_id", "on"))
    away = _absences(resource_ids, first, last)
    spans: dict[tuple[UUID, UUID], list[Span]] = defaultdict(list)
    places: dict[UUID, _Place] = {}
    for row in _shifts(resource_ids, first, last):
        it, site_id = Weekly(*row[:WEEKLY]), row[WEEKLY]
        if site_id not in places:
            # Twenty clinicians at one site are one site: an instance for each row cost more than all the rest.
            shut = {day for where, day in closed if where in {None, site_id}}
            places[site_id] = _Place(Site.from_db(None, SITE_FIELDS, row[WEEKLY:]), shut)
        spans[it.resource_id, site_id] += places[site_id].spans(it, _days_of(it, first, last))
    working = {key: slots.without(found, away.get(key[0], ())) for key, found in spans.items()}
    return Hours(working, away, {pk: place.site for pk, place in places.items()})


def _shifts(resource_ids: Collection[UUID], first: date, last: date) -> "QuerySet[Shift, tuple[Any, ...]]":
    shifts = Shift.objects.between(first, last).filter(resource__in=resource_ids, site__is_active=True)
    return shifts.order_by().values_list(*Weekly._fields, *(f"site__{name}" for name in SITE_FIELDS))


def _days_of(it: Weekly, first: date, last: date) -> list[date]:
    begins = max(first, it.valid_from)
    ends = min(last, it.valid_until) if it.valid_until else last
    nearest = begins + timedelta(days=(it.weekday - begins.weekday()) % 7)
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
