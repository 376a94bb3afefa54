"""The day of one site as a grid: who or what is where, when, in rows of a quarter of an hour."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.appointments.actions import hours
from clinic.appointments.models import Closure, Resource
from clinic.appointments.rules import slots
from clinic.appointments.rules.status import MAY_BE_MOVED, Status
from clinic.appointments.templatetags.visits import status_css, status_icon
from clinic.desk import cards, columns, kept, reading
from clinic.desk.cards import Class, Wording
from clinic.desk.columns import Block, Column, Frame
from clinic.desk.kept import Kept
from clinic.desk.reading import Seen
from people.models import Site, User
from people.rules.permissions import Permission

LONG_WAIT = timedelta(minutes=10)
ARRIVES_BEFORE = timedelta(minutes=30)  # who is due soon can be checked in from the side of the board
LOOK_AHEAD_DAYS = 60

KINDS = [Resource.Kind.CLINICIAN, Resource.Kind.ROOM, Resource.Kind.DEVICE]  # in the order of the columns
PEOPLE, ROOMS, EVERYTHING = "people", "rooms", "everything"
CHIPS = (Status.ARRIVED, Status.IN_ROOM, Status.CONFIRMED, Status.BOOKED, Status.DONE, Status.MISSED)


@dataclass(frozen=True, slots=True)
class Waiting:
    visit: Seen
    url: str
    clock: str
    clinician: str
    minutes: int

    @property
    def is_long(self) -> bool:
        return timedelta(minutes=self.minutes) >= LONG_WAIT


@dataclass(frozen=True, slots=True)
class Line:
    """A visit in the list and beside the board. `steps` are what usually happens next, the likeliest first."""

    visit: Seen
    url: str
    clock: str
    what: str
    clinician: str
    places: str
    css: str
    icon: str
    status: str
    state: str
    marks: list[str]
    steps: list[tuple[Status, str]]
    step_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything the day page prints. `visits` hold the cancelled too; the grid does not."""

    site: Site
    day: date
    visits: list[Seen]
    columns: list[Column]
    frame: Frame
    wording: Wording
    names: Mapping[UUID, str]  # of everything that has or could have a column
    places: Mapping[UUID, str]  # the rooms and devices among them
    classes: list[Class]
    held_by_class: Mapping[UUID, list[UUID]]
    now: datetime
    is_open: bool

    @property
    def is_empty(self) -> bool:
        return not self.is_open and not self.classes and not any(visit.is_standing for visit in self.visits)

    @property
    def counts(self) -> list[tuple[Status, int]]:
        """How many visits stand at each step of their life, in the order of the chips."""
        found = Counter(visit.status for visit in self.visits)
        return [(status, found[status]) for status in CHIPS]

    @property
    def standing(self) -> int:
        return sum(visit.is_standing for visit in self.visits)

    @property
    def has_cards(self) -> bool:
        """Else nothing in the grid takes the focus, and it has to be scrolled by keyboard itself."""
        return any(column.cards for column in self.columns)

    @property
    def now_line(self) -> int | None:
        return self.frame.now_line(self.now)

    @property
    def now_clock(self) -> str:
        return self.frame.clock(self.now)

    @property
    def waiting(self) -> list[Waiting]:
        """Who sits in the waiting room, checked in or waiting for a clinician to look first; longest first."""
        still = {Status.ARRIVED, *MAY_BE_MOVED}
        here = [(it, it.arrived_at) for it in self.visits if it.status in still and it.arrived_at]
        say = self.wording
        waited = [
            Waiting(
                it,
                say.url(it),
                self.frame.clock(it.starts_at),
                self.names.get(it.clinician_id, ""),
                cards.minutes_since(since, self.now),
            )
            for it, since in here
        ]
        return sorted(waited, key=lambda it: it.minutes, reverse=True)

    @property
    def arriving(self) -> list[Line]:
        """Who is due within half an hour or should be here, one tap away from being checked in."""
        due = [
            it
            for it in self.visits
            if it.status in MAY_BE_MOVED
            and it.arrived_at is None
            and (it.expected_at or it.starts_at) - ARRIVES_BEFORE <= self.now < it.ends_at + cards.STILL_AWAITED
        ]
        return self.lines(due)

    def lines(self, visits: Iterable[Seen]) -> list[Line]:
        return [self._line(it) for it in visits]

    def places_of(self, it: Class) -> str:
        return self._named(self.held_by_class.get(it.pk, ()))

    def _named(self, held: Iterable[UUID]) -> str:
        """The rooms and devices among what is kept."""
        return ", ".join(self.places[pk] for pk in held if pk in self.places)

    def _line(self, it: Seen) -> Line:
        say = self.wording
        # A seat in a class keeps only the patient; the class keeps its room.
        places = self._named(self.held_by_class.get(it.group_id, ()) if it.group_id else it.held)
        clinician = self.names.get(it.clinician_id, "")
        labels = (status_css(it.status), status_icon(it.status), say.labels[Status(it.status)])
        return Line(
            it,
            say.url(it),
            self.frame.clock(it.starts_at),
            say.what(it),
            clinician,
            places,
            *labels,
            say.state(it),
            say.marks(it),
            say.steps(it),
            say.step_url(it),
        )


def board(user: User, site: Site, day: date, *, by: str, status: str, now: datetime, hide_names: bool = False) -> Board:
    """The site's day as `user` may see it. Three queries, however many visits and columns there are."""
    visits = reading.visits_of(user, site, day, hide_names=hide_names)
    resources = kept.resources(site, day, {visit.clinician_id for visit in visits})
    resources.sort(key=lambda it: KINDS.index(Resource.Kind(it.kind)))
    others = {resource.pk: kept.of(resource) for resource in resources}
    classes = kept.classes(others, visits)
    roster = hours.hours([resource.pk for resource in resources], first=day, last=day)
    standing = [visit for visit in visits if visit.is_standing]
    at_work = [span for (_pk, site_id), spans in roster.working.items() if site_id == site.pk for span in spans]
    drawn = columns.frame(site, day, [*map(cards.span, standing), *map(cards.span, classes), *at_work])
    names = {resource.pk: resource.name for resource in resources}
    wording = Wording(drawn, now=now, people=names, may_move=user.may(Permission.APPOINTMENT_BOOK))
    shown = [visit for visit in standing if status in {"", visit.status}]
    meetings = [it for it in classes if not status or any(seat.status == status for seat in it.seats)]
    filled = _Filling(wording, _held(shown), kept.meeting(others, meetings), others, with_clinician=by != PEOPLE)
    busy = {visit.clinician_id for visit in standing} | {pk for pk, found in others.items() if found}
    return Board(
        site=site,
        day=day,
        visits=visits,
        columns=[filled.column(it, roster) for it in resources if _has_a_column(it, by, site, busy, roster)],
        frame=drawn,
        wording=wording,
        names=names,
        places={it.pk: it.name for it in resources if it.kind != Resource.Kind.CLINICIAN},
        classes=classes,
        held_by_class=kept.held_by_class(others),
        now=now,
        is_open=bool(at_work),
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


class _Filling:
    """Puts into each column what it holds."""

    def __init__(
        self,
        wording: Wording,
        held: Mapping[UUID, list[Seen]],
        meetings: Mapping[UUID, list[Class]],
        others: Mapping[UUID, list[Kept]],
        *,
        with_clinician: bool,
    ) -> None:
        self.wording, self.held, self.meetings, self.others = wording, held, meetings, others
        self.with_clinician = with_clinician

    def column(self, resource: Resource, roster: hours.Hours) -> Column:
        frame = self.wording.frame
        is_person = resource.kind == Resource.Kind.CLINICIAN
        hatched = columns.blocks(
            frame,
            is_person=is_person,
            working=roster.working.get((resource.pk, frame.site.pk), []),
            away=roster.away.get(resource.pk, []),
        )
        hatched += [
            Block(_("Kept for a caller"), *frame.place(it.span), is_kept=True)
            for it in self.others.get(resource.pk, ())
            if it.until and it.until > self.wording.now and it.span.overlaps(frame.span)
        ]
        return Column(
            str(resource.pk), resource.name, columns.subtitle(resource), is_person, hatched, self._cards(resource.pk)
        )

    def _cards(self, resource_id: UUID) -> list[columns.Card]:
        every: list[Seen | Class] = [*self.held.get(resource_id, ()), *self.meetings.get(resource_id, ())]
        every.sort(key=lambda it: it.starts_at)
        spans = [cards.span(it) for it in every]
        return [
            self.wording.of_class(it, self.wording.frame.place(during), lane)
            if isinstance(it, Class)
            else self.wording.visit(it, self.wording.frame.place(during), lane, with_clinician=self.with_clinician)
            for it, during, lane in zip(every, spans, columns.side_by_side(spans), strict=True)
        ]


def _held(visits: Iterable[Seen]) -> Mapping[UUID, list[Seen]]:
    found: dict[UUID, list[Seen]] = defaultdict(list)
    for visit in visits:
        for resource_id in visit.held:
            found[resource_id].append(visit)
    return found


def _has_a_column(resource: Resource, by: str, site: Site, busy: set[UUID], roster: hours.Hours) -> bool:
    if resource.kind != Resource.Kind.CLINICIAN:
        return by != PEOPLE
    return by != ROOMS and (bool(roster.working.get((resource.pk, site.pk))) or resource.pk in busy)
