"""A look with nothing to do asks once; whatever somebody does is noticed by the next one."""

from datetime import timedelta
from typing import Any

import pytest
from booking_cast import a_cast, at
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_user, the_clinic
from outbox_cast import THURSDAY, a_visit, cancel, look
from portal_cast import it_is
from pytest_django import DjangoAssertNumQueries
from waiting_cast import a_cancelled_visit, a_gap, a_wish, offered

from clinic.appointments.actions import follow_ups
from clinic.reminders import tasks
from clinic.reminders.actions import agenda, anew, planning
from clinic.reminders.models import LastLook, Message
from patients.models import RedFlag
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(seconds=20)  # within the same minute
A_MINUTE = timedelta(minutes=1)


def to_do(now: Any = LATER) -> tuple[bool, ...]:
    found = agenda.of_now(now)
    return found.is_new_minute, found.has_news, found.has_to_send, found.has_doubts


NOTHING = (False, False, False, False)
NEWS = (False, True, False, False)


def nothing_left_to_do() -> None:
    the_clinic()
    look(NOW)
    assert to_do() == NOTHING


def test_with_nothing_to_do_a_look_asks_one_question(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    a_visit()
    nothing_left_to_do()

    with django_assert_num_queries(1):
        tasks.look_at(LATER)


@pytest.mark.parametrize("deed", ["booked", "called off", "offered", "asked for a form", "emergency"])
def test_what_somebody_did_is_noticed_and_then_is_no_news_any_more(deed: str) -> None:
    cast = a_cast()
    cast.leila.email = "leila@example.org"
    cast.leila.save()
    a_user(Role.CLINICIAN)
    visit, other = cast.book(at(9, day=16), now=NOW - timedelta(days=9)), a_cancelled_visit(cast)
    nothing_left_to_do()

    if deed == "booked":
        a_visit(THURSDAY, booked_at=LATER - timedelta(seconds=1), patient=cast.leila)
    elif deed == "called off":
        cancel(visit, now=LATER)
    elif deed == "offered":
        a_wish(cast, cast.leila)
        offered(cast, a_gap(other))
    elif deed == "asked for a form":
        follow_ups.record(visit, "form", "wrote", by=cast.rosa, now=LATER)
    else:
        RedFlag.objects.create(patient=cast.leila, code="rf_a", urgency="same_day", raised_at=NOW)

    assert to_do() == NEWS
    assert planning.plan_news(now=LATER) >= 1
    assert to_do()[1] is False


def test_what_the_clock_makes_due_is_looked_for_once_a_minute_by_whoever_comes_first() -> None:
    a_visit()
    nothing_left_to_do()

    assert [to_do(NOW + it)[0] for it in (timedelta(seconds=59), A_MINUTE, -A_MINUTE)] == [False, True, True]
    with it_is(NOW + A_MINUTE):
        tasks.look_at(NOW + A_MINUTE)
    assert to_do(NOW + A_MINUTE + timedelta(seconds=50)) == NOTHING


def test_visits_that_were_booked_long_ago_are_looked_over_once_in_a_quarter_of_an_hour_or_when_a_rule_changes() -> None:
    nothing_left_to_do()
    a_visit()
    reminders = Message.objects.filter(kind="reminder")

    tasks.look_at(NOW + A_MINUTE)
    before = reminders.count()
    tasks.look_at(NOW + 15 * A_MINUTE)
    after = reminders.count()
    anew.forget_waiting("reminder", "soon")
    tasks.look_at(NOW + 16 * A_MINUTE)

    assert (before, after, reminders.count()) == (0, 3, 3)


def test_what_is_due_too_late_or_left_lying_by_a_dead_worker_is_taken_up() -> None:
    visit = a_visit()
    nothing_left_to_do()
    first = Message.objects.filter(appointment=visit).earliest("due_at")

    assert to_do(first.due_at + timedelta(seconds=1))[2]
    Message.objects.filter(pk=first.pk).update(state="claimed", lease_until=NOW)
    assert to_do()[2]
    Message.objects.filter(pk=first.pk).update(state="ready", due_at=NOW, not_before=THURSDAY, not_after=NOW)
    assert to_do()[2]


def test_the_desk_reads_since_when_nobody_looks_whether_a_message_is_due(client: Client) -> None:
    the_clinic()
    a_patient()
    planning.plan(now=NOW)
    client.force_login(a_user(), backend="people.web.backends.RightsBackend")

    def said(minutes: int) -> list[bool]:
        with it_is(NOW + timedelta(minutes=minutes)):
            pages = [client.get(reverse(f"reminders:{name}")).content.decode() for name in ("health", "ledger")]
        return ["The program that sends is not running" in page for page in pages]

    assert said(2) == [False, False]
    assert said(9) == [True, True]
    LastLook.objects.all().delete()  # a clinic of which no message was ever planned has not missed any
    assert said(9) == [False, False]
