"""Moving and cancelling visits, one at a time or a whole day."""

from datetime import timedelta

import pytest
from booking_cast import Cast, at, held, offer_of
from factories import NOW, a_clinician, a_patient, a_room, a_site

from clinic.appointments.actions import attendance, booking
from clinic.appointments.models import Appointment, Hold, VisitChange
from clinic.appointments.rules import refusals
from clinic.appointments.rules.status import Status
from people.models import AuditEvent
from people.rules.refusal import ChangedMeanwhile

pytestmark = pytest.mark.django_db


# --- moving


def test_a_moved_visit_frees_its_old_time_and_has_to_be_confirmed_anew(cast: Cast) -> None:
    visit = attendance.confirm(cast.book(at(10)), by=None, now=NOW)

    moved = booking.move(
        visit, starts_at=at(14), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW + timedelta(hours=1)
    )

    assert held(moved)["clinician"] == (at(14), at(14, 30))
    assert (moved.status, moved.confirmed_at, moved.revision) == (Status.BOOKED, None, 1)
    assert (moved.booked_at, moved.timed_at) == (NOW, NOW + timedelta(hours=1))
    assert cast.book(at(10), patient=a_patient()).starts_at == at(10)


def test_a_visit_may_move_by_less_than_its_own_length(cast: Cast) -> None:
    visit = cast.book(at(10))

    moved = booking.move(visit, starts_at=at(10, 15), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)

    assert held(moved)["room"] == (at(10, 15), at(10, 50))


def test_a_visit_that_cannot_move_keeps_its_old_time(cast: Cast) -> None:
    visit = cast.book(at(10))
    cast.book(at(14), patient=a_patient())

    with pytest.raises(refusals.SlotTaken):
        booking.move(visit, starts_at=at(14), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)

    visit.refresh_from_db()
    assert (visit.starts_at, visit.revision, held(visit)["room"]) == (at(10), 0, (at(10), at(10, 35)))


def test_a_visit_may_move_to_another_site(cast: Cast) -> None:
    west = a_site("Northgate West")
    mei, west_room = a_clinician("Mei Tanaka", site=west), a_room("West 1", site=west)

    moved = booking.move(
        cast.book(at(10)), starts_at=at(10), resources=[mei, west_room], revision=0, by=cast.rosa, now=NOW
    )

    assert (moved.site, moved.clinician) == (west, mei)


def test_who_moves_a_visit_that_was_moved_meanwhile_is_told_so(cast: Cast) -> None:
    seen = cast.book(at(10))
    booking.move(seen, starts_at=at(14), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)

    with pytest.raises(ChangedMeanwhile):
        booking.move(seen, starts_at=at(15), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)
    with pytest.raises(ChangedMeanwhile):
        booking.cancel(seen, reason="", by=cast.rosa, now=NOW)
    with pytest.raises(ChangedMeanwhile):
        attendance.confirm(seen, by=None, now=NOW)

    assert Appointment.objects.get().starts_at == at(14)


def test_a_visit_under_way_is_neither_moved_nor_cancelled(cast: Cast) -> None:
    visit = cast.book(at(10))
    attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=at(9, 50))
    attendance.set_status(visit, "in_room", was="arrived", by=cast.rosa, now=at(10))

    with pytest.raises(refusals.CannotBecome):
        booking.move(visit, starts_at=at(14), resources=cast.pieces, revision=0, by=cast.rosa, now=at(10))
    with pytest.raises(refusals.CannotBecome):
        booking.cancel(visit, reason="", by=cast.rosa, now=at(10))


# --- cancelling


def test_a_cancelled_visit_frees_everything_it_held(cast: Cast) -> None:
    visit = booking.cancel(cast.book(at(10)), reason="ill", by=cast.rosa, now=NOW)

    assert (visit.status, visit.cancelled_at, visit.cancel_reason, visit.revision) == (Status.CANCELLED, NOW, "ill", 1)
    assert not Hold.objects.exists()
    assert cast.book(at(10)).pk != visit.pk
    assert AuditEvent.objects.get(deed="appointment.cancelled").detail == {}


def test_nothing_leads_back_from_a_cancelled_visit(cast: Cast) -> None:
    visit = booking.cancel(cast.book(at(10)), reason="", by=cast.rosa, now=NOW)

    with pytest.raises(refusals.CannotBecome):
        booking.cancel(visit, reason="", by=cast.rosa, now=NOW)
    with pytest.raises(refusals.CannotBecome):
        attendance.confirm(visit, by=None, now=NOW)
    with pytest.raises(refusals.CannotBecome):
        attendance.set_status(visit, "booked", was="cancelled", by=cast.rosa, now=NOW)


# --- a sick clinician's day


def test_a_day_moves_as_a_whole_and_two_visits_may_swap(cast: Cast) -> None:
    one, two = cast.book(at(10)), cast.book(at(11), patient=a_patient())

    moved = booking.move_all(
        [(one, offer_of(one, at(11), *cast.pieces)), (two, offer_of(two, at(10), *cast.pieces))],
        by=cast.rosa, now=NOW,
    )  # fmt: skip

    assert [visit.starts_at for visit in moved] == [at(11), at(10)]
    assert VisitChange.objects.filter(deed="moved").count() == 2


def test_if_one_of_them_cannot_move_none_does(cast: Cast) -> None:
    one, two = cast.book(at(10)), cast.book(at(11), patient=a_patient())
    cast.book(at(14), patient=a_patient())

    with pytest.raises(refusals.SlotTaken):
        booking.move_all(
            [(one, offer_of(one, at(15), *cast.pieces)), (two, offer_of(two, at(14), *cast.pieces))],
            by=cast.rosa, now=NOW,
        )  # fmt: skip

    one.refresh_from_db()
    assert (one.starts_at, one.revision, one.holds.count()) == (at(10), 0, 3)
