"""What the desk does about a task: calls, writes, reminds, and sees it settled."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from booking_cast import Cast, at
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_user
from office_cast import text
from pytest_django import DjangoAssertNumQueries
from tasks_cast import TASKS, a_cast_with_nothing_to_do, become
from waiting_cast import a_wish

from clinic.appointments.actions import follow_ups
from clinic.appointments.actions.follow_ups import NothingToWrite, NotToDo
from clinic.appointments.models import FollowUp
from clinic.appointments.rules.status import Status
from people.rules.permissions import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]


@pytest.fixture
def cast() -> Cast:
    return a_cast_with_nothing_to_do()


@pytest.mark.parametrize(
    ("status", "task"),
    [("booked", "missed"), ("booked", "no_next"), ("confirmed", "unconfirmed"), ("done", "form")],
)
def test_what_has_no_cause_any_more_is_not_followed_up(cast: Cast, status: str, task: str) -> None:
    visit = become(cast.book(at(10)), status)

    with pytest.raises(NotToDo):
        follow_ups.record(visit, task, "called", by=cast.rosa, now=NOW)


@pytest.mark.parametrize("fields", [{"email": ""}, {"email": "x@example.org", "may_be_mailed": False}])
def test_nothing_is_written_to_whom_no_letter_reaches(cast: Cast, fields: dict[str, Any]) -> None:
    visit = become(cast.book(at(9), patient=a_patient(**fields)), Status.MISSED)

    with pytest.raises(NothingToWrite):
        follow_ups.record(visit, "missed", "wrote", by=cast.rosa, now=NOW)
    assert not FollowUp.objects.exists()


def test_one_press_calls_off_the_task_and_returns_to_where_it_stood(cast: Cast, desk: Client) -> None:
    visit = become(cast.book(at(9)), Status.MISSED)
    typed = {"task": "missed", "how": "called", "next": "/desk/day/2026-09-14/"}

    answer = desk.post(reverse("desk:follow_up", args=[visit.pk]), typed)
    elsewhere = desk.post(reverse("desk:follow_up", args=[visit.pk]), typed | {"next": "https://evil.example/"})

    assert answer.url == "/desk/day/2026-09-14/"
    assert elsewhere.url == reverse(TASKS)
    assert FollowUp.objects.filter(how="called", by=cast.rosa).count() == 2


def test_a_missed_visit_shows_what_can_be_done_and_what_was(cast: Cast, desk: Client) -> None:
    visit = become(cast.book(at(9)), Status.MISSED)
    url = reverse("desk:follow_up", args=[visit.pk])

    with time_machine.travel(at(9, 5), tick=False):
        cast_page = desk.get(visit.get_absolute_url()).content.decode()
        before = desk.get(url, headers={"HX-Request": "true"})
        desk.post(url, {"task": "missed", "how": "wrote", "next": visit.get_absolute_url()})
        after = text(desk.get(url))

    assert f'hx-get="{url}"' in cast_page
    assert "<html" not in before.content.decode()
    assert "Write Called Offer 09:15 to 09:30" in text(before)
    assert "Did not come: Message sent" in after
    assert cast.rosa.name in after


def test_a_refusal_is_shown_on_the_page(cast: Cast, desk: Client) -> None:
    visit = become(cast.book(at(9), patient=a_patient()), Status.MISSED)

    answer = desk.post(reverse("desk:follow_up", args=[visit.pk]), {"task": "missed", "how": "wrote"})

    assert answer.status_code == 409
    assert "No letter can go out" in text(answer)


def test_one_press_reminds_everybody_whom_letters_reach(cast: Cast, desk: Client) -> None:
    cast.book(at(10, day=15))
    cast.book(at(11, day=15), patient=a_patient(email=""))

    answer = desk.post(reverse("desk:remind_all"), follow=True)

    assert "1 reminder goes out. 1 person has to be called." in text(answer)
    assert FollowUp.objects.get().appointment.patient == cast.leila


def test_beside_the_day_the_unconfirmed_are_one_line(cast: Cast, desk: Client) -> None:
    for hour in (10, 11):
        cast.book(at(hour, day=15))
    become(cast.book(at(9), patient=a_patient()), Status.MISSED)

    side = desk.get(reverse(TASKS), {"part": "side"}, headers={"HX-Current-URL": "http://testserver/desk/?site=1"})
    badge = desk.get(reverse(TASKS), {"part": "badge"})

    assert "2 visits Not confirmed, today and tomorrow" in text(side)
    assert 'name="next" value="/desk/?site=1"' in side.content.decode()
    assert "<html" not in side.content.decode()
    assert text(badge).split() == ["3", "things", "to", "do"]


def test_an_empty_list_says_so(cast: Cast, desk: Client) -> None:
    assert "Nothing to do." in text(desk.get(reverse(TASKS)))
    assert text(desk.get(reverse(TASKS), {"part": "badge"})).strip() == ""


def test_what_could_be_offered_this_week_stands_on_the_page(cast: Cast, desk: Client) -> None:
    a_wish(cast)

    assert "1 person on the waitlist could come" in text(desk.get(reverse(TASKS)))


def test_a_patient_finds_no_tasks(cast: Cast, client: Client) -> None:
    visit = become(cast.book(at(9)), Status.MISSED)
    client.force_login(a_user(Role.PATIENT), backend="people.web.backends.RightsBackend")

    assert client.get(reverse(TASKS)).status_code == 404
    assert (
        client.post(reverse("desk:follow_up", args=[visit.pk]), {"task": "missed", "how": "called"}).status_code == 404
    )
    assert client.post(reverse("desk:remind_all")).status_code == 404


@pytest.mark.parametrize("many", [1, 8])
def test_the_list_asks_as_much_for_three_tasks_as_for_twenty_four(
    cast: Cast, desk: Client, many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(many):
        start = at(9 if n < 4 else 13, day=15) + timedelta(minutes=45 * (n % 4))
        cast.book(start, patient=a_patient())  # not confirmed, and no form
        become(cast.book(start - timedelta(days=4), patient=a_patient(), now=at(8, day=11)), Status.MISSED)
    desk.get(reverse(TASKS))

    with django_assert_num_queries(8):
        assert desk.get(reverse(TASKS), {"part": "side"}).context["count"] == 3 * many
