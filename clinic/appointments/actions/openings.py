"""Which free time somebody who waits could have: many patients and many kinds of visit in one look. Reads only."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q

from clinic.appointments.actions import hours, limits, taken
from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Appointment, GroupSession, Resource
from clinic.appointments.rules import matching, needs, slots
from clinic.appointments.rules.limits import Door
from clinic.appointments.rules.matching import Time, Wish
from clinic.appointments.rules.slots import Grid, Span
from people.models import Site
from programs.rules.services import Service

Kind = Resource.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Time of a clinician at a site that somebody could have; or a place in the `group` that meets then."""

    clinician: Resource
    site: Site
    starts_at: datetime
    ends_at: datetime
    missed: Appointment | None = None  # what is held for it counts as free: it is freed when the time is offered
    group: GroupSession | None = None

    @property
    def day(self) -> date:
        return self.starts_at.astimezone(self.site.zone).date()

    @property
    def span(self) -> Span:
        return Span.of(self.starts_at, self.ends_at)


class Openings:
    """The appointment book from `first` to `last` for these patients and everybody who treats. Four queries.

    The clinic's limits are those of the desk: it is the desk that offers. One query more where a day can be full.
    """

    def __init__(
        self, patients: Collection[UUID], *, first: date, last: date, now: datetime, missed: Appointment | None = None
    ) -> None:
        # Wider than the days asked for: a day of a site begins up to 14 hours before that of UTC.
        begins = datetime.combine(first, time.min, tzinfo=UTC) - timedelta(hours=14)
        ends = datetime.combine(last, time.min, tzinfo=UTC) + timedelta(hours=36)
        self.grid = Grid(begins, ends)
        who = ~Q(kind=Kind.PATIENT) | Q(patient__in=patients)
        every = sorted(Resource.objects.in_use().filter(who), key=lambda it: (len(it.offers), it.ordinal, it.name))
        self.people = [it for it in every if it.kind == Kind.CLINICIAN]
        self.things = [it for it in every if it.kind in {Kind.ROOM, Kind.DEVICE}]
        self.patients = {it.patient_id: it for it in every if it.kind == Kind.PATIENT}
        self.hours = hours.hours([it.pk for it in (*self.people, *self.things)], first=first, last=last)
        self.busy = taken.spans(
            [it.pk for it in every], begins=begins, ends=ends, now=now, freeing=[missed] if missed else ()
        )
        self.limits = limits.current(Door.DESK)
        self.ahead = self.grid.from_on(now + self.limits.notice) & ~self.grid.from_on(now + self.limits.horizon)
        self.window = (begins, ends)
        self._loads: limits.Loads | None = None
        self._clear_starts: dict[tuple[UUID, int, int], int] = {}

    def soonest(self, service: Service, wish: Wish, patient_id: UUID, *, gap: Gap | None = None) -> Offer | None:
        """The first time that the patient wants and can have; inside `gap`, the one that begins nearest to it."""
        found = [
            offer
            for site in self.hours.sites.values()
            if gap is None or site.pk == gap.site.pk
            if (offer := self._at(site, service, wish, patient_id, gap))
        ]
        return min(found, key=lambda it: it.starts_at, default=None)

    def _at(self, site: Site, service: Service, wish: Wish, patient_id: UUID, gap: Gap | None) -> Offer | None:
        people = list(self._working(site, service, wish, gap))
        rooms = [(it, self._clear(it, service)) for it in self._of(site, Kind.ROOM, service.room_kinds)]
        bits = self.ahead & _any(people) & _any(rooms)
        if patient := self.patients.get(patient_id):
            bits &= self._clear(patient, service)
        if gap:
            bits &= self.grid.clashing([gap.span], service.minutes)
        for start in self._in_order(bits, gap):
            person = next(person for person, free in people if self.grid.holds(free, start))
            room = next(room for room, free in rooms if self.grid.holds(free, start))
            offer = self._offer(start, service, site, person, room)
            if offer and matching.fits(wish, time_of(offer)) and not self._is_full(offer, service):
                return offer
        return None

    def _is_full(self, offer: Offer, service: Service) -> bool:
        """Whether the clinician has as many visits on that day as the clinic allows."""
        if not self.limits.has_days(service):
            return False
        if self._loads is None:
            self._loads = limits.loads([it.pk for it in self.people], *self.window)
        return self._loads.is_full(self.limits, service, (offer.clinician.pk, offer.site.pk, offer.local_start.date()))

    def _in_order(self, bits: int, gap: Gap | None) -> Iterator[int]:
        starts = self.grid.starts(bits)
        if gap is None:
            return iter(starts)
        first = gap.span.starts
        return iter(sorted(starts, key=lambda start: (start < first, abs(start - first))))

    def _working(self, site: Site, service: Service, wish: Wish, gap: Gap | None) -> Iterator[tuple[Resource, int]]:
        """Who could give it there, whoever gave the last one first, with the starts that lie in their hours."""
        before, _after = service.margins(Kind.CLINICIAN)
        for person in sorted(self.people, key=lambda it: (it.pk != wish.last_clinician_id, it.ordinal, it.name)):
            is_asked_for = (gap is None or person.pk == gap.clinician.pk) and wish.clinician_id in {None, person.pk}
            if is_asked_for and needs.serves(person, service.professions):
                spans = self.hours.working.get((person.pk, site.pk), ())
                bits = self.grid.fitting(spans, _kept(person, service), before=before)
                yield person, bits & self._clear(person, service)

    def _of(self, site: Site, kind: str, codes: Collection[str]) -> Iterator[Resource]:
        return (it for it in self.things if it.kind == kind and it.site_id == site.pk and needs.serves(it, codes))

    def _clear(self, resource: Resource, service: Service) -> int:
        """The starts at which nothing else keeps it and it is not away."""
        before, kept = service.margins(resource.kind)[0], _kept(resource, service)
        key = (resource.pk, before, kept)
        if key not in self._clear_starts:
            busy = [*self.busy.get(resource.pk, ()), *self.hours.away.get(resource.pk, ())]
            self._clear_starts[key] = ~self.grid.clashing(busy, kept, before=before)
        return self._clear_starts[key]

    def _offer(self, start: int, service: Service, site: Site, clinician: Resource, room: Resource) -> Offer | None:
        codes = {code for alternatives in service.devices for code in alternatives}
        free = [it for it in self._of(site, Kind.DEVICE, codes) if self.grid.holds(self._clear(it, service), start)]
        kept = needs.assigned(service, free)
        if kept is None:
            return None
        return Offer(
            starts_at=slots.moment_of(start),
            ends_at=slots.moment_of(start + service.minutes),
            site=site,
            clinician=clinician,
            room=room,
            devices=kept,
        )


def time_of(offer: Offer) -> Time:
    """The offer as the rule of matching looks at it."""
    return Time(offer.local_start, offer.ends_at.astimezone(offer.site.zone), offer.clinician.pk, offer.site.pk)


def _any(them: Collection[tuple[Resource, int]]) -> int:
    return reduce(or_, (bits for _, bits in them), 0)


def _kept(resource: Resource, service: Service) -> int:
    """How many minutes the visit keeps it, with what is prepared before and cleaned after."""
    return service.minutes + sum(service.margins(resource.kind))
