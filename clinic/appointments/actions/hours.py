"""Who works when, and who or what is away: the roster read as spans of time."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

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


# One statement and by hand: three through the ORM took ten times as long to write as PostgreSQL to answer them.
_EVERYTHING = """
SELECT 'shift', s.resource_id, s.site_id, s.weekday, s.starts, s.ends, s.valid_from, s.valid_until,
       NULL::tstzrange, NULL::jsonb
  FROM appointments_shift s JOIN people_site p ON p.id = s.site_id AND p.is_active
  WHERE s.resource_id = ANY(%(ids)s::uuid[])
    AND s.valid_from <= %(last)s AND (s.valid_until IS NULL OR s.valid_until >= %(first)s)
UNION ALL
SELECT 'away', resource_id, NULL, NULL, NULL, NULL, NULL, NULL, during, NULL
  FROM appointments_absence
  WHERE resource_id = ANY(%(ids)s::uuid[]) AND during && tstzrange(%(begins)s, %(ends)s)
UNION ALL
SELECT 'closed', NULL, site_id, NULL, NULL, NULL, "on", NULL, NULL, NULL
  FROM appointments_closure WHERE "on" BETWEEN %(first)s AND %(last)s
UNION ALL
SELECT 'site', NULL, id, NULL, NULL, NULL, NULL, NULL, NULL, to_jsonb(p)
  FROM people_site p WHERE is_active
"""


class _Row(NamedTuple):
    """Of a shift, an absence, a closed day or a site, what it has."""

    what: str
    resource_id: UUID
    site_id: UUID
    weekday: int
    starts: time
    ends: time
    first: date
    last: date | None
    during: object
    site: str


def hours(resource_ids: Collection[UUID], *, first: date, last: date) -> Hours:
    """The roster of these resources from `first` to `last`, dates of each site's own calendar. One query."""
    # A day is wider here than anywhere on earth: sites may lie on both sides of the date line.
    window = (slots.EPOCH + (first - slots.EPOCH.date()) - DAY, slots.EPOCH + (last - slots.EPOCH.date()) + 2 * DAY)
    rows = _read(resource_ids, first, last, window)
    shut = [(row.site_id, row.first) for row in rows["closed"]]
    places = {
        row.site_id: _Place(_site(row), {day for where, day in shut if where in {None, row.site_id}})
        for row in rows["site"]
    }
    away: dict[UUID, list[Span]] = defaultdict(list)
    for row in rows["away"]:
        away[row.resource_id].append(_span(row.during, window))
    spans: dict[tuple[UUID, UUID], list[Span]] = defaultdict(list)
    for row in rows["shift"]:
        it = Weekly(row.resource_id, row.weekday, row.starts, row.ends, row.first, row.last)
        spans[it.resource_id, row.site_id] += places[row.site_id].spans(it, _days_of(it, first, last))
    working = {key: slots.without(found, away.get(key[0], ())) for key, found in spans.items()}
    return Hours(working, away, {pk: places[pk].site for _, pk in working})


def _site(row: _Row) -> Site:
    return Site(**json.loads(row.site) | {"id": row.site_id})  # JSON knows no UUID


def _read(
    resource_ids: Collection[UUID], first: date, last: date, window: tuple[datetime, datetime]
) -> dict[str, list[_Row]]:
    asked: dict[str, Any] = {
        "ids": list(resource_ids),
        "first": first,
        "last": last,
        "begins": window[0],
        "ends": window[1],
    }
    rows: dict[str, list[_Row]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_EVERYTHING, asked)
        for row in map(_Row._make, cursor):
            rows[row.what].append(row)
    return rows


def _days_of(it: Weekly, first: date, last: date) -> list[date]:
    begins = max(first, it.valid_from)
    ends = min(last, it.valid_until) if it.valid_until else last
    nearest = begins + timedelta(days=(it.weekday - begins.weekday()) % 7)
    return [nearest + timedelta(days=ahead) for ahead in range(0, (ends - nearest).days + 1, 7)]


def _span(during: object, window: tuple[datetime, datetime]) -> Span:
    """Leave without an end lasts at least as long as we look."""
    lower, upper = getattr(during, "lower", None), getattr(during, "upper", None)
    return Span.of(lower or window[0], upper or window[1])
