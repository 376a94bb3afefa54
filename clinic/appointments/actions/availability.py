"""When a patient can come. Reads only: free times are worked out from what is held and never stored."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from itertools import islice
from operator import or_
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import models
from django.db.models import Q

from clinic.appointments.actions import hours
from clinic.appointments.models import Appointment, Hold, Resource
from clinic.appointments.rules import needs, slots
from clinic.appointments.rules.slots import Grid, Span
from patients.models import Patient
from people.models import Site
from programs.rules.services import Service

Kind = Resource.Kind
# No hold is longer, so whatever reaches into a day began at most this long before it.
LONGEST_HOLD = timedelta(days=1)


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
    """What the code of an offer means, or None for something that never was one."""
    first, *others = code.split("~")
    try:
        starts_at = datetime.strptime(first, "%Y%m%dT%H%M").replace(tzinfo=UTC)
        ids = [UUID(hex=each) for each in others]
    except ValueError:
        return None
    found = tuple(Resource.objects.filter(pk__in=ids).exclude(kind=Kind.PATIENT).select_related("site"))
    site = next((resource.site for resource in found if resource.kind == Kind.ROOM), None)
    return Choice(starts_at, site, found) if site and len(found) == len(ids) else None


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
) -> list[Offer]:
    """Every time at which the visit can be had, soonest first: one offer for each clinician and site.

    Five queries whatever `days` and however many clinicians. `first` is a date of each site's own calendar.
    What the visit that is `moving` holds now counts as free.
    """
    view = _View(service, patient, first, days, site, clinician, moving)
    return list(islice(view.offers(now), limit))


# Something that keeps no hours, and the starts at which it is free.
Free = tuple[Resource, int]


class Minute(models.Func):
    """Minutes since 1970 at one end of a hold: numbers cross the wire ten times faster than ranges."""

    template = "(extract(epoch FROM %(function)s(%(expressions)s)) / 60)::int"
    output_field = models.IntegerField()


class _View:
    """One look at the appointment book: the free starts of everybody and everything, as bits of one grid."""

    def __init__(
        self,
        service: Service,
        patient: Patient | None,
        first: date,
        days: int,
        site: Site | None,
        clinician: Resource | None,
        moving: Appointment | None,
    ) -> None:
        self.service = service
        self.moving = moving
        last = first + timedelta(days=max(days, 1) - 1)
        # Wider than the days asked for: a day of a site begins up to 14 hours before that of UTC.
        self.begins = datetime.combine(first, time.min, tzinfo=UTC) - timedelta(hours=14)
        self.ends = datetime.combine(last, time.min, tzinfo=UTC) + timedelta(hours=36)
        self.grid = Grid(self.begins, self.ends)
        self.patient = patient
        self.resources = self._resources(patient, site, clinician)
        ids = [resource.pk for resource in self.resources]
        self.hours = hours.hours(ids, first=first, last=last)
        self.busy = self._busy(ids)
        people = [resource.pk for resource in self._of(Kind.CLINICIAN)]
        self.visits_start = {pk: {span.starts for span in self.busy.get(pk, ())} for pk in people}
        self.visits_end = {pk: {span.ends for span in self.busy.get(pk, ())} for pk in people}
        self.site_id = site.pk if site else None

    def _resources(self, patient: Patient | None, site: Site | None, clinician: Resource | None) -> list[Resource]:
        service = self.service
        devices = [code for alternatives in service.devices for code in alternatives]
        people = Q(kind=Kind.CLINICIAN, offers__overlap=sorted(service.professions))
        if clinician:
            people &= Q(pk=clinician.pk)
        things = Q(kind=Kind.ROOM, offers__overlap=sorted(service.room_kinds))
        if devices:
            things |= Q(kind=Kind.DEVICE, offers__overlap=sorted(devices))
        if site:
            things &= Q(site=site)
        wanted = people | things
        if patient:
            wanted |= Q(kind=Kind.PATIENT, patient=patient)
        # What can do least comes first, so that the one room for PRP is not spent on a talk.
        return sorted(Resource.objects.in_use().filter(wanted), key=lambda it: (len(it.offers), it.ordinal, it.name))

    def _busy(self, ids: Sequence[UUID]) -> dict[UUID, list[Span]]:
        rows = (
            Hold.objects.filter(resource__in=ids, starts_at__gte=self.begins - LONGEST_HOLD, starts_at__lt=self.ends)
            .exclude(appointment=self.moving)
            .values_list("resource_id")
            .annotate(
                starts=ArrayAgg(Minute("during", function="lower"), order_by="starts_at"),
                ends=ArrayAgg(Minute("during", function="upper"), order_by="starts_at"),
            )
        )
        return {resource: [Span(*pair) for pair in zip(starts, ends, strict=True)] for resource, starts, ends in rows}

    def _clear(self, resource: Resource) -> int:
        """The starts at which a resource that keeps no hours is neither held nor away."""
        before, _after = self.service.margins(resource.kind)
        taken = [*self.busy.get(resource.pk, ()), *self.hours.away.get(resource.pk, ())]
        return ~self.grid.clashing((Span(it.starts + before, it.ends + before) for it in taken), self._kept(resource))

    def _kept(self, resource: Resource) -> int:
        """How many minutes the visit keeps it, with what is prepared before and cleaned after."""
        return self.service.minutes + sum(self.service.margins(resource.kind))

    def offers(self, now: datetime) -> Iterator[Offer]:
        allowed = self.grid.from_on(now + slots.DESK_NOTICE) & ~self.grid.from_on(now + slots.HORIZON)
        for patient in self._of(Kind.PATIENT):
            allowed &= self._clear(patient)
        rooms, devices = self._by_site(Kind.ROOM), self._by_site(Kind.DEVICE)
        people = [
            (person, site_id, bits & allowed & reduce(or_, (free for _, free in rooms[site_id]), 0))
            for person, site_id, bits in self._working()
        ]
        for start in self.grid.starts(reduce(or_, (bits for _, _, bits in people), 0)):
            for person, site_id, bits in people:
                if self.grid.holds(bits, start):
                    offer = self._offer(start, person, self.hours.sites[site_id], rooms[site_id], devices[site_id])
                    if offer:
                        yield offer

    def _of(self, kind: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.kind == kind]

    def _by_site(self, kind: str) -> Mapping[UUID, list[Free]]:
        found: dict[UUID, list[Free]] = defaultdict(list)
        for resource in self._of(kind):
            if resource.site_id:
                found[resource.site_id].append((resource, self._clear(resource)))
        return found

    def _working(self) -> Iterator[tuple[Resource, UUID, int]]:
        """Every clinician at every site, with the starts at which the whole visit lies in their hours."""
        before, _after = self.service.margins(Kind.CLINICIAN)
        for person in sorted(self._of(Kind.CLINICIAN), key=lambda it: (it.ordinal, it.name)):
            for (owner, site_id), spans in self.hours.working.items():
                if owner == person.pk and self.site_id in {None, site_id}:
                    shifted = (Span(it.starts + before, it.ends + before) for it in spans)
                    yield person, site_id, self.grid.fitting(shifted, self._kept(person)) & self._clear(person)

    def _offer(
        self,
        start: int,
        clinician: Resource,
        site: Site,
        rooms: list[Free],
        devices: list[Free],
    ) -> Offer | None:
        room = next(room for room, bits in rooms if self.grid.holds(bits, start))
        free = [device for device, bits in devices if self.grid.holds(bits, start)] if self.service.devices else []
        kept = needs.assigned(self.service, free)
        if kept is None:
            return None
        ends = start + self.service.minutes
        return Offer(
            starts_at=slots.moment_of(start),
            ends_at=slots.moment_of(ends),
            site=site,
            clinician=clinician,
            room=room,
            devices=kept,
            closes_gap=start in self.visits_end[clinician.pk] or ends in self.visits_start[clinician.pk],
        )
