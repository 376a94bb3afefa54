"""Free time of every service of a plan, for the solver: one look at the appointment book. Reads only."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, reduce
from itertools import permutations
from operator import and_, or_
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from clinic.appointments.actions import hours, limits, taken
from clinic.appointments.actions.hours import Hours
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules import needs
from clinic.appointments.rules.limits import Limits
from clinic.appointments.rules.series.problem import Place, Seat, Supply
from clinic.appointments.rules.slots import Grid, Spanned
from patients.models import Patient
from people.models import Site
from programs.rules.services import Service

Kind = Resource.Kind
Load = Mapping[tuple[UUID, date], int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for, and in which days. What the visits `freeing` hold counts as free: they may move."""

    services: Collection[Service]
    first: date
    last: date
    now: datetime
    limits: Limits
    patients: Collection[Patient]
    freeing: Collection[Appointment] = ()


class Market:
    """Everybody and everything that could serve, and when they are free. Four queries, however many services."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        # Wider than the days asked for: a day of a site begins up to 14 hours before that of UTC.
        begins = datetime.combine(wanted.first, time.min, tzinfo=UTC) - timedelta(hours=14)
        ends = datetime.combine(wanted.last, time.min, tzinfo=UTC) + timedelta(hours=36)
        self.grid = Grid(begins, ends)
        self.resources: Mapping[UUID, Resource] = {it.pk: it for it in self._resources()}
        ids = list(self.resources)
        self.hours: Hours = hours.hours(ids, first=wanted.first, last=wanted.last)
        self.busy = taken.spans(ids, begins=begins, ends=ends, now=wanted.now, freeing=wanted.freeing)
        people = [it.pk for it in self.of_kind(Kind.CLINICIAN)]
        without = [visit.pk for visit in wanted.freeing]
        self._loads = limits.loads(people, begins, ends, without=without)

    @property
    def sites(self) -> Mapping[UUID, Site]:
        return self.hours.sites

    @cached_property
    def zones(self) -> Mapping[UUID, ZoneInfo]:
        return {pk: site.zone for pk, site in self.sites.items()}

    @cached_property
    def load(self) -> Load:
        """Visits by clinician and day, at whichever site."""
        found: Counter[tuple[UUID, date]] = Counter()
        for (clinician, _site, day), count in self._loads.visits.items():
            found[clinician, day] += count
        return found

    @cached_property
    def load_of(self) -> Mapping[tuple[UUID, date, str], int]:
        found: Counter[tuple[UUID, date, str]] = Counter()
        for ((clinician, _site, day), service), count in self._loads.of_service.items():
            found[clinician, day, service] += count
        # A technique of fewer hands has a shelf of its own, and counts against the day as its treatment does.
        for kind in self.wanted.services:
            for (clinician, day, service), count in list(found.items()):
                if service == kind.modality != kind.code:
                    found[clinician, day, kind.code] = count
        return found

    def elsewhere(self, patient: Patient) -> tuple[Spanned, ...]:
        """When the patient is held by visits that do not move."""
        own = next((it.pk for it in self.resources.values() if it.patient_id == patient.pk), None)
        return tuple(self.busy.get(own, ())) if own else ()

    def supply(self) -> dict[str, Supply]:
        """By the code of each service."""
        return {service.code: _Shelf(self, service).supply for service in self.wanted.services}

    def _resources(self) -> Sequence[Resource]:
        services = self.wanted.services
        people = {code for it in services for code in it.professions}
        rooms = {code for it in services for code in it.room_kinds}
        devices = {code for it in services for need in it.devices for code in need}
        wanted = Q(kind=Kind.CLINICIAN, offers__overlap=sorted(people))
        wanted |= Q(kind=Kind.ROOM, offers__overlap=sorted(rooms))
        if devices:
            wanted |= Q(kind=Kind.DEVICE, offers__overlap=sorted(devices))
        wanted |= Q(kind=Kind.PATIENT, patient__in=[it.pk for it in self.wanted.patients])
        # What can do least comes first, so that the one room for PRP is not spent on a talk.
        return sorted(Resource.objects.in_use().filter(wanted), key=lambda it: (len(it.offers), it.ordinal, it.name))

    def of_kind(self, kind: str) -> list[Resource]:
        return [it for it in self.resources.values() if it.kind == kind]


class _Shelf:
    """One service: who and what can give it, each with the starts at which the visit fits."""

    def __init__(self, market: Market, service: Service) -> None:
        self.market, self.service, self.grid = market, service, market.grid
        self.rooms = list(self._rooms())
        self.devices = list(self._devices())

    @property
    def supply(self) -> Supply:
        service = self.service
        return Supply(
            first=self.grid.first,
            minutes=service.minutes,
            seats=tuple(self._seats()),
            rooms=tuple(self.rooms),
            devices=tuple(self.devices),
            needs_devices=bool(service.devices),
            clinician_margins=service.margins(Kind.CLINICIAN),
            room_margins=service.margins(Kind.ROOM),
            device_margins=service.margins(Kind.DEVICE),
            daily=service.daily_limit,
        )

    def _seats(self) -> Iterator[Seat]:
        allowed = self._allowed()
        possible = {site: self._possible(site) & allowed for site in self.market.sites}
        at_work: dict[UUID, list[UUID]] = defaultdict(list)
        for who, site in self.market.hours.working:
            at_work[who].append(site)
        before, after = self.service.margins(Kind.CLINICIAN)
        people = [it for it in self.market.of_kind(Kind.CLINICIAN) if needs.serves(it, self.service.professions)]
        for person in sorted(people, key=lambda it: (it.ordinal, it.name)):
            for site in at_work[person.pk]:
                spans = self.market.hours.working[person.pk, site]
                bits = self.grid.fitting(spans, self.service.minutes + before + after, before=before)
                bits &= self._clear(person) & possible[site]
                if bits:
                    yield Seat(person.pk, site, bits)

    def _allowed(self) -> int:
        wanted = self.market.wanted
        bits = self.grid.from_on(wanted.now + wanted.limits.notice)
        # A visit may begin at the very end of the horizon.
        return bits & ~self.grid.from_on(wanted.now + wanted.limits.horizon + timedelta(microseconds=1))

    def _possible(self, site: UUID) -> int:
        """The starts at which some room is free there, and the devices."""
        bits = reduce(or_, (it.bits for it in self.rooms if it.site_id == site), 0)
        if self.service.devices:
            bits &= reduce(or_, (it.bits for it in self.devices if it.site_id == site), 0)
        return bits

    def _rooms(self) -> Iterator[Place]:
        for it in self.market.of_kind(Kind.ROOM):
            if needs.serves(it, self.service.room_kinds) and it.site_id:
                yield Place((it.pk,), it.site_id, self._clear(it))

    def _devices(self) -> Iterator[Place]:
        """Every full set of devices of one site. Services need two at most, so there are few."""
        service, every = self.service, self.market.of_kind(Kind.DEVICE)
        for chosen in permutations(every, len(service.devices)) if service.devices else ():
            sites = {it.site_id for it in chosen}
            (site, *others) = sites
            if others or site is None:
                continue
            if all(needs.serves(it, need) for it, need in zip(chosen, service.devices, strict=True)):
                yield Place(tuple(it.pk for it in chosen), site, reduce(and_, map(self._clear, chosen)))

    def _clear(self, resource: Resource) -> int:
        """The starts at which a resource is neither held nor away."""
        before, after = self.service.margins(resource.kind)
        kept = self.service.minutes + before + after
        found = self.grid.clashing(self.market.busy.get(resource.pk, ()), kept, before=before)
        found |= self.grid.clashing(self.market.hours.away.get(resource.pk, ()), kept, before=before)
        return ~found & ((1 << self.grid.count) - 1)
