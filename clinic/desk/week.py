"""A week of everybody, as how full each day is; or of one person, room or device, as seven columns."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from uuid import UUID

from django.db.models import F, Func, Q, Sum
from django.db.models.fields import DurationField
from django.db.models.functions import Extract, TruncDate

from clinic.appointments.actions import hours
from clinic.appointments.models import Hold, Resource
from clinic.appointments.rules import local_time, slots
from clinic.appointments.rules.slots import Span
from people.models import Site

DAYS = 7
NOON = time(13)  # what begins before it is the morning's
SHORTEST_HALF = 120  # minutes at work from which a morning or afternoon counts as one
# A room or device keeps no hours: it is as full as the usual day of the house.
USUAL = (time(8), time(17))


@dataclass(frozen=True, slots=True)
class Fill:
    """One day of one person, room or device, in minutes."""

    day: date
    taken: int
    open: int
    free_halves: tuple[str, ...]  # "morning", "afternoon"
    is_away: bool

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.taken / self.open)) if self.open else 0


@dataclass(frozen=True, slots=True)
class Row:
    resource: Resource
    days: list[Fill]

    @property
    def percent(self) -> int:
        whole = sum(fill.open for fill in self.days)
        return min(100, round(100 * sum(fill.taken for fill in self.days) / whole)) if whole else 0


Taken = Mapping[tuple[UUID, date, bool], int]  # by resource, day and whether it is the afternoon


def days_of(week: str) -> list[date]:
    """Monday to Sunday of "2026-W38". Raises `ValueError` for anything else."""
    year, _, number = week.partition("-W")
    monday = date.fromisocalendar(int(year), int(number), 1)
    if not 2000 <= monday.year <= 2100 or name_of(monday) != week:
        raise ValueError(week)
    return [monday + timedelta(days=ahead) for ahead in range(DAYS)]


def name_of(day: date) -> str:
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02d}"


def resources(site: Site, *, rooms: bool) -> list[Resource]:
    """The people who ever work at the site, or its rooms and devices."""
    in_use = Resource.objects.in_use()
    found = in_use.filter(site=site).exclude(kind=Resource.Kind.CLINICIAN)
    if not rooms:
        found = in_use.clinicians().filter(shifts__site=site).distinct()
    return list(found.exclude(kind=Resource.Kind.PATIENT).order_by("ordinal", "name"))


def fills(site: Site, days: list[date], of: Iterable[Resource], *, today: date) -> list[Row]:
    """How full each of these is on each day. Four queries, however many visits there are: PostgreSQL adds them up.

    A half day that is over is free for nobody.
    """
    found = list(of)
    ids = [resource.pk for resource in found]
    roster = hours.hours(ids, first=days[0], last=days[-1])
    taken = _taken(site, days, ids)
    return [
        Row(resource, [_fill(resource, day, site, roster, taken, is_over=day < today) for day in days])
        for resource in found
    ]


def _taken(site: Site, days: list[date], ids: list[UUID]) -> Taken:
    begins, _next = local_time.day_bounds(days[0], site.zone)
    _midnight, ends = local_time.day_bounds(days[-1], site.zone)
    length = Func(
        F("during"), template="(upper(%(expressions)s) - lower(%(expressions)s))", output_field=DurationField()
    )
    starts = F("starts_at")
    rows = (
        Hold.objects.filter(Q(appointment__site=site) | Q(group__site=site), resource__in=ids)
        .filter(starts_at__gte=begins, starts_at__lt=ends)
        .values("resource_id", day=TruncDate(starts, tzinfo=site.zone), hour=Extract(starts, "hour", tzinfo=site.zone))
        .annotate(minutes=Sum(length))
    )
    found: dict[tuple[UUID, date, bool], int] = defaultdict(int)
    for row in rows:
        found[row["resource_id"], row["day"], row["hour"] >= NOON.hour] += int(row["minutes"] / timedelta(minutes=1))
    return found


def _fill(resource: Resource, day: date, site: Site, roster: hours.Hours, taken: Taken, *, is_over: bool) -> Fill:
    whole = Span.of(*local_time.day_bounds(day, site.zone))
    noon = slots.minute_of(local_time.instant(day, NOON, site.zone))
    away = roster.away.get(resource.pk, [])
    if resource.kind == Resource.Kind.CLINICIAN:
        working = [span for span in roster.working.get((resource.pk, site.pk), []) if span.overlaps(whole)]
    else:
        working = slots.without([Span.of(*local_time.hours(day, *USUAL, site.zone))], away)
    morning = sum(max(0, min(span.ends, noon) - span.starts) for span in working)
    afternoon = sum(max(0, span.ends - max(span.starts, noon)) for span in working)
    halves = [("morning", morning, False), ("afternoon", afternoon, True)]
    free = [name for name, open_, late in halves if open_ >= SHORTEST_HALF and not taken.get((resource.pk, day, late))]
    return Fill(
        day=day,
        taken=taken.get((resource.pk, day, False), 0) + taken.get((resource.pk, day, True), 0),
        open=morning + afternoon,
        free_halves=() if is_over else tuple(free),
        is_away=not working and any(span.overlaps(whole) for span in away),
    )
