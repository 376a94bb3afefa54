"""Taking back a slip at the desk, as long as nobody was told."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from booking_cast import SOON, Cast, at, last, move
from factories import NOW, a_patient, a_user

from clinic.appointments.actions import attendance, booking, history, undo
from clinic.appointments.models import Appointment, BookingPolicy, Hold
from clinic.appointments.rules import refusals
from people.models import AuditEvent
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db

TOO_LATE = NOW + timedelta(minutes=3)


def as_it_is(visit: Appointment) -> dict[str, Any]:
    fresh = Appointment.objects.get(pk=visit.pk)
    return history.images([fresh])[fresh.pk]


def without_ids(image: dict[str, Any]) -> dict[str, Any]:
    return image | {"holds": sorted(image["holds"], key=lambda it: str(it["resource"]))}


def test_a_booking_taken_back_is_withdrawn_and_its_time_is_free(cast: Cast) -> None:
    cast.book(at(10))

    visit = undo.undo(last("booked"), by=cast.rosa, now=SOON)

    assert (visit.status, visit.cancel_reason, visit.revision) == ("cancelled", "undone", 1)
    assert not Hold.objects.exists()
    assert cast.book(at(10), patient=a_patient()).status == "booked"


def test_a_move_taken_back_is_as_if_it_had_not_been(cast: Cast) -> None:
    visit = attendance.confirm(cast.book(at(10)), by=None, now=NOW)
    before = as_it_is(visit)
    move(cast, visit, 14)

    visit = undo.undo(last("moved"), by=cast.rosa, now=SOON)

    assert without_ids(as_it_is(visit)) == without_ids(before)
    assert (visit.status, visit.revision) == ("confirmed", 2)
    assert cast.book(at(14), patient=a_patient()).status == "booked"


def test_a_visit_called_off_by_mistake_stands_again_with_all_it_held(cast: Cast) -> None:
    visit = cast.book(at(10))
    before = as_it_is(visit)
    booking.cancel(visit, reason="ill", by=cast.rosa, now=NOW)

    visit = undo.undo(last("cancelled"), by=cast.rosa, now=SOON)

    assert without_ids(as_it_is(visit)) == without_ids(before)
    assert (visit.cancelled_at, visit.cancel_reason, visit.revision) == (None, "", 2)


def test_undone_twice_is_undone_once(cast: Cast) -> None:
    visit = cast.book(at(10))
    move(cast, visit, 14)
    change = last("moved")

    one, two = (undo.undo(change, by=cast.rosa, now=SOON) for _ in range(2))

    assert (one.revision, two.revision, two.starts_at) == (2, 2, at(10))
    assert AuditEvent.objects.filter(deed="appointment.undone").count() == 1


def test_an_old_time_that_somebody_else_has_by_now_does_not_come_back(cast: Cast) -> None:
    visit = move(cast, cast.book(at(10)), 14)
    cast.book(at(10), patient=a_patient())

    with pytest.raises(refusals.SlotTaken):
        undo.undo(last("moved"), by=cast.rosa, now=SOON)

    visit.refresh_from_db()
    assert (visit.starts_at, visit.revision, visit.holds.count()) == (at(14), 1, 3)


def test_nothing_is_undone_once_the_letter_may_have_left(cast: Cast) -> None:
    visit = cast.book(at(10))

    with pytest.raises(refusals.TooLateToUndo):
        undo.undo(last("booked"), by=cast.rosa, now=TOO_LATE)
    undo.send_now(visit, by=cast.rosa, now=SOON)
    with pytest.raises(refusals.TooLateToUndo):
        undo.undo(last("booked"), by=cast.rosa, now=SOON)


def test_only_the_last_change_can_be_undone(cast: Cast) -> None:
    move(cast, cast.book(at(10)), 14)

    with pytest.raises(refusals.TooLateToUndo):
        undo.undo(last("booked"), by=cast.rosa, now=SOON)
    assert [change.deed for change in undo.open_changes(by=cast.rosa, now=SOON)] == ["moved"]


def test_a_visit_that_has_begun_is_not_undone(cast: Cast) -> None:
    visit = cast.book(at(10))
    attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=NOW)

    with pytest.raises(refusals.CannotBecome):
        undo.undo(last("booked"), by=cast.rosa, now=SOON)


def test_what_a_patient_did_cannot_be_undone_by_the_desk(cast: Cast) -> None:
    booking.cancel(cast.book(at(10)), reason="link", by=None, now=NOW)

    with pytest.raises(refusals.TooLateToUndo):
        undo.undo(last("cancelled"), by=cast.rosa, now=NOW)


def test_each_sees_only_what_they_did_themselves(cast: Cast) -> None:
    cast.book(at(10))
    colleague = a_user(Role.FRONT_DESK)

    assert undo.open_changes(by=cast.rosa, now=SOON).count() == 1
    assert undo.open_changes(by=colleague, now=SOON).count() == 0
    assert undo.open_changes(by=cast.rosa, now=TOO_LATE).count() == 0


def test_sending_at_once_twice_is_sending_once_and_never_for_another_time(cast: Cast) -> None:
    visit = cast.book(at(10))
    undo.send_now(visit, by=cast.rosa, now=SOON)
    undo.send_now(visit, by=cast.rosa, now=SOON)
    stale = Appointment.objects.get(pk=visit.pk)
    move(cast, visit, 14)

    with pytest.raises(refusals.TooLateToUndo):
        undo.send_now(stale, by=cast.rosa, now=SOON)
    assert AuditEvent.objects.filter(deed="appointment.news_sent_at_once").count() == 1


def test_a_form_whose_booking_was_taken_back_books_again(cast: Cast) -> None:

    key = uuid.uuid4()
    cast.book(at(10), request_key=key)
    undo.undo(last("booked"), by=cast.rosa, now=SOON)

    assert cast.book(at(10), request_key=key).status == "booked"


def test_the_clinic_says_how_long_something_can_be_undone(cast: Cast) -> None:
    BookingPolicy.objects.create(undo_seconds=600)
    cast.book(at(10))

    assert undo.undo(last("booked"), by=cast.rosa, now=NOW + timedelta(minutes=9)).cancel_reason == "undone"
