"""When a patient can come. Reads only: free times are worked out from what is held and never stored."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import overload
from uuid import UUID

from clinic.appointments.actions import limits
from clinic.appointments.actions.open_starts import OpenStarts, Person, Question
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules import holes, needs, slots
from clinic.appointments.rules.limits import Door
from patients.models import Patient
from people.actions.wall import seen_by_the_clinic
from people.models import Site
from programs.actions import offering
from programs.rules.services import Service

Kind = Resource.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A time that is free, with everything the visit would hold."""

    starts_at: datetime
    ends_at: datetime
    site: Site
    clinician: Resource
    room: Resource
    devices: tuple[Resource, ...] = ()
    closes_gap: bool = False  # begins or ends where another visit of the clinician ends or begins
    leaves_hole: bool = False  # too short for any visit, where another start would leave none

    @property
    def resources(self) -> tuple[Resource, ...]:
        return (self.clinician, self.room, *self.devices)

    @property
    def code(self) -> str:
        """What a form sends back. It is not trusted: booking checks every part of it again."""
        return "~".join([f"{self.starts_at.astimezone(UTC):%Y%m%dT%H%M}", *(r.pk.hex for r in self.resources)])

    @property
    def local_start(self) -> datetime:
        return self.starts_at.astimezone(self.site.zone)


@dataclass(frozen=True, slots=True)
class Choice:
    """What came back from a form. Unchecked."""

    starts_at: datetime
    site: Site
    resources: tuple[Resource, ...]


def chosen(code: str) -> Choice | None:
    """What the code of an offer means, or None for something that never was one. One query."""
    if (named := spelled(code)) is None:
        return None
    starts_at, ids = named
    found = tuple(Resource.objects.filter(pk__in=ids).exclude(kind=Kind.PATIENT).select_related("site"))
    site = next((resource.site for resource in found if resource.kind == Kind.ROOM), None)
    return Choice(starts_at, site, found) if site and len(found) == len(ids) else None


def spelled(code: str) -> tuple[datetime, list[UUID]] | None:
    """The moment and the ids that stand in the code, unread; None for something that never was one."""
    first, *others = code.split("~")
    try:
        return datetime.strptime(first, "%Y%m%dT%H%M").replace(tzinfo=UTC), [UUID(hex=each) for each in others]
    except ValueError:
        return None


@seen_by_the_clinic()
def free_times(
    service: Service,
    *,
    patient: Patient | None,
    first: date,
    days: int,
    now: datetime,
    site: Site | None = None,
    clinician: Resource | None = None,
    limit: int | None = None,
    moving: Appointment | None = None,
    door: Door = Door.DESK,
) -> "FreeTimes":
    """Every time at which the visit can be had, soonest first: one offer for each clinician and site.

    Five queries whatever `days` and however many clinicians; six where the clinic limits visits a day. `first` is
    a date of each site's own calendar. What the visit that is `moving` holds now counts as free.
    """
    asked = Question(
        service=service,
        patient=patient,
        first=first,
        days=days,
        now=now,
        limits=limits.current(door),
        site=site,
        clinician=clinician,
        moving=moving,
    )
    return FreeTimes(_Dresser(OpenStarts(asked)), limit)


class FreeTimes(Sequence[Offer]):
    """All free times are known at once; an `Offer` is made of those that somebody looks at."""

    __hash__ = None  # type: ignore[assignment]  # as a list has none

    def __init__(self, dresser: "_Dresser", limit: int | None = None) -> None:
        self._dresser = dresser
        self._starts = dresser.starts()[:limit]

    def where(self, allows: Callable[[datetime], bool]) -> "FreeTimes":
        """Those whose start, by the wall clock of their site, is allowed."""
        people = self._dresser.book.people
        found = copy(self)
        found._starts = [
            it for it in self._starts if allows(slots.moment_of(it[0]).astimezone(people[it[1]].site.zone))
        ]
        return found

    def starts(self) -> list[tuple[datetime, Resource]]:
        """When, and with whom, without the rest of an offer: a tenth of the work where there are thousands."""
        people = self._dresser.book.people
        return [(slots.moment_of(start), people[nth].clinician) for start, nth in self._starts]

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> Offer: ...
    @overload
    def __getitem__(self, index: slice) -> list[Offer]: ...
    def __getitem__(self, index: int | slice) -> Offer | list[Offer]:
        if isinstance(index, slice):
            return [self._at(n) for n in range(*index.indices(len(self)))]
        return self._at(range(len(self))[index])

    def __iter__(self) -> Iterator[Offer]:
        return map(self._at, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(Offer.__eq__, self, other))

    def __repr__(self) -> str:
        return repr(list(self))

    def _at(self, nth: int) -> Offer:
        return self._dresser.offer(*self._starts[nth])


class _Dresser:
    """Makes an offer of a start: which room, which devices, and what it does to the clinician's day."""

    def __init__(self, book: OpenStarts) -> None:
        self.book = book
        self._services = [it for it in offering.current().values() if it.is_enabled and not it.is_class]
        self._days: dict[int, holes.Day] = {}
        self._offers: dict[tuple[int, int], Offer] = {}

    def starts(self) -> list[tuple[int, int]]:
        """The minute of every start, and which of the people it is with; soonest first."""
        grid, people = self.book.grid, self.book.people
        return sorted((start, nth) for nth, person in enumerate(people) for start in grid.starts(person.bits))

    def offer(self, start: int, nth: int) -> Offer:
        if (start, nth) not in self._offers:
            self._offers[start, nth] = self._offer(start, nth)
        return self._offers[start, nth]

    def _offer(self, start: int, nth: int) -> Offer:
        person, service = self.book.people[nth], self.book.asked.service
        before, after = service.margins(Kind.CLINICIAN)
        kept = before + service.minutes + after
        return Offer(
            starts_at=slots.moment_of(start),
            ends_at=slots.moment_of(start + service.minutes),
            site=person.site,
            clinician=person.clinician,
            room=self.book.room_at(person.site, start),
            devices=self.book.devices_at(person.site, start),
            closes_gap=self.book.is_beside_a_visit(person.clinician, start),
            leaves_hole=self._day(nth, person).leaves_hole(start, before=before, kept=kept),
        )

    def _day(self, nth: int, person: Person) -> holes.Day:
        if nth not in self._days:
            self._days[nth] = self.book.day_of(person, shortest=self._shortest(person.clinician))
        return self._days[nth]

    def _shortest(self, clinician: Resource) -> int:
        """Minutes of the shortest visit that the clinician could be given."""
        able = [it for it in self._services if needs.serves(clinician, it.professions)]
        return min((it.minutes + sum(it.margins(Kind.CLINICIAN)) for it in able), default=0)
