"""Letters that the desk asked for: an offered time, a missed visit, a form, a yes that is not here yet."""

from datetime import timedelta
from typing import Any

import pytest
from booking_cast import Cast, a_cast, at
from django.conf import settings
from factories import NOW, a_patient
from outbox_cast import look, told
from waiting_cast import a_cancelled_visit, a_gap, a_wish, offered

from clinic.appointments.actions import follow_ups, offers, waitlist
from clinic.appointments.models import Appointment, BookingPolicy
from clinic.appointments.rules.status import Status
from clinic.reminders.actions import planning
from clinic.reminders.channels import letters
from clinic.reminders.models import Message
from patients.models import Intake
from people.models import Clinic

pytestmark = pytest.mark.django_db

WAIT = timedelta(minutes=3)  # nothing leaves before the slip of a hand can be taken back
MORNING = at(9)


@pytest.fixture
def cast() -> Cast:
    cast = a_cast()
    cast.leila.email = "leila@example.org"
    cast.leila.save()
    return cast


def about(kind: str) -> list[tuple[str, str]]:
    return [(state, reason) for which, state, reason in told() if which == kind]


def an_offer(cast: Cast) -> Any:
    a_wish(cast, cast.leila)
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast)), now=MORNING)
    return offer


def a_missed(cast: Cast) -> Appointment:
    visit = cast.book(at(9))
    Appointment.objects.filter(pk=visit.pk).update(status=Status.MISSED)
    return visit


def test_an_offer_is_written_to_everybody_it_was_made_to_once_the_slip_can_no_longer_be_undone(
    cast: Cast, mailoutbox: list[Any]
) -> None:
    offer = an_offer(cast)

    look(MORNING)
    before = len(mailoutbox)
    look(MORNING + WAIT)
    look(MORNING + 2 * WAIT)

    assert before == 0
    (mail,) = [it for it in mailoutbox if "free" in it.subject]
    assert mail.subject == "A time is free on Wednesday 16 September"
    assert mail.body == (
        "Dear Leila,\n\nA time is free on Wednesday 16 September at 10:00am. Take it before 11:00am today:\n"
        f"{settings.CLINIC_URL}/o/{offer.link_token}/\n\n"
        "The first to say yes has it. If it does not suit you, simply leave it.\n\n"
        "If you have a question, call +1 202-555-0100.\n\nNorthgate\n"
    )


def test_noon_and_another_day_are_said_as_people_say_them(cast: Cast) -> None:
    BookingPolicy.objects.create(offer_lapses_minutes=180)
    offer = an_offer(cast)
    planning.plan(now=MORNING)
    message = Message.objects.get(kind="offer")

    assert "before 12 noon today" in letters.letter(message, Clinic.objects.get()).body
    offer.lapses_at = at(9, 30, day=15)
    offer.save()
    assert "before 9:30am on Tuesday 15 September" in letters.letter(message, Clinic.objects.get()).body


def test_an_offer_that_is_no_longer_open_is_not_sent(cast: Cast) -> None:
    offer = an_offer(cast)
    planning.plan(now=MORNING)
    offers.take_back(offer, by=cast.rosa, now=MORNING)

    look(MORNING + WAIT)

    assert about("offer") == [("suppressed", "answered")]


def test_an_offer_to_somebody_who_no_longer_waits_is_not_sent(cast: Cast) -> None:
    offer = an_offer(cast)
    planning.plan(now=MORNING)
    waitlist.withdraw(offer.entry, by=cast.rosa, now=MORNING)

    look(MORNING + WAIT)

    assert about("offer") == [("suppressed", "answered")]


def test_a_time_that_the_desk_has_given_to_a_caller_is_not_offered_any_more(cast: Cast) -> None:
    offer = an_offer(cast)
    planning.plan(now=MORNING)
    cast.book(offer.starts_at, patient=a_patient(), now=MORNING)

    look(MORNING + WAIT)

    assert about("offer") == [("suppressed", "taken")]


def test_an_offer_that_lapsed_while_the_mail_server_slept_expires(cast: Cast) -> None:
    an_offer(cast)
    planning.plan(now=MORNING)

    look(MORNING + timedelta(hours=2))

    assert about("offer") == [("expired", "too_late")]


def test_who_was_missed_is_written_to_only_when_the_desk_says_so(cast: Cast, mailoutbox: list[Any]) -> None:
    visit = a_missed(cast)
    look(at(9, 30))
    silent = about("missed")
    follow_ups.record(visit, "missed", "wrote", by=cast.rosa, now=at(9, 30))
    follow_ups.record(visit, "missed", "wrote", by=cast.rosa, now=at(9, 30))  # a double click
    look(at(9, 33))

    assert silent == []
    assert about("missed") == [("sent", "")]
    (mail,) = [it for it in mailoutbox if "missed" in it.subject]
    assert mail.body == (
        "Dear Leila,\n\nWe missed you on Monday 14 September at 9:00am. Book a new time:\n\n"
        f"{settings.CLINIC_URL}/a/{visit.link_token}/\n\nIf you have a question, call +1 202-555-0100.\n\nNorthgate\n"
    )


@pytest.mark.parametrize(
    ("status", "again", "reason"), [("arrived", False, "not_missed"), ("missed", True, "booked_anew")]
)
def test_who_came_after_all_or_has_a_new_visit_is_not_told_that_they_were_missed(
    cast: Cast, status: str, again: bool, reason: str
) -> None:
    visit = a_missed(cast)
    follow_ups.record(visit, "missed", "wrote", by=cast.rosa, now=at(9, 10))
    planning.plan(now=at(9, 10))
    Appointment.objects.filter(pk=visit.pk).update(status=status)
    if again:
        cast.book(at(10, day=16), now=at(9, 11))

    look(at(9, 13))

    assert about("missed") == [("suppressed", reason)]


def test_the_link_to_the_form_is_sent_when_asked_for_unless_it_has_arrived(cast: Cast, mailoutbox: list[Any]) -> None:
    visit = cast.book(at(10, day=16), now=NOW - timedelta(days=9))
    follow_ups.record(visit, "form", "wrote", by=cast.rosa, now=MORNING)
    look(MORNING + WAIT)
    Intake.objects.create(patient=cast.leila, started_at=NOW, submitted_at=NOW)
    follow_ups.record(visit, "form", "wrote", by=cast.rosa, now=at(9, day=15))
    look(at(9, 3, day=15))

    assert about("form") == [("sent", ""), ("suppressed", "form_sent")]
    (mail,) = [it for it in mailoutbox if "form" in it.subject]
    assert f"{settings.CLINIC_URL}/f/{visit.link_token}/" in mail.body


def test_a_reminder_that_was_asked_for_is_not_sent_to_who_has_said_yes(cast: Cast) -> None:
    visit = cast.book(at(10, day=15), now=NOW - timedelta(days=9))
    planning.plan(now=NOW - timedelta(days=1))
    other = cast.book(at(11, day=15), now=NOW - timedelta(days=9))
    planning.plan(now=NOW - timedelta(days=1))
    for it in (visit, other):
        follow_ups.record(it, "unconfirmed", "wrote", by=cast.rosa, now=MORNING)
    planning.plan(now=MORNING)
    Appointment.objects.filter(pk=other.pk).update(status=Status.CONFIRMED)

    look(MORNING + WAIT)

    asked = Message.objects.filter(occasion__endswith="asked").order_by("starts_at")
    assert list(asked.values_list("kind", "state", "reason")) == [
        ("reminder", "sent", ""),
        ("reminder", "suppressed", "confirmed"),
    ]


def test_looking_twice_owes_nothing_new(cast: Cast) -> None:
    an_offer(cast)
    follow_ups.record(a_missed(cast), "missed", "wrote", by=cast.rosa, now=MORNING)
    planning.plan(now=MORNING)

    assert planning.plan(now=MORNING) == 0
    assert Message.objects.filter(kind__in=["offer", "missed"]).count() == 2
