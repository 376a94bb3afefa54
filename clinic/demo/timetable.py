"""Where the demo's visits fit: a pencil-and-paper diary, so that building it asks the database nothing twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import product
from uuid import UUID

from clinic.appointments.models import Resource
from people.models import Site
from programs.rules.services import Service

MORNING, AFTERNOON = (time(8), time(12)), (time(13), time(17))
STEP = timedelta(minutes=15)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Place:
    starts_at: datetime
    site: Site
    resources: tuple[Resource, ...]  # one clinician, one room, the devices


@dataclass
class Timetable:
    """Who works where, and what is pencilled in so far."""

    clinicians: list[Resource]
    rooms: list[Resource]
    devices: list[Resource]
    works_at: dict[UUID, Site]
    open_weekdays: frozenset[int]
    taken: dict[UUID, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def first_place(self, service: Service, patient: UUID, days: Iterable[date], *, after: datetime) -> Place | None:
        """The first time on those days, later than `after`, at which everything the service needs is free."""
        for day in days:
            for who in self._able(service):
                for starts_at in self._starts(day, self.works_at[who.pk], service):
                    if starts_at > after and (place := self._place(service, patient, who, starts_at)):
                        return place
        return None

    def pencil_in(self, service: Service, patient: UUID, place: Place) -> None:
        ends_at = place.starts_at + timedelta(minutes=service.minutes)
        for resource in place.resources:
            cleaned = timedelta(minutes=service.cleanup_minutes.get(resource.kind, 0))
            self.taken[resource.pk].append((place.starts_at, ends_at + cleaned))
        self.taken[patient].append((place.starts_at, ends_at))

    def visits_on(self, day: date) -> int:
        """How many visits are pencilled in for that day."""
        return sum(starts.date() == day for who in self.clinicians for starts, _ in self.taken[who.pk])

    def _able(self, service: Service) -> list[Resource]:
        able = [who for who in self.clinicians if service.professions & set(who.offers)]
        return sorted(able, key=lambda who: len(self.taken[who.pk]))  # even load

    def _starts(self, day: date, site: Site, service: Service) -> Iterator[datetime]:
        if day.weekday() not in self.open_weekdays:
            return
        for opens, closes in (MORNING, AFTERNOON):
            at = datetime.combine(day, opens, tzinfo=site.zone)
            last = datetime.combine(day, closes, tzinfo=site.zone) - timedelta(minutes=service.minutes)
            while at <= last:
                yield at
                at += STEP

    def _place(self, service: Service, patient: UUID, who: Resource, starts_at: datetime) -> Place | None:
        site = self.works_at[who.pk]
        span = (starts_at, starts_at + timedelta(minutes=service.minutes))
        cleaned = (span[0], span[1] + timedelta(minutes=service.cleanup_minutes.get(Resource.Kind.ROOM, 0)))
        if not self._is_free(who.pk, span) or not self._is_free(patient, span):
            return None
        room = next((r for r in self._here(self.rooms, site, service.room_kinds) if self._is_free(r.pk, cleaned)), None)
        choices = [
            [d for d in self._here(self.devices, site, kinds) if self._is_free(d.pk, span)] for kinds in service.devices
        ]
        devices = next(product(*choices), None)
        return Place(starts_at, site, (who, room, *devices)) if room and devices is not None else None

    @staticmethod
    def _here(pieces: list[Resource], site: Site, codes: Iterable[str]) -> list[Resource]:
        wanted = set(codes)
        return [piece for piece in pieces if piece.site_id == site.pk and wanted & set(piece.offers)]

    def _is_free(self, key: UUID, span: Span) -> bool:
        return all(span[1] <= starts or ends <= span[0] for starts, ends in self.taken[key])
