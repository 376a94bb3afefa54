"""The day of one site as a grid: who or what is where, when, in rows of a quarter of an hour."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.appointments.actions import hours
from clinic.appointments.models import Appointment, Closure, Resource
from clinic.appointments.rules import local_time, slots
from clinic.appointments.rules.slots import GRID_MINUTES, Span
from clinic.appointments.rules.status import Status
from people.models import Site, User
from people.rules import professions

# Hours that are always drawn, so that an empty day looks like a day.
OPENS, CLOSES = 8, 17
QUARTERS_IN_HOUR = 60 // GRID_MINUTES
NOW_LINE_MINUTES = 5  # the style sheet knows a place for the line every five minutes
LATE = timedelta(minutes=10)
LONG_WAIT = timedelta(minutes=10)
LOOK_AHEAD_DAYS = 60

PEOPLE, ROOMS = "people", "rooms"


@dataclass(frozen=True, slots=True)
class Card:
    """A visit in a column. `row` and `length` are quarter hours."""

    visit: Appointment
    row: int
    length: int


@dataclass(frozen=True, slots=True)
class Break:
    """A time in which the column is not there: lunch, leave, service."""

    words: str
    row: int
    length: int


@dataclass(frozen=True, slots=True)
class Column:
    resource: Resource
    subtitle: str
    cards: list[Card] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Waiting:
    visit: Appointment
    minutes: int

    @property
    def is_long(self) -> bool:
        return timedelta(minutes=self.minutes) >= LONG_WAIT


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the day page prints. `visits` hold the cancelled too; the grid does not."""

    site: Site
    day: date
    visits: list[Appointment]
    columns: list[Column]
    rows: int
    hours: list[tuple[int, str]]  # row and what the clock shows there
    now_line: int | None  # minutes below the top
    now_clock: str
    waiting: list[Waiting]
    late: list[Appointment]
    is_open: bool

    @property
    def is_empty(self) -> bool:
        return not self.is_open and not any(visit.is_standing for visit in self.visits)

    @property
    def counts(self) -> list[tuple[Status, int]]:
        """How many visits stand at each step of their life, in the order of the chips."""
        order = [Status.ARRIVED, Status.IN_ROOM, Status.CONFIRMED, Status.BOOKED, Status.DONE, Status.MISSED]
        return [(status, sum(visit.status == status for visit in self.visits)) for status in order]

    @property
    def standing(self) -> int:
        return sum(visit.is_standing for visit in self.visits)


def board(user: User, site: Site, day: date, *, by: str, status: str, now: datetime) -> Board:
    """The site's day as `user` may see it. Six queries, however many visits and columns there are."""
    begins, ends = local_time.day_bounds(day, site.zone)
    visits = list(Appointment.objects.visible_to(user).for_board().filter(site=site).starting_between(begins, ends))
    resources = _resources(site, visits)
    roster = hours.hours([resource.pk for resource in resources], first=day, last=day)
    shown = [visit for visit in visits if visit.is_standing and status in {"", visit.status}]
    frame = _frame(site, day, [visit for visit in visits if visit.is_standing], roster)
    held = _by_resource(shown)
    columns = [
        _column(it, site, held.get(it.pk, []), roster, frame)
        for it in resources
        if _has_a_column(it, by, site, visits, roster)
    ]
    return Board(
        site=site,
        day=day,
        visits=visits,
        columns=columns,
        rows=(frame.ends - frame.starts) // GRID_MINUTES,
        hours=[
            ((minute - frame.starts) // GRID_MINUTES, f"{slots.moment_of(minute).astimezone(site.zone):%H:%M}")
            for minute in range(frame.starts, frame.ends, 60)
        ],
        now_line=_now_line(now, frame),
        now_clock=f"{now.astimezone(site.zone):%H:%M}",
        waiting=_waiting(visits, now),
        late=[visit for visit in visits if _is_late(visit, now)],
        is_open=any(site_id == site.pk and spans for (_, site_id), spans in roster.working.items()),
    )


def why_closed(site: Site, day: date) -> str:
    """The reason of the closing day, empty if it is none."""
    closure = Closure.objects.filter(Q(site=site) | Q(site=None), on=day).first()
    return closure.reason if closure else ""


def next_open_day(site: Site, day: date) -> date | None:
    """The first day after `day` on which anybody works at the site, if there is one within two months."""
    clinicians = Resource.objects.in_use().clinicians().filter(shifts__site=site).values_list("pk", flat=True)
    roster = hours.hours(
        list(clinicians.distinct()), first=day + timedelta(days=1), last=day + timedelta(days=LOOK_AHEAD_DAYS)
    )
    starts = [span.starts for (_, site_id), spans in roster.working.items() if site_id == site.pk for span in spans]
    return slots.moment_of(min(starts)).astimezone(site.zone).date() if starts else None


def _resources(site: Site, visits: Iterable[Appointment]) -> list[Resource]:
    """Who works here at all or has a visit today, and every room and device of the site."""
    busy = {visit.clinician_id for visit in visits}
    here = Resource.objects.in_use().filter(site=site) | Resource.objects.in_use().filter(shifts__site=site)
    every = here | Resource.objects.filter(pk__in=busy)
    return list(every.exclude(kind=Resource.Kind.PATIENT).distinct().order_by("ordinal", "name"))


def _has_a_column(resource: Resource, by: str, site: Site, visits: Sequence[Appointment], roster: hours.Hours) -> bool:
    if by == ROOMS:
        return resource.kind != Resource.Kind.CLINICIAN
    if resource.kind != Resource.Kind.CLINICIAN:
        return False
    return bool(roster.working.get((resource.pk, site.pk))) or any(v.clinician_id == resource.pk for v in visits)


def _frame(site: Site, day: date, visits: Iterable[Appointment], roster: hours.Hours) -> Span:
    """From the full hour in which the first thing begins to the one in which the last ends."""
    midnight, _next = local_time.day_bounds(day, site.zone)
    usual = Span.of(midnight + timedelta(hours=OPENS), midnight + timedelta(hours=CLOSES))
    spans = [usual, *(Span.of(visit.starts_at, visit.ends_at) for visit in visits)]
    spans += [span for (_, site_id), found in roster.working.items() if site_id == site.pk for span in found]
    first, last = min(span.starts for span in spans), max(span.ends for span in spans)
    zero = slots.minute_of(midnight)
    return Span(zero + (first - zero) // 60 * 60, zero - (zero - last) // 60 * 60)


def _column(resource: Resource, site: Site, visits: Iterable[Appointment], roster: hours.Hours, frame: Span) -> Column:
    is_person = resource.kind == Resource.Kind.CLINICIAN
    away = roster.away.get(resource.pk, [])
    breaks = [_break(span, _("Away") if is_person else _("Service"), frame) for span in slots.joined(away)]
    if is_person:
        working = roster.working.get((resource.pk, site.pk), [])
        for span in slots.without([frame], [*working, *away]):
            is_between = any(it.ends <= span.starts for it in working) and any(it.starts >= span.ends for it in working)
            breaks.append(_break(span, _("Break") if is_between else _("Not working"), frame))
    cards = [Card(visit, *_place(Span.of(visit.starts_at, visit.ends_at), frame)) for visit in visits]
    return Column(resource, _subtitle(resource), cards, [it for it in breaks if it.length > 0])


def _by_resource(visits: Iterable[Appointment]) -> Mapping[UUID, list[Appointment]]:
    found: dict[UUID, list[Appointment]] = defaultdict(list)
    for visit in visits:
        for hold in visit.holds.all():
            found[hold.resource_id].append(visit)
    return found


def _subtitle(resource: Resource) -> str:
    if resource.kind == Resource.Kind.CLINICIAN:
        known = professions.professions()
        return ", ".join(known[code].label for code in resource.offers if code in known)
    return str(resource.get_kind_display())


def _break(span: Span, words: str, frame: Span) -> Break:
    inside = Span(max(span.starts, frame.starts), min(span.ends, frame.ends))
    return Break(words, *_place(inside, frame)) if inside.ends > inside.starts else Break(words, 0, 0)


def _place(span: Span, frame: Span) -> tuple[int, int]:
    """The row something begins in and how many rows it takes."""
    row = (span.starts - frame.starts) // GRID_MINUTES
    return row, max(1, -(-(span.ends - frame.starts) // GRID_MINUTES) - row)


def _now_line(now: datetime, frame: Span) -> int | None:
    minutes = slots.minute_of(now) - frame.starts
    return minutes // NOW_LINE_MINUTES * NOW_LINE_MINUTES if 0 <= minutes < frame.ends - frame.starts else None


def _waiting(visits: Iterable[Appointment], now: datetime) -> list[Waiting]:
    here = [visit for visit in visits if visit.status == Status.ARRIVED and visit.arrived_at]
    waited = [Waiting(visit, _minutes_since(visit.arrived_at, now)) for visit in here if visit.arrived_at]
    return sorted(waited, key=lambda it: it.minutes, reverse=True)


def _minutes_since(moment: datetime, now: datetime) -> int:
    return max(0, int((now - moment) / timedelta(minutes=1)))


def _is_late(visit: Appointment, now: datetime) -> bool:
    return visit.status in {Status.BOOKED, Status.CONFIRMED} and visit.starts_at + LATE <= now < visit.ends_at + LATE
