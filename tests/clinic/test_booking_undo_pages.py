"""The undo bar, the late buttons and the history of a visit, as the desk sees them."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from booking_cast import Cast, a_cast, at
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_patient, a_portal_patient, a_user
from pytest_django import DjangoAssertNumQueries

from clinic.appointments.actions import attendance, booking
from clinic.appointments.models import Appointment, VisitChange
from people.models import AuditEvent
from people.rules.permissions import Role

BOOK, MOVE, CANCEL = 11, 17, 12  # queries; of a treatment one more, for the rules of safety

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def cast(time_machine: Any) -> Cast:
    time_machine.move_to(NOW, tick=False)
    return a_cast()


@pytest.fixture
def desk(client: Client, cast: Cast) -> Client:
    client.force_login(cast.rosa)
    return client


def bar(desk: Client) -> str:
    return desk.get(reverse("appointments:undo"), **HTMX).content.decode()


def answer(desk: Client, visit: Appointment, do: str, **fields: Any) -> Any:
    fields = {"revision": visit.revision, "do": do} | fields
    return desk.post(reverse("appointments:undo_visit", args=[visit.pk]), fields)


def test_the_bar_says_what_was_done_and_how_long_it_can_be_undone(desk: Client, cast: Cast, time_machine: Any) -> None:
    visit = cast.book(at(10))
    time_machine.move_to(NOW + timedelta(seconds=19))

    shown = bar(desk)

    assert "Leila Rahimi, Monday 14 September, 10:00: booked." in shown
    assert 'data-left="161"' in shown
    assert reverse("appointments:undo_visit", args=[visit.pk]) in shown


def test_pressing_a_button_of_the_bar_leads_back_to_the_page_it_lies_on(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    below = {"HTTP_HX_CURRENT_URL": "http://testserver/desk/waitlist/?clinician=1"}

    shown = desk.get(reverse("appointments:undo"), **HTMX, **below).content.decode()

    assert 'name="next" value="/desk/waitlist/?clinician=1"' in shown
    assert answer(desk, visit, "send", next="https://evil.example.org/").url == visit.get_absolute_url()


def test_the_bar_is_empty_when_there_is_nothing_to_undo(desk: Client, cast: Cast, time_machine: Any) -> None:
    cast.book(at(10))
    time_machine.move_to(NOW + timedelta(minutes=3))

    assert "toastx" not in bar(desk)
    assert "There is nothing to undo." in desk.get(reverse("appointments:undo")).content.decode()


def test_every_page_of_the_desk_has_a_place_for_the_bar(desk: Client, cast: Cast) -> None:
    shown = desk.get(cast.book(at(10)).get_absolute_url()).content.decode()

    assert '<div id="undo" role="status"' in shown


def test_one_press_takes_it_back_and_says_what_is_so_now(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))

    page = answer(desk, visit, "undo", next="/desk/undo/")

    assert page.url == "/desk/undo/"
    shown = desk.get(page.url).content.decode()
    assert "Undone. Nothing is booked for Leila Rahimi, Monday 14 September, 10:00." in shown
    assert not Appointment.objects.standing().exists()


def test_send_now_lets_the_message_go(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))

    answer(desk, visit, "send")

    visit.refresh_from_db()
    assert visit.news_at == NOW
    assert "toastx" not in bar(desk)


def test_too_late_to_undo_is_said_on_the_card(desk: Client, cast: Cast, time_machine: Any) -> None:
    visit = cast.book(at(10))
    time_machine.move_to(NOW + timedelta(minutes=4))

    page = answer(desk, visit, "undo")

    assert page.status_code == 409
    assert "It is too late to undo this" in page.content.decode()


def test_a_change_that_never_was_is_not_found(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))

    assert answer(desk, visit, "undo", revision=7).status_code == 404
    assert answer(desk, visit, "undo", revision="x").status_code == 404


def test_patients_have_no_business_there(client: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    client.force_login(a_portal_patient().user)

    assert client.get(reverse("appointments:undo")).status_code == 404
    assert answer(client, visit, "undo").status_code == 404
    assert client.post(reverse("appointments:late", args=[visit.pk]), {"minutes": 5}).status_code == 404
    assert VisitChange.objects.get().undone_at is None


def test_the_bar_costs_the_same_for_one_change_and_for_ten(
    desk: Client, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    bar(desk)  # the first request of a session
    for n in range(10):
        cast.book(at(9) + timedelta(minutes=45 * (n % 4), days=n // 4), patient=a_patient())
        if n in {0, 9}:
            with django_assert_num_queries(5):  # session, user, second factor, clinic, changes
                bar(desk)


def test_booking_moving_and_cancelling_cost_the_database_few_questions(
    desk: Client, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """And BEGIN and COMMIT. Of each, four are the guard at the door: session, user, second factor and clinic."""
    desk.get("/desk/keys/")  # that somebody sits here is written down once in half a minute
    cast.book(at(16))  # a patient who comes for the first time is given a row in the book
    book = {
        "patient": cast.leila.pk,
        "service": "review",
        "request_key": uuid.uuid4(),
        "offer": code(cast, 14),
    }
    with django_assert_num_queries(BOOK + 2):
        assert desk.post(reverse("appointments:book"), book).status_code == 302

    visit = Appointment.objects.get(starts_at=at(14))
    with django_assert_num_queries(MOVE + 2):
        answer = desk.post(reverse("appointments:move", args=[visit.pk]), {"revision": 0, "offer": code(cast, 11)})
        assert answer.status_code == 302

    with django_assert_num_queries(CANCEL + 2):
        answer = desk.post(reverse("appointments:cancel", args=[visit.pk]), {"revision": 1, "why": "patient"})
        assert answer.status_code == 302


def code(cast: Cast, hour: int) -> str:
    return f"{at(hour):%Y%m%dT%H%M}~{cast.sara.pk.hex}~{cast.room.pk.hex}"


def test_who_phones_to_be_late_is_shown_so_and_can_be_in_time_again(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    url = reverse("appointments:late", args=[visit.pk])

    assert desk.post(url, {"minutes": 10, "revision": 0}).url == visit.get_absolute_url()
    assert "Late: expected at 10:10" in desk.get(visit.get_absolute_url()).content.decode()

    desk.post(url, {"minutes": 0, "revision": 0})
    shown = desk.get(visit.get_absolute_url()).content.decode()
    assert "expected at" not in shown
    assert "Phoned: 10 minutes late" in shown
    assert "Will be in time after all" in shown


def test_nonsense_is_not_a_number_of_minutes(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))

    for minutes in ("7", "", "-5"):
        page = desk.post(reverse("appointments:late", args=[visit.pk]), {"minutes": minutes, "revision": 0})
        assert page.status_code == 404


def test_who_has_arrived_is_not_late_any_more(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=NOW)

    page = desk.post(reverse("appointments:late", args=[visit.pk]), {"minutes": 5, "revision": 0})

    assert page.status_code == 409
    assert "Nobody is waited for here any more" in page.content.decode()


def test_the_card_tells_the_story_of_the_visit(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    visit = booking.move(visit, starts_at=at(14), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)
    answer(desk, visit, "undo")

    shown = desk.get(visit.get_absolute_url()).content.decode()

    assert "Moved; it was Monday 14 September, 10:00" in shown
    assert "The move was undone" in shown
    assert "Rosa Bell" in shown


def test_an_overbooked_visit_says_so_and_why(desk: Client, cast: Cast) -> None:
    cast.book(at(10))
    mei = a_user(Role.CLINICIAN, name="Mei Tanaka")
    visit = cast.book(at(10), patient=a_patient(), by=mei, overbook_because="Acute, cannot wait")

    shown = desk.get(visit.get_absolute_url()).content.decode()

    assert "Overbooked" in shown
    assert "Acute, cannot wait" in shown


def test_a_move_onto_another_visit_needs_the_right_and_a_reason(client: Client, cast: Cast) -> None:
    cast.book(at(10))
    visit = cast.book(at(14), patient=a_patient())
    mei = a_clinician("Mei Tanaka").user
    fields = {
        "offer": f"{at(10):%Y%m%dT%H%M}~{cast.sara.pk.hex}~{cast.room.pk.hex}",
        "revision": 0,
        "overbook_because": "Acute",
    }
    for user, status in ((cast.rosa, 409), (mei, 302)):
        client.force_login(user)
        assert client.post(reverse("appointments:move", args=[visit.pk]), fields).status_code == status

    assert AuditEvent.objects.get(deed="appointment.moved").detail["overbooked"] == ["clinician", "room"]


def test_a_cancelled_time_is_offered_to_those_who_wait_or_left_alone(desk: Client, cast: Cast) -> None:
    for n, then in enumerate(["offer", ""]):
        visit = cast.book(at(10 + n))
        page = desk.post(
            reverse("appointments:cancel", args=[visit.pk]), {"why": "ill", "revision": 0, "then": then}
        )  # fmt: skip
        assert page.status_code == 302
        assert (f"visit={visit.pk}" in page.url) is (then == "offer")
        visit.refresh_from_db()
        assert visit.cancel_reason == "The patient is ill"
