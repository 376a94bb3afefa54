"""A time kept for some minutes while the caller asks at home."""

from datetime import timedelta

import pytest
from booking_cast import SOON, Cast, at, last, offer_of, service
from factories import NOW, a_patient

from clinic.appointments.actions import booking, reservations, undo
from clinic.appointments.models import Hold, Reservation
from clinic.appointments.rules import refusals
from people.models import AuditEvent

pytestmark = pytest.mark.django_db


def test_a_time_is_kept_for_a_patient_and_taken_by_her_alone(cast: Cast) -> None:
    kept = reservations.keep(
        offer_of(cast.book(at(9), patient=a_patient()), at(10), *cast.pieces).code,
        service(), cast.leila, by=cast.rosa, now=NOW,
    )  # fmt: skip

    with pytest.raises(refusals.SlotTaken):
        cast.book(at(10), patient=a_patient(), now=NOW + timedelta(minutes=9))
    visit = cast.book(at(10), now=NOW + timedelta(minutes=9))

    assert visit.holds.count() == 3
    assert not Reservation.objects.filter(pk=kept.pk).exists()


def code_for(cast: Cast, hour: int) -> str:
    return f"{at(hour):%Y%m%dT%H%M}~{cast.sara.pk.hex}~{cast.room.pk.hex}"


def test_a_kept_time_is_free_when_its_minutes_are_over_even_if_nobody_swept(cast: Cast) -> None:
    reservations.keep(code_for(cast, 10), service(), cast.leila, by=cast.rosa, now=NOW)

    visit = cast.book(at(10), patient=a_patient(), now=NOW + timedelta(minutes=10))

    assert visit.status == "booked"
    assert not Reservation.objects.exists()


def test_the_worker_sweeps_what_is_over_and_leaves_the_rest(cast: Cast) -> None:
    reservations.keep(code_for(cast, 10), service(), cast.leila, by=cast.rosa, now=NOW)
    reservations.keep(
        code_for(cast, 14), service(), a_patient(), by=cast.rosa, now=NOW + timedelta(minutes=5)
    )  # fmt: skip

    assert reservations.sweep(now=NOW + timedelta(minutes=10)) == 1
    assert Hold.objects.count() == 3


def test_a_second_kept_time_lets_the_first_go_and_letting_go_twice_is_once(cast: Cast) -> None:
    reservations.keep(code_for(cast, 10), service(), cast.leila, by=cast.rosa, now=NOW)
    kept = reservations.keep(code_for(cast, 14), service(), cast.leila, by=cast.rosa, now=NOW)
    assert Reservation.objects.count() == 1

    reservations.release(kept, by=cast.rosa)
    reservations.release(kept, by=cast.rosa)

    assert (Hold.objects.count(), AuditEvent.objects.filter(deed="time.let_go").count()) == (0, 1)


def test_a_time_that_is_booked_or_never_was_offered_is_not_kept(cast: Cast) -> None:
    cast.book(at(10))

    with pytest.raises(refusals.SlotTaken):
        reservations.keep(code_for(cast, 10), service(), a_patient(), by=cast.rosa, now=NOW)
    with pytest.raises(refusals.NothingChosen):
        reservations.keep("nonsense", service(), cast.leila, by=cast.rosa, now=NOW)
    assert not Reservation.objects.exists()


def test_undoing_takes_a_time_back_from_a_reservation_that_is_over(cast: Cast) -> None:
    booking.cancel(cast.book(at(10)), reason="", by=cast.rosa, now=NOW)
    reservations.keep(code_for(cast, 10), service(), a_patient(), by=cast.rosa, now=NOW, minutes=1)

    with pytest.raises(refusals.SlotTaken):
        undo.undo(last("cancelled"), by=cast.rosa, now=SOON)
    assert undo.undo(last("cancelled"), by=cast.rosa, now=NOW + timedelta(minutes=2)).status == "booked"
