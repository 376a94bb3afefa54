"""What can still be undone is not told: a slip of the hand leaves no message."""

from datetime import timedelta

import pytest
from booking_cast import Cast, a_cast, at
from django.core import mail
from factories import NOW
from outbox_cast import look, told

from clinic.appointments.actions import booking, undo
from clinic.appointments.models import Appointment, BookingPolicy, VisitChange
from clinic.reminders.models import Message

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
WINDOW = timedelta(minutes=3)
THURSDAY = at(10, day=17)


@pytest.fixture
def cast() -> Cast:
    cast = a_cast()
    cast.leila.email = "leila@example.org"
    cast.leila.save()
    return cast


def last_change() -> VisitChange:
    return VisitChange.objects.latest("at", "revision")


def moved(cast: Cast, visit: Appointment, hour: int, *, after: timedelta) -> Appointment:
    return booking.move(
        visit,
        starts_at=at(hour, day=17),
        resources=cast.pieces,
        revision=visit.revision,
        by=cast.rosa,
        now=NOW + after,
    )


def letters() -> list[str]:
    return [str(letter.subject) for letter in mail.outbox]


def test_a_booking_is_told_when_it_can_no_longer_be_undone(cast: Cast) -> None:
    cast.book(THURSDAY)

    look(NOW + WINDOW - SECOND)
    assert told() == []
    look(NOW + WINDOW)

    assert told()[0] == ("booked", "sent", "")
    assert len(letters()) == 1


def test_the_desk_that_ends_the_call_lets_the_letter_go_at_once(cast: Cast) -> None:
    visit = cast.book(THURSDAY)
    undo.send_now(visit, by=cast.rosa, now=NOW + 20 * SECOND)

    look(NOW + 20 * SECOND)

    assert told()[0] == ("booked", "sent", "")


def test_what_the_patient_does_in_the_portal_is_told_at_once(cast: Cast) -> None:
    visit = cast.book(THURSDAY)
    look(NOW + WINDOW)
    booking.cancel(visit, reason="patient_link", by=None, now=NOW + 2 * WINDOW)

    look(NOW + 2 * WINDOW)

    assert ("cancelled", "sent", "") in told()


def test_a_booking_undone_in_time_leaves_no_message_at_all(cast: Cast) -> None:
    cast.book(THURSDAY)
    undo.undo(last_change(), by=cast.rosa, now=NOW + 20 * SECOND)

    for after in (30 * SECOND, WINDOW, 2 * WINDOW, timedelta(hours=1)):
        look(NOW + after)

    assert Message.objects.count() == 0
    assert letters() == []


def test_a_booking_called_off_before_it_was_told_needs_no_letter(cast: Cast) -> None:
    visit = cast.book(THURSDAY)
    booking.cancel(visit, reason="Booked by mistake", by=cast.rosa, now=NOW + 60 * SECOND)

    look(NOW + timedelta(hours=1))

    assert Message.objects.count() == 0


def test_a_visit_that_was_told_and_is_called_off_is_told_once_more(cast: Cast) -> None:
    visit = cast.book(THURSDAY)
    look(NOW + WINDOW)
    booking.cancel(visit, reason="ill", by=cast.rosa, now=NOW + timedelta(hours=1))

    look(NOW + timedelta(hours=1, minutes=2))
    assert "cancelled" not in {kind for kind, _, _ in told()}
    look(NOW + timedelta(hours=1) + WINDOW)
    look(NOW + timedelta(hours=2))

    assert [kind for kind, state, _ in told() if state == "sent"] == ["booked", "cancelled"]


def test_a_visit_booked_and_moved_in_one_call_is_told_once_at_its_last_time(cast: Cast) -> None:
    visit = cast.book(THURSDAY)
    moved(cast, visit, 14, after=60 * SECOND)

    look(NOW + WINDOW)
    assert told() == []
    look(NOW + WINDOW + 60 * SECOND)

    (letter,) = [(it.kind, it.starts_at) for it in Message.objects.filter(state="sent")]
    assert letter == ("booked", at(14, day=17))


def test_a_move_undone_in_time_is_never_told_and_her_reminder_still_comes(cast: Cast) -> None:
    visit = cast.book(THURSDAY)
    look(NOW + WINDOW)
    evening = at(18, day=16)
    booking.move(
        visit, starts_at=at(14, day=17), resources=cast.pieces, revision=0, by=cast.rosa, now=evening - 60 * SECOND
    )  # fmt: skip

    look(evening)  # her reminder of the old time is due just now
    waiting = Message.objects.get(kind="reminder", due_at=evening)
    assert (waiting.state, waiting.reason) == ("ready", "may_be_undone")
    undo.undo(last_change(), by=cast.rosa, now=evening + 30 * SECOND)
    look(evening + WINDOW)

    waiting.refresh_from_db()
    assert waiting.state == "sent"
    assert not Message.objects.filter(kind="moved").exists()


def test_a_move_that_stands_silences_the_reminder_of_the_old_time(cast: Cast) -> None:
    visit = cast.book(THURSDAY)
    look(NOW + WINDOW)
    evening = at(18, day=16)
    booking.move(
        visit, starts_at=at(14, day=17), resources=cast.pieces, revision=0, by=cast.rosa, now=evening - 60 * SECOND
    )  # fmt: skip

    look(evening)
    look(evening + WINDOW)

    old = Message.objects.get(kind="reminder", due_at=evening, starts_at=THURSDAY)
    assert (old.state, old.reason) == ("suppressed", "moved")
    assert Message.objects.get(kind="moved").state == "sent"


def test_moved_and_called_off_in_one_call_she_hears_of_the_time_she_knew(cast: Cast) -> None:
    visit = cast.book(THURSDAY)
    look(NOW + WINDOW)
    hour = timedelta(hours=1)
    visit = moved(cast, visit, 14, after=hour)
    booking.cancel(visit, reason="ill", by=cast.rosa, now=NOW + hour + 30 * SECOND)

    look(NOW + 2 * hour)

    letter = Message.objects.get(kind="cancelled")
    assert (letter.starts_at, letter.state) == (THURSDAY, "sent")


def test_a_visit_called_off_undone_and_called_off_again_is_told_once(cast: Cast) -> None:
    visit = cast.book(THURSDAY)
    look(NOW + WINDOW)
    hour = timedelta(hours=1)
    visit = booking.cancel(visit, reason="ill", by=cast.rosa, now=NOW + hour)
    visit = undo.undo(last_change(), by=cast.rosa, now=NOW + hour + 30 * SECOND)
    look(NOW + hour + WINDOW)
    booking.cancel(visit, reason="ill", by=cast.rosa, now=NOW + 2 * hour)

    look(NOW + 2 * hour + WINDOW)

    assert [kind for kind, state, _ in told() if state == "sent"] == ["booked", "cancelled"]


def test_the_owner_may_set_the_minutes_to_none(cast: Cast) -> None:
    BookingPolicy.objects.create(undo_seconds=0)
    cast.book(THURSDAY)

    look(NOW)

    assert told()[0] == ("booked", "sent", "")
