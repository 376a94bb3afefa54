"""What is offered is what can be booked, and all of it: compared with an oracle that counts minutes."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from booking_cast import service
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from factories import a_device, a_patient, a_room, a_user, the_clinic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slots_oracle import DAYS, MINUTE, Oracle, World

from clinic.appointments.actions import checks
from clinic.appointments.actions.asked import Asked
from clinic.appointments.actions.availability import free_times
from clinic.appointments.models import Absence, Appointment, BookingPolicy, Closure, Hold, Reservation, Resource, Shift
from clinic.appointments.rules.status import Status
from patients.models import Patient
from people.models import Site
from people.rules.permissions import Role
from people.rules.refusal import Refused
from programs.rules.services import Service

pytestmark = pytest.mark.django_db

# Days on which clocks change (by an hour, by half an hour, at midnight, not at all), each the first of two.
PLACES = [
    ("America/New_York", date(2026, 3, 7)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 24)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
    ("Australia/Lord_Howe", date(2026, 10, 3)),
    ("America/Havana", date(2026, 3, 7)),
    ("Asia/Kathmandu", date(2026, 3, 29)),
    ("Pacific/Kiritimati", date(2026, 9, 14)),
]
# Between one and three more often than not: then clocks change.
hours = st.one_of(st.integers(0, 23), st.sampled_from([0, 1, 2, 3]))
clocks = st.builds(time, hours, st.sampled_from([0, 5, 15, 30, 45]))
minutes = st.integers(0, DAYS * 24 * 60)
lengths = st.integers(1, 300)


# --- any world


def a_world(data: st.DataObject) -> World:
    the_clinic()
    name, first = data.draw(st.sampled_from(PLACES))
    site = Site.objects.create(name=f"Somewhere {name}", time_zone=name)
    people = [_a_person(f"Clinician {n}") for n in range(2)]
    rooms = [a_room(f"Room {n}", "room_consult", "room_laser", site=site) for n in range(2)]
    patient = a_patient()
    holder = Resource.objects.create(kind=Resource.Kind.PATIENT, name="patient", patient=patient)
    zone = ZoneInfo(name)
    begins = datetime.combine(first, time.min, tzinfo=zone).astimezone(UTC)
    policy = BookingPolicy.objects.create(
        desk_notice_minutes=data.draw(st.sampled_from([0, 0, 45, 1440])),
        horizon_days=data.draw(st.sampled_from([1, 2, 182])),
        daily_limit=data.draw(st.sampled_from([None, None, 1, 3])),
    )
    device = a_device(site=site)
    desk = a_user(Role.FRONT_DESK)
    now = begins + data.draw(st.integers(-600, 2000)) * MINUTE
    asked = _a_service(data)
    world = World(zone, first, site, people, rooms, device, patient, holder, desk, asked, now, policy)
    _fill(world, data)
    return world


def _a_person(name: str) -> Resource:
    user = a_user(Role.CLINICIAN, name=name)
    return Resource.objects.create(kind=Resource.Kind.CLINICIAN, name=name, user=user, offers=["physical_therapist"])


def _a_service(data: st.DataObject) -> Service:
    margin = st.sampled_from([0, 0, 5, 10, 15, 20])
    kinds = ("clinician", "room", "device")
    return replace(
        service(data.draw(st.sampled_from(["review", "laser_therapy"]))),
        minutes=data.draw(st.sampled_from([15, 20, 30, 45, 90])),
        setup_minutes=MappingProxyType({kind: data.draw(margin) for kind in kinds}),
        cleanup_minutes=MappingProxyType({kind: data.draw(margin) for kind in kinds}),
        daily_limit=data.draw(st.sampled_from([None, None, 1, 2])),
    )


def _fill(world: World, data: st.DataObject) -> None:
    things = [*world.people, *world.rooms, world.device]
    for person in [*world.people, *data.draw(st.lists(st.sampled_from(world.people), max_size=5))]:
        _shift(world, person, data)
    if data.draw(st.integers(0, 4)) == 0:
        day = world.first + timedelta(days=data.draw(st.integers(0, DAYS - 1)))
        Closure.objects.create(site=data.draw(st.sampled_from([world.site, None])), on=day, reason="Holiday")
    for it in data.draw(st.sets(st.sampled_from(range(len(things))), max_size=2)):
        Absence.objects.create(resource=things[it], during=_a_while(world, data, may_last=True))
    for it in data.draw(st.lists(st.sampled_from([*things, world.holder]), max_size=10)):
        _hold(world, it, data)
    for _ in range(data.draw(st.integers(0, 3))):
        _visit(world, data)


def _shift(world: World, person: Resource, data: st.DataObject) -> None:
    starts, ends = sorted([data.draw(clocks), data.draw(clocks)])
    if starts == ends:
        return
    day = world.first + timedelta(days=data.draw(st.integers(0, DAYS - 1)))
    until = data.draw(st.sampled_from([None, None, day, day - timedelta(days=1)]))
    Shift.objects.create(
        resource=person,
        site=world.site,
        weekday=day.weekday(),
        starts=starts,
        ends=ends,
        valid_from=date(2020, 1, 1),
        valid_until=until,
    )


def _a_while(world: World, data: st.DataObject, *, may_last: bool = False) -> DateTimeTZRange:
    begins = world.begins + data.draw(minutes) * MINUTE
    if may_last and data.draw(st.integers(0, 5)) == 0:
        return DateTimeTZRange(begins, None)
    return DateTimeTZRange(begins, begins + data.draw(lengths) * MINUTE)


def _hold(world: World, it: Resource, data: st.DataObject) -> None:
    """Kept for somebody on the phone, perhaps for minutes that are over, perhaps for our patient."""
    kept = Reservation.objects.create(
        patient=data.draw(st.sampled_from([world.patient, _somebody_else(), _somebody_else()])),
        by=world.desk,
        offer="a time",
        expires_at=world.now + data.draw(st.sampled_from([-1, 0, 5, 5])) * MINUTE,
    )
    # Overbooked, so that any two of them may overlap.
    Hold.objects.create(reservation=kept, resource=it, during=_a_while(world, data), is_overbooked=True)


def _visit(world: World, data: st.DataObject) -> None:
    during = _a_while(world, data)
    status = data.draw(st.sampled_from([Status.BOOKED, Status.BOOKED, Status.MISSED, Status.CANCELLED]))
    person = data.draw(st.sampled_from(world.people))
    visit = Appointment.objects.create(
        patient=_somebody_else(),
        service_code=data.draw(st.sampled_from([world.service.code, "first_assessment"])),
        clinician=person,
        site=world.site,
        starts_at=during.lower,
        ends_at=during.upper,
        status=status,
        booked_at=world.now,
        timed_at=world.now,
        cancelled_at=world.now if status == Status.CANCELLED else None,
    )
    if status != Status.CANCELLED:
        Hold.objects.create(appointment=visit, resource=person, during=during, is_overbooked=True)


def _somebody_else() -> Patient:
    return Patient.objects.exclude(resource__isnull=False).first() or a_patient()


# --- what must hold


def is_let_pass(world: World, start: datetime, person: Resource) -> bool:
    """Whether a booking with any of the rooms is let pass."""
    for room in world.rooms:
        pieces = [person, room, *([world.device] if world.service.devices else [])]
        visit = Appointment(
            patient=world.patient,
            service_code=world.service.code,
            clinician=person,
            site=world.site,
            starts_at=start,
            ends_at=start + world.service.minutes * MINUTE,
        )
        try:
            # Reservations whose minutes are over are swept on the way: the next question must find them again.
            with transaction.atomic():
                checks.may_be_booked([Asked(visit, world.service, pieces)], holder=world.holder, now=world.now)
                transaction.set_rollback(True)
        except Refused:
            continue
        return True
    return False


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(data=st.data())
def test_every_time_that_is_offered_can_be_booked_and_every_time_that_can_be_booked_is_offered(
    data: st.DataObject,
) -> None:
    with transaction.atomic():
        world = a_world(data)

        found = free_times(
            world.service, patient=world.patient, first=world.first, days=DAYS, now=world.now, site=world.site
        )

        offered = {(offer.starts_at, offer.clinician.pk) for offer in found}
        assert len(offered) == len(found)
        bookable = Oracle(world).bookable()
        assert offered == bookable
        starts = [world.begins + timedelta(minutes=15 * n) for n in range(DAYS * 24 * 4)]
        for _ in range(4):
            start, person = data.draw(st.sampled_from(starts)), data.draw(st.sampled_from(world.people))
            is_within = start.astimezone(world.zone).date() < world.first + timedelta(days=DAYS)
            assert is_let_pass(world, start, person) is ((start, person.pk) in offered) or not is_within
        for offer in data.draw(st.lists(st.sampled_from(list(found)), max_size=3)) if found else []:
            assert is_let_pass(world, offer.starts_at, offer.clinician)
        transaction.set_rollback(True)
