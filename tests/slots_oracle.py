"""A clinic with anything in its book, and an oracle that counts its minutes.

The oracle knows nothing of grids, bits or packed bytes. It asks every minute on its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from clinic.appointments.models import Absence, Appointment, BookingPolicy, Closure, Hold, Resource, Shift
from clinic.appointments.rules.status import Status
from patients.models import Patient
from people.models import Site, User
from programs.rules.services import Service

MINUTE, DAYS = timedelta(minutes=1), 2


@dataclass
class World:
    """A clinic of two clinicians, two rooms and a device, with anything in its book."""

    zone: ZoneInfo
    first: date
    site: Site
    people: list[Resource]
    rooms: list[Resource]
    device: Resource
    patient: Patient
    holder: Resource
    desk: User
    service: Service
    now: datetime
    policy: BookingPolicy

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.first, time.min, tzinfo=self.zone).astimezone(UTC)


class Oracle:
    def __init__(self, world: World) -> None:
        self.world = world
        self.zero = world.begins - timedelta(hours=6)
        self.taken = {it.pk: set(self._taken(it)) for it in [*world.people, *world.rooms, world.device, world.holder]}
        self.works = {it.pk: set(self._works(it)) for it in world.people}

    def bookable(self) -> set[tuple[datetime, Any]]:
        world = self.world
        starts = [world.begins + timedelta(minutes=15 * n) for n in range(DAYS * 26 * 4)]
        return {
            (start, person.pk)
            for start, person in product(starts, world.people)
            if start.minute % 15 == 0 and self._may_start(start) and self._is_free(start, person)
        }

    def _may_start(self, start: datetime) -> bool:
        world = self.world
        notice = timedelta(minutes=world.policy.desk_notice_minutes)
        horizon = timedelta(days=world.policy.horizon_days)
        is_asked_for = world.first <= start.astimezone(world.zone).date() < world.first + timedelta(days=DAYS)
        return is_asked_for and world.now + notice <= start <= world.now + horizon

    def _is_free(self, start: datetime, person: Resource) -> bool:
        world = self.world
        kept = set(self._kept(start, "clinician"))
        return (
            kept <= self.works[person.pk]
            and self._has(person, start)
            and self._has(world.holder, start)
            and any(self._has(room, start) for room in world.rooms)
            and (not world.service.devices or self._has(world.device, start))
            and not self._is_full(person, start.astimezone(world.zone).date())
        )

    def _has(self, it: Resource, start: datetime) -> bool:
        return self.taken[it.pk].isdisjoint(self._kept(start, it.kind))

    def _kept(self, start: datetime, kind: str) -> Iterator[int]:
        before, after = self.world.service.margins(kind)
        begins = self._number(start)
        return iter(range(begins - before, begins + self.world.service.minutes + after))

    def _is_full(self, person: Resource, day: date) -> bool:
        visits = [
            visit
            for visit in Appointment.objects.filter(clinician=person)
            if visit.starts_at.astimezone(self.world.zone).date() == day
            and visit.status not in {Status.CANCELLED, Status.MISSED}
        ]
        same = [visit for visit in visits if visit.service_code == self.world.service.code]
        most, most_of_same = self.world.policy.daily_limit, self.world.service.daily_limit
        return (most is not None and len(visits) >= most) or (most_of_same is not None and len(same) >= most_of_same)

    def _taken(self, it: Resource) -> Iterator[int]:
        for hold in Hold.objects.filter(resource=it).select_related("reservation"):
            kept = hold.reservation
            if kept and (kept.expires_at <= self.world.now or kept.patient_id == self.world.patient.pk):
                continue
            yield from self._numbers(hold.during)
        for absence in Absence.objects.filter(resource=it):
            yield from self._numbers(absence.during)

    def _works(self, person: Resource) -> Iterator[int]:
        closed = set(Closure.objects.values_list("on", flat=True))
        for ahead, shift in product(range(DAYS), Shift.objects.filter(resource=person)):
            day = self.world.first + timedelta(days=ahead)
            is_valid = shift.valid_from <= day and (shift.valid_until is None or day <= shift.valid_until)
            if day.weekday() == shift.weekday and is_valid and day not in closed:
                comes = min(_moments(self.world.zone, day, shift.starts))
                goes = max(_moments(self.world.zone, day, shift.ends))
                yield from range(self._number(comes), self._number(goes))

    def _number(self, moment: datetime) -> int:
        return (moment - self.zero) // MINUTE

    def _numbers(self, during: DateTimeTZRange) -> Iterator[int]:
        last = self._number(during.upper) if during.upper else DAYS * 24 * 60 * 3
        return iter(range(self._number(during.lower), last))


@cache
def _wall(zone: ZoneInfo, day: date) -> dict[datetime, list[datetime]]:
    """Every minute around the day, by what the clock on the wall shows."""
    found: dict[datetime, list[datetime]] = {}
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    for n in range(-2 * 24 * 60, 2 * 24 * 60):
        moment = noon + n * MINUTE
        found.setdefault(moment.astimezone(zone).replace(tzinfo=None), []).append(moment)
    return found


def _moments(zone: ZoneInfo, day: date, at: time) -> list[datetime]:
    """When the clock shows it: once, twice, or never, and then as many minutes after the last moment before."""
    shown, wanted, later = _wall(zone, day), datetime.combine(day, at), 0
    while wanted - later * MINUTE not in shown:
        later += 1
    return [moment + later * MINUTE for moment in shown[wanted - later * MINUTE]]
