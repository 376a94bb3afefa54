"""One look at the appointment book: when everybody and everything that a visit needs is free."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, reduce
from itertools import permutations
from operator import and_, or_
from uuid import UUID

from django.db.models import Q

from clinic.appointments.actions import hours, limits, taken
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules import local_time, needs
from clinic.appointments.rules.holes import Day
from clinic.appointments.rules.limits import Limits
from clinic.appointments.rules.slots import Grid, Spanned
from patients.models import Patient
from people.models import Site
from programs.rules.services import Service

Kind = Resource.Kind
# Something that keeps no hours, and the starts at which it is free.
Free = tuple[Resource, int]


@dataclass(frozen=True, slots=True)
class Person:
    """A clinician at one site, with the starts at which the visit can be had with them."""

    clinician: Resource
    site: Site
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is looked for. `days` from `first` on, a date of each site's own calendar."""

    service: Service
    patient: Patient | None
    first: date
    days: int
    now: datetime
    limits: Limits
    site: Site | None = None
    clinician: Resource | None = None
    moving: Appointment | None = None  # what it holds now counts as free
    freeing: Collection[Appointment] = ()  # and what these hold, which move with it

    @property
    def freed(self) -> Collection[Appointment]:
        return [*self.freeing, self.moving] if self.moving else self.freeing

    @property
    def last(self) -> date:
        return self.first + timedelta(days=max(self.days, 1) - 1)


class OpenStarts:
    """The free starts of everybody and everything, as bits of one grid. Three queries, four where days can be full."""

    def __init__(self, asked: Question) -> None:
        self.asked = asked
        # Wider than the days asked for: a day of a site begins up to 14 hours before that of UTC.
        begins = datetime.combine(asked.first, time.min, tzinfo=UTC) - timedelta(hours=14)
        ends = datetime.combine(asked.last, time.min, tzinfo=UTC) + timedelta(hours=36)
        self.grid = Grid(begins, ends)
        self.resources = self._resources()
        ids = [resource.pk for resource in self.resources]
        self.hours = hours.hours(ids, first=asked.first, last=asked.last)
        self.busy = taken.spans(
            ids, begins=begins, ends=ends, now=asked.now, patient=asked.patient, freeing=asked.freed
        )
        self.loads = self._loads(begins, ends)
        self._clear_starts: dict[UUID, int] = {}
        self._rooms: dict[UUID, list[Free]] = {}
        self.people = self._people()

    def room_at(self, site: Site, start: int) -> Resource:
        return next(room for room, bits in self._rooms[site.pk] if self.grid.holds(bits, start))

    def rooms_at(self, site: Site, start: int) -> Iterator[Resource]:
        """Every room that would do, the one that can do least first."""
        return (room for room in self._of(Kind.ROOM, site.pk) if self.grid.holds(self._clear(room), start))

    def devices_at(self, site: Site, start: int) -> tuple[Resource, ...]:
        if not self.asked.service.devices:
            return ()
        free = [it for it in self._of(Kind.DEVICE, site.pk) if self.grid.holds(self._clear(it), start)]
        return needs.assigned(self.asked.service, free) or ()

    def is_beside_a_visit(self, clinician: Resource, start: int) -> bool:
        """Whether the clinician has another visit that ends when this one begins, or begins when it ends."""
        before, after = self.asked.service.margins(Kind.CLINICIAN)
        starts, ends = self._ends_of_visits[clinician.pk]
        return start - before in ends or start + self.asked.service.minutes + after in starts

    @cached_property
    def _ends_of_visits(self) -> Mapping[UUID, tuple[set[int], set[int]]]:
        found = {}
        for person in self._of(Kind.CLINICIAN):
            spans = self.busy.get(person.pk, ())
            found[person.pk] = ({starts for starts, _ in spans}, {ends for _, ends in spans})
        return found

    def day_of(self, person: Person, *, shortest: int) -> Day:
        """Where holes could be left in the clinician's hours at the site."""
        starts = self.grid.starts(person.bits)
        before, after = self.asked.service.margins(Kind.CLINICIAN)
        kept = self.asked.service.minutes + after

        def inside(stretch: Spanned) -> Sequence[int]:
            return starts[bisect_left(starts, stretch[0] + before) : bisect_right(starts, stretch[1] - kept)]

        working = self.hours.working[person.clinician.pk, person.site.pk]
        return Day(working, self.busy.get(person.clinician.pk, ()), shortest=shortest, starts_in=inside)

    def _resources(self) -> list[Resource]:
        service, site = self.asked.service, self.asked.site
        devices = [code for alternatives in service.devices for code in alternatives]
        people = Q(kind=Kind.CLINICIAN, offers__overlap=sorted(service.professions))
        if self.asked.clinician:
            people &= Q(pk=self.asked.clinician.pk)
        things = Q(kind=Kind.ROOM, offers__overlap=sorted(service.room_kinds))
        if devices:
            things |= Q(kind=Kind.DEVICE, offers__overlap=sorted(devices))
        if site:
            things &= Q(site=site)
        wanted = people | things
        if self.asked.patient:
            wanted |= Q(kind=Kind.PATIENT, patient=self.asked.patient)
        # What can do least comes first, so that the one room for PRP is not spent on a talk.
        return sorted(Resource.objects.in_use().filter(wanted), key=lambda it: (len(it.offers), it.ordinal, it.name))

    def _loads(self, begins: datetime, ends: datetime) -> limits.Loads | None:
        if not self.asked.limits.has_days(self.asked.service):
            return None
        people = [person.pk for person in self._of(Kind.CLINICIAN)]
        without = [visit.pk for visit in self.asked.freed]
        return limits.loads(people, begins, ends, without=without)

    def _people(self) -> list[Person]:
        found = self._allowed_people()
        wanted: dict[UUID, int] = defaultdict(int)
        for it in found:
            wanted[it.site.pk] |= it.bits
        possible = {pk: self._with_rooms(pk, bits) for pk, bits in wanted.items()}
        return [Person(it.clinician, it.site, bits) for it in found if (bits := it.bits & possible[it.site.pk])]

    def _allowed_people(self) -> list[Person]:
        asked = self.asked
        if not asked.limits.is_open_for(asked.service, is_new=asked.moving is None):
            return []
        allowed = self.grid.from_on(asked.now + asked.limits.notice)
        # A visit may begin at the very end of the horizon.
        allowed &= ~self.grid.from_on(asked.now + asked.limits.horizon + timedelta(microseconds=1))
        for patient in self._of(Kind.PATIENT):
            allowed &= self._clear(patient)
        return [Person(it.clinician, it.site, it.bits & allowed) for it in self._working()]

    def _working(self) -> Iterator[Person]:
        """Every clinician at every site, with the starts at which the whole visit lies in their hours."""
        service, site = self.asked.service, self.asked.site
        before, _after = service.margins(Kind.CLINICIAN)
        at_work: dict[UUID, list[UUID]] = defaultdict(list)
        for owner, site_id in self.hours.working:
            if site is None or site.pk == site_id:
                at_work[owner].append(site_id)
        for person in sorted(self._of(Kind.CLINICIAN), key=lambda it: (it.ordinal, it.name)):
            for site_id in at_work[person.pk]:
                spans = self.hours.working[person.pk, site_id]
                bits = self.grid.fitting(spans, self._kept(person), before=before) & self._clear(person)
                here = self.hours.sites[site_id]
                yield Person(person, here, bits & ~self._full_days(person, here))

    def _full_days(self, person: Resource, site: Site) -> int:
        if self.loads is None:
            return 0
        full = 0
        for day in {day for who, where, day in self.loads.visits if (who, where) == (person.pk, site.pk)}:
            if self.loads.is_full(self.asked.limits, self.asked.service, (person.pk, site.pk, day)):
                begins, ends = local_time.day_bounds(day, site.zone)
                full |= self.grid.from_on(begins) & ~self.grid.from_on(ends)
        return full

    def _with_rooms(self, site_id: UUID, wanted: int) -> int:
        """Those of the `wanted` starts at which a room and the devices are free."""
        wanted &= self._with_devices(site_id)
        found, rooms = 0, []
        for room in self._of(Kind.ROOM, site_id):
            if found == wanted:
                break  # no need to look into the other rooms' books
            bits = self._clear(room) & wanted
            rooms.append((room, bits))
            found |= bits
        self._rooms[site_id] = rooms
        return found

    def _with_devices(self, site_id: UUID) -> int:
        """The starts at which there is a free device for each that the service needs."""
        service = self.asked.service
        if not service.devices:
            return -1  # every start
        sets = [
            reduce(and_, map(self._clear, chosen))
            for chosen in permutations(self._of(Kind.DEVICE, site_id), len(service.devices))
            if all(needs.serves(it, need) for it, need in zip(chosen, service.devices, strict=True))
        ]
        return reduce(or_, sets, 0)

    def _clear(self, resource: Resource) -> int:
        """The starts at which a resource is neither held nor away."""
        if resource.pk not in self._clear_starts:
            before, _after = self.asked.service.margins(resource.kind)
            found = self.grid.clashing(self.busy.get(resource.pk, ()), self._kept(resource), before=before)
            if away := self.hours.away.get(resource.pk):
                found |= self.grid.clashing(away, self._kept(resource), before=before)
            self._clear_starts[resource.pk] = ~found
        return self._clear_starts[resource.pk]

    def _kept(self, resource: Resource) -> int:
        """How many minutes the visit keeps it, with what is prepared before and cleaned after."""
        return self.asked.service.minutes + sum(self.asked.service.margins(resource.kind))

    def _of(self, kind: str, site_id: UUID | None = None) -> Collection[Resource]:
        return [it for it in self.resources if it.kind == kind and site_id in {None, it.site_id}]
