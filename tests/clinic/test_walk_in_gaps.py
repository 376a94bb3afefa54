"""Somebody stands at the desk: the first gap of today, or what can be done instead."""

import pytest
from booking_cast import Cast, a_cast, at, service
from factories import NOW, a_clinician, a_device, a_patient, a_room, a_user

from clinic.appointments.actions import booking, walk_ins
from clinic.appointments.models import Appointment, Resource, WaitlistEntry
from clinic.appointments.rules.refusals import OutsideHours, UsedForAnother
from clinic.appointments.rules.status import Status
from clinic.appointments.rules.waitlist_refusals import AlreadyWaiting
from clinic.appointments.rules.walk_in_refusals import NobodyIsFree, NoRoomForTwo
from patients.models import RedFlag
from people.models import AuditEvent
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed
from programs.actions.safety import HeldByRedFlag

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return a_cast()


def test_who_walks_in_gets_the_first_gap_of_today_and_is_checked_in(cast: Cast) -> None:
    cast.book(at(10, 15), patient=a_patient())

    visit = walk_ins.arrive(cast.leila, service(), cast.site, by=cast.rosa, now=at(10, 7))

    assert (visit.starts_at, visit.status, visit.is_walk_in) == (at(11), Status.ARRIVED, True)
    assert visit.arrived_at == at(10, 7)
    deeds = AuditEvent.objects.filter(object_id=str(visit.pk)).order_by("pk").values_list("deed", flat=True)
    assert list(deeds) == ["appointment.booked", "appointment.status_set", "appointment.walked_in"]


def test_whoever_is_free_first_sees_them(cast: Cast) -> None:
    a_clinician("Amara Okafor", site=cast.site)
    a_room("Room 2", site=cast.site)
    cast.book(at(10, 15), patient=a_patient())

    visit = walk_ins.arrive(cast.leila, service(), cast.site, by=cast.rosa, now=at(10, 7))

    assert (visit.starts_at, visit.clinician.name) == (at(10, 15), "Amara Okafor")


def test_the_same_form_sent_twice_checks_in_once(cast: Cast) -> None:
    key = cast.room.pk
    first = walk_ins.arrive(cast.leila, service(), cast.site, by=cast.rosa, now=at(10), request_key=key)

    assert walk_ins.arrive(cast.leila, service(), cast.site, by=cast.rosa, now=at(10), request_key=key) == first
    with pytest.raises(UsedForAnother):
        walk_ins.arrive(a_patient(), service(), cast.site, by=cast.rosa, now=at(10), request_key=key)


def test_when_nobody_is_free_today_the_next_time_is_told_and_nothing_is_saved(cast: Cast) -> None:
    with pytest.raises(NobodyIsFree, match="The next free time is Tuesday 15 September, 09:00"):
        walk_ins.arrive(cast.leila, service(), cast.site, by=cast.rosa, now=at(16, 45))

    assert not Appointment.objects.exists()


def test_when_nobody_works_at_all_that_is_said(cast: Cast) -> None:
    cast.sara.shifts.all().delete()

    with pytest.raises(NobodyIsFree, match="nor in the next two weeks"):
        walk_ins.arrive(cast.leila, service(), cast.site, by=cast.rosa, now=at(10))


def test_a_warning_sign_holds_a_treatment_back_at_the_desk_too(cast: Cast) -> None:
    a_room("Laser room", "room_laser", site=cast.site)
    a_device(site=cast.site)
    RedFlag.objects.create(patient=cast.leila, code="rf_unknown", urgency="same_day", raised_at=NOW)

    with pytest.raises(HeldByRedFlag):
        walk_ins.arrive(cast.leila, service("laser_therapy"), cast.site, by=cast.rosa, now=at(10))


def test_who_may_do_so_squeezes_somebody_in_with_a_reason_and_a_mark(cast: Cast) -> None:
    clinician = cast.sara.user
    assert clinician
    cast.book(at(10, 15), patient=a_patient())

    visit = walk_ins.squeeze_in(
        cast.leila, service(), cast.sara, cast.site, because="Acute pain", by=clinician, now=at(10, 7)
    )

    assert (visit.starts_at, visit.overbooked_because, visit.is_walk_in) == (at(10, 15), "Acute pain", True)
    assert visit.status == Status.ARRIVED


def test_the_front_desk_squeezes_nobody_in(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        walk_ins.squeeze_in(cast.leila, service(), cast.sara, cast.site, because="x", by=cast.rosa, now=at(10, 7))


def test_nobody_is_squeezed_in_after_hours_or_onto_a_device_in_use(cast: Cast) -> None:
    manager = a_user(Role.MANAGER)
    laser, room = a_device(site=cast.site), a_room("Laser room", "room_laser", site=cast.site)
    cast.book(at(10, 15), service=service("laser_therapy"), resources=(cast.sara, room, laser), patient=a_patient())

    with pytest.raises(OutsideHours):
        walk_ins.squeeze_in(cast.leila, service(), cast.sara, cast.site, because="x", by=manager, now=at(18))
    with pytest.raises(NoRoomForTwo):
        walk_ins.squeeze_in(
            cast.leila, service("laser_therapy"), cast.sara, cast.site, because="x", by=manager, now=at(10, 7)
        )


def test_a_free_room_is_taken_before_one_is_shared(cast: Cast) -> None:
    second = a_room("Room 2", site=cast.site)
    cast.book(at(10, 15), patient=a_patient())

    visit = walk_ins.squeeze_in(
        cast.leila, service(), cast.sara, cast.site, because="x", by=a_user(Role.OWNER), now=at(10, 7)
    )

    held = Resource.objects.filter(holds__appointment=visit, kind="room")
    assert list(held) == [second]


def test_who_waits_for_today_waits_behind_those_who_came_before(cast: Cast) -> None:
    first, second = a_patient(), a_patient()
    walk_ins.wait(first, service(), cast.site, by=cast.rosa, now=at(10))
    walk_ins.wait(second, service(), cast.site, by=cast.rosa, now=at(10, 5))

    with pytest.raises(AlreadyWaiting):
        walk_ins.wait(first, service(), cast.site, by=cast.rosa, now=at(10, 10))

    order = walk_ins.waiting_here(WaitlistEntry.objects.visible_to(cast.rosa), cast.site, now=at(11))
    assert [entry.patient for entry in order] == [first, second]
    assert not walk_ins.waiting_here(WaitlistEntry.objects.all(), cast.site, now=at(11, day=15)).exists()


def test_who_is_fitted_in_waits_no_more(cast: Cast) -> None:
    walk_ins.wait(cast.leila, service(), cast.site, by=cast.rosa, now=at(10))

    visit = walk_ins.arrive(cast.leila, service(), cast.site, by=cast.rosa, now=at(10, 20))

    entry = WaitlistEntry.objects.get()
    assert (entry.closed_because, entry.closed_at) == ("booked", at(10, 20))
    booking.cancel(visit, reason="x", by=cast.rosa, now=at(10, 21))
    walk_ins.wait(cast.leila, service(), cast.site, by=cast.rosa, now=at(10, 22))
