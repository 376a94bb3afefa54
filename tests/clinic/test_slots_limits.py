"""The clinic's own rules of when: notice, horizon, visits a day, and what is prepared before and cleaned after."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from booking_cast import Cast, at, service
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from factories import MONDAY, NOW, a_clinician, a_device, a_patient, a_room
from slots_cast import clocks

from clinic.appointments.actions import booking
from clinic.appointments.actions.availability import FreeTimes, free_times
from clinic.appointments.actions.suggestions import best_times
from clinic.appointments.models import (
    BookingPolicy,
    GroupSession,
    Hold,
    Reservation,
    Shift,
)
from clinic.appointments.rules.limits import Door
from clinic.appointments.rules.refusals import DayIsFull, NotForPatients, SlotTaken, TooFarAhead, TooSoon
from clinic.appointments.rules.status import Status
from programs.rules.services import Service

pytestmark = pytest.mark.django_db


def offers(cast: Cast, it: Service | None = None, **changes: Any) -> FreeTimes:
    asked: dict[str, Any] = {"patient": cast.leila, "first": MONDAY, "days": 1, "now": NOW}
    return free_times(it or service(), **asked | changes)


def with_margins(it: Service, **margins: tuple[int, int]) -> Service:
    return replace(
        it,
        setup_minutes=MappingProxyType({kind: before for kind, (before, _) in margins.items()}),
        cleanup_minutes=MappingProxyType({kind: after for kind, (_, after) in margins.items()}),
    )


# --- notice and horizon


def test_the_desk_books_with_the_notice_that_the_clinic_has_set(cast: Cast) -> None:
    BookingPolicy.objects.create(desk_notice_minutes=120)
    now = at(9, 5)

    assert clocks(offers(cast, now=now))[0] == "11:15"
    with pytest.raises(TooSoon):
        cast.book(at(11), now=now)
    assert cast.book(at(11, 15), now=now).starts_at == at(11, 15)


def test_a_patient_is_offered_only_what_leaves_the_clinic_time(cast: Cast) -> None:
    BookingPolicy.objects.create(portal_notice_hours=24)

    found = offers(cast, days=2, now=at(10), door=Door.PORTAL)

    assert found[0].starts_at == at(10, day=15)
    visit = cast.book(at(14, day=16))
    with pytest.raises(TooSoon):
        booking.move(
            visit, starts_at=at(15), resources=cast.pieces, revision=0, by=cast.rosa, now=at(10), door=Door.PORTAL
        )


def test_nothing_lies_further_ahead_than_the_clinic_books(cast: Cast) -> None:
    BookingPolicy.objects.create(horizon_days=7)

    last = offers(cast, days=14, now=at(9))[-1]

    assert last.starts_at == at(9, day=21)
    with pytest.raises(TooFarAhead):
        cast.book(at(9, 15, day=21), now=at(9))


def test_what_patients_may_not_book_themselves_they_may_move(cast: Cast) -> None:
    on_request = replace(service(), self_booking=False)
    visit = cast.book(at(10))

    assert not offers(cast, on_request, door=Door.PORTAL)
    assert offers(cast, on_request, door=Door.PORTAL, moving=visit)
    assert offers(cast, on_request)
    assert str(NotForPatients()) == "This visit cannot be booked here. Please call the clinic."


# --- visits a day


def test_a_clinician_whose_day_is_full_is_not_offered_and_not_booked(cast: Cast) -> None:
    BookingPolicy.objects.create(daily_limit=2)
    cast.book(at(10), patient=a_patient())
    cast.book(at(14), patient=a_patient())

    assert {offer.starts_at.date() for offer in offers(cast, days=2)} == {date(2026, 9, 15)}
    with pytest.raises(DayIsFull):
        cast.book(at(15))


def test_a_service_that_tires_is_given_only_so_often_a_day(cast: Cast) -> None:
    twice = replace(service(), daily_limit=1)
    cast.book(at(10), patient=a_patient())

    assert not offers(cast, twice)
    with pytest.raises(DayIsFull):
        cast.book(at(15), service=twice)
    assert offers(cast)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.MISSED])
def test_who_does_not_come_does_not_fill_the_day(cast: Cast, status: Status) -> None:
    BookingPolicy.objects.create(daily_limit=1)
    visit = cast.book(at(10), patient=a_patient())
    assert not offers(cast)

    type(visit).objects.filter(pk=visit.pk).update(
        status=status, cancelled_at=NOW if status == Status.CANCELLED else None
    )

    assert offers(cast)


def test_a_visit_that_moves_within_a_full_day_is_no_more_visits(cast: Cast) -> None:
    BookingPolicy.objects.create(daily_limit=1)
    visit = cast.book(at(10))

    assert "15:00" in clocks(offers(cast, moving=visit))
    moved = booking.move(visit, starts_at=at(15), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)
    assert moved.starts_at == at(15)


# --- what is prepared before and cleaned after


def test_a_clinician_who_prepares_and_writes_up_does_so_in_their_hours(cast: Cast) -> None:
    slow = with_margins(service(), clinician=(15, 10))

    assert clocks(offers(cast, slow)) == [
        "09:15", "09:30", "09:45", "10:00", "10:15", "10:30", "10:45", "11:00", "11:15",
        "13:15", "13:30", "13:45", "14:00", "14:15", "14:30", "14:45", "15:00", "15:15", "15:30", "15:45", "16:00",
        "16:15",
    ]  # fmt: skip


def test_nobody_else_is_seen_while_the_clinician_prepares_or_writes_up(cast: Cast) -> None:
    a_room("Room 2")
    slow = with_margins(service(), clinician=(15, 10))
    cast.book(at(10, 30), patient=a_patient(), service=slow)  # kept from 10:15 to 11:10

    assert clocks(offers(cast))[:8] == ["09:00", "09:15", "09:30", "09:45", "11:15", "11:30", "13:00", "13:15"]
    assert "09:45" not in clocks(offers(cast, slow))


def test_a_device_that_warms_up_and_cools_down_is_not_given_away_meanwhile(cast: Cast) -> None:
    laser = with_margins(service("laser_therapy"), device=(10, 20))
    minutes = laser.minutes
    mei, device = a_clinician("Mei Tanaka"), a_device()
    rooms = [a_room(f"Laser {n}", "room_laser") for n in range(2)]
    cast.book(at(10), patient=a_patient(), service=laser, resources=[mei, rooms[0], device])

    found = offers(cast, laser, clinician=cast.sara)

    kept = (at(10) - timedelta(minutes=10), at(10) + timedelta(minutes=minutes + 20))
    for offer in found:
        begins, ends = offer.starts_at - timedelta(minutes=10), offer.ends_at + timedelta(minutes=20)
        assert ends <= kept[0] or kept[1] <= begins
    with pytest.raises(SlotTaken):
        cast.book(at(10, 45), service=laser, resources=[cast.sara, rooms[1], device])


# --- times that are kept, and classes


def kept(cast: Cast, *, expires_at: datetime, starts: datetime, **changes: Any) -> Reservation:
    it = Reservation.objects.create(
        **{"patient": a_patient(), "by": cast.rosa, "offer": "a time", "expires_at": expires_at} | changes
    )
    during = DateTimeTZRange(starts, starts + timedelta(minutes=30))
    Hold.objects.create(reservation=it, resource=cast.sara, during=during)
    return it


def test_a_time_kept_on_the_phone_is_offered_to_nobody_else_until_its_minutes_are_over(cast: Cast) -> None:
    it = kept(cast, expires_at=NOW + timedelta(minutes=10), starts=at(9))

    assert clocks(offers(cast))[0] == "09:30"
    assert clocks(offers(cast, patient=it.patient))[0] == "09:00"
    assert clocks(offers(cast, now=NOW + timedelta(minutes=10)))[0] == "09:00"


def test_who_holds_a_class_is_not_offered_meanwhile(cast: Cast) -> None:
    held = GroupSession.objects.create(
        name="Posture", service_code="posture_class", clinician=cast.sara, site=cast.site, places=6,
        starts_at=at(9), ends_at=at(10),
    )  # fmt: skip
    Hold.objects.create(group=held, resource=cast.sara, during=DateTimeTZRange(at(9), at(10)))

    assert clocks(offers(cast))[0] == "10:00"
    with pytest.raises(SlotTaken):
        cast.book(at(9, 30))


# --- holes


def test_a_start_that_leaves_a_quarter_of_an_hour_to_nobody_is_marked(cast: Cast) -> None:
    """Nothing that a physical therapist gives takes less than half an hour."""
    shortest = {"09:15", "11:15", "13:15", "16:15"}

    found = offers(cast)

    assert {f"{offer.local_start:%H:%M}" for offer in found if offer.leaves_hole} == shortest


def test_where_every_start_leaves_a_hole_none_is_to_blame(cast: Cast) -> None:
    Shift.objects.all().delete()
    Shift.objects.create(
        resource=cast.sara, site=cast.site, weekday=0, starts="09:00", ends="09:45", valid_from=date(2020, 1, 1)
    )

    assert [(f"{offer.local_start:%H:%M}", offer.leaves_hole) for offer in offers(cast)] == [
        ("09:00", False), ("09:15", False),
    ]  # fmt: skip


# --- how it is read


def test_free_times_are_read_like_a_list(cast: Cast) -> None:
    found = offers(cast)

    assert list(found) == found[:] == [found[n] for n in range(len(found))]
    assert found[-1] == found[len(found) - 1]
    assert found == offers(cast)
    assert found.starts() == [(offer.starts_at, offer.clinician) for offer in found]
    assert len(offers(cast, limit=3)) == 3
    with pytest.raises(IndexError):
        found[len(found)]


@pytest.mark.parametrize(("days", "clinicians"), [(1, 1), (30, 20)])
def test_limits_cost_one_query_more_however_many_days_and_clinicians(
    cast: Cast, django_assert_num_queries: Any, days: int, clinicians: int
) -> None:
    BookingPolicy.objects.create(daily_limit=5)
    for n in range(clinicians):
        a_clinician(f"Clinician {n}")

    with django_assert_num_queries(6):
        assert offers(cast, days=days)[-1]


@pytest.mark.parametrize("days", [3, 30])
def test_the_three_times_cost_eight_queries(cast: Cast, django_assert_num_queries: Any, days: int) -> None:
    cast.book(at(10))

    with django_assert_num_queries(8):
        best_times(service(), patient=cast.leila, first=MONDAY, now=NOW, days=days)
