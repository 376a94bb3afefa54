"""Booking, moving and cancelling at the desk's screen."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_cast, at, service
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_user
from office_cast import text

from clinic.appointments.actions import attendance, booking
from clinic.appointments.actions.availability import free_times
from clinic.appointments.models import Appointment
from people.rules.permissions import Role
from programs.models import Phase, Plan, PlannedSession

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _monday_morning() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    return a_cast()


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
    return client


def a_session(cast: Cast, **dates: date) -> PlannedSession:
    day = date(2026, 9, 14)
    plan = Plan.objects.create(
        patient=cast.leila, template_code="x", rulebook_version="1", name="Neck program", starts_on=day,
        ends_on=day + timedelta(weeks=12), started_by=a_user(Role.CLINICIAN), started_at=NOW,
    )  # fmt: skip
    phase = Phase.objects.create(plan=plan, ordinal=1, code="p", name="First", starts_on=day, ends_on=plan.ends_on)
    when = {"due_from": day, "due_on": day, "due_until": day + timedelta(days=3)} | dates
    return PlannedSession.objects.create(
        plan=plan, phase=phase, modality="exercise_program", ordinal=3, course_length=6, **when
    )


# --- one visit


def test_the_card_says_who_when_where_and_what_was_done(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    attendance.confirm(visit, by=None, now=NOW)

    seen = text(desk.get(visit.get_absolute_url()))

    for words in (
        "Review visit, Monday 14 September, 10:00", "RAHIMI, Leila", "Sara Haddad", "Northgate Main, Room 1",
        "Confirmed", "Confirmed by the patient, through the link in a message", "Booked", "Rosa Bell",
    ):  # fmt: skip
        assert words in seen


def test_one_tap_checks_somebody_in_and_comes_back_to_where_it_was_tapped(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    back = "/desk/list/2026-09-14/"
    sent = {"was": "booked", "status": "arrived", "next": back}

    answer = desk.post(reverse("appointments:status", args=[visit.pk]), sent)

    visit.refresh_from_db()
    assert (visit.status, answer.url) == ("arrived", back)


def test_a_tap_never_leads_to_another_server(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    sent = {"was": "booked", "status": "arrived", "next": "https://evil.example/"}

    assert desk.post(reverse("appointments:status", args=[visit.pk]), sent).url == visit.get_absolute_url()


def test_a_tap_that_came_too_late_shows_the_visit_as_it_is(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    booking.cancel(visit, reason="ill", by=cast.rosa, now=NOW)

    answer = desk.post(reverse("appointments:status", args=[visit.pk]), {"was": "booked", "status": "arrived"})

    assert answer.status_code == 409
    assert "Somebody else changed this visit first." in text(answer)


@pytest.mark.parametrize("sent", [{}, {"was": "booked", "status": "flying"}, {"was": "x", "status": "arrived"}])
def test_a_status_that_does_not_exist_is_not_found(desk: Client, cast: Cast, sent: dict[str, str]) -> None:
    assert desk.post(reverse("appointments:status", args=[cast.book(at(10)).pk]), sent).status_code == 404


def test_a_status_changes_by_post_only(desk: Client, cast: Cast) -> None:
    assert desk.get(reverse("appointments:status", args=[cast.book(at(10)).pk])).status_code == 405


def moved_to(desk: Client, visit: Appointment, cast: Cast, clock: datetime, **changes: Any) -> Any:
    offers = free_times(service(), patient=cast.leila, first=date(2026, 9, 14), days=1, now=NOW, moving=visit)
    offer = next(offer for offer in offers if offer.starts_at == clock)
    sent = {"offer": offer.code, "revision": visit.revision} | changes
    return desk.post(reverse("appointments:move", args=[visit.pk]), sent, follow=True)


def test_a_visit_is_moved_to_one_of_the_times_offered(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    assert "Now: Review visit, Monday 14 September, 10:00, with Sara Haddad" in text(
        desk.get(reverse("appointments:move", args=[visit.pk]))
    )

    answer = moved_to(desk, visit, cast, at(10, 15))  # it may overlap with itself

    visit.refresh_from_db()
    assert visit.starts_at == at(10, 15)
    assert "Moved: Leila Rahimi, Monday 14 September, 10:15, with Sara Haddad." in text(answer)


def test_who_moves_what_somebody_else_moved_first_sees_both(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))

    answer = moved_to(desk, visit, cast, at(14), revision=7)

    assert answer.status_code == 409
    assert "Somebody else changed this visit first." in text(answer)


def test_a_visit_that_is_over_is_not_moved(desk: Client, cast: Cast) -> None:
    visit = booking.cancel(cast.book(at(10)), reason="", by=cast.rosa, now=NOW)

    assert "it cannot be moved" in text(desk.get(reverse("appointments:move", args=[visit.pk])))


def test_a_visit_is_cancelled_with_a_reason(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    sent = {"why": "patient", "note": "has a train to catch", "revision": 0}

    answer = desk.post(reverse("appointments:cancel", args=[visit.pk]), sent, follow=True)

    visit.refresh_from_db()
    assert (visit.status, visit.cancel_reason) == ("cancelled", "The patient cannot come: has a train to catch")
    assert "Cancelled: Leila Rahimi, Monday 14 September, 10:00, with Sara Haddad. The time is free again." in text(
        answer
    )


def test_a_cancellation_of_what_was_moved_meanwhile_keeps_what_was_typed(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    booking.move(visit, starts_at=at(14), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)

    answer = desk.post(
        reverse("appointments:cancel", args=[visit.pk]), {"why": "other", "note": "moved abroad", "revision": 0}
    )

    assert "Somebody else changed this visit first." in text(answer)
    assert "moved abroad" in answer.content.decode()


def test_the_visits_of_a_patient_are_a_page_and_a_part_of_hers(
    desk: Client, cast: Cast, django_assert_num_queries: Any
) -> None:
    a_session(cast)
    url = reverse("appointments:patient_visits", args=[cast.leila.pk])
    cast.book(at(10))

    page, part = text(desk.get(url)), text(desk.get(url, headers={"HX-Request": "true"}))
    assert "Mon 14 Sep 2026, 10:00" in page
    assert "Exercise session 3 best from 14 Sep to 17 Sep Book" in part
    assert "Sign out" not in part
    with django_assert_num_queries(11):
        desk.get(url)
    for day in range(15, 19):
        for hour in (9, 10, 11, 14, 15):
            cast.book(at(hour, day=day))
    with django_assert_num_queries(11):
        desk.get(url)


@pytest.mark.parametrize("name", ["visit", "move", "cancel"])
def test_a_patient_has_no_business_at_the_desk(client: Client, cast: Cast, name: str) -> None:
    visit = cast.book(at(10))
    client.force_login(a_user(Role.PATIENT), backend="people.web.backends.RightsBackend")

    assert client.get(reverse(f"appointments:{name}", args=[visit.pk])).status_code == 404
    assert client.get(reverse("appointments:book")).status_code == 404


def test_who_moves_a_visit_to_a_time_just_taken_is_told_by_whom(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10))
    taken = cast.book(at(14), patient=a_patient())
    code = free_times(service(), patient=None, first=date(2026, 9, 14), days=1, now=NOW, moving=taken)[0].code
    code = code.replace(code.split("~")[0], f"{taken.starts_at:%Y%m%dT%H%M}")

    answer = desk.post(reverse("appointments:move", args=[visit.pk]), {"offer": code, "revision": "0"})

    assert answer.status_code == 409
    assert "14:00 was booked by Rosa a moment ago. Nothing was saved." in text(answer)
    visit.refresh_from_db()
    assert visit.starts_at == at(10)


@pytest.mark.parametrize("door", ["appointments:book", "appointments:walk_in", "appointments:waitlist_add"])
def test_whose_name_was_typed_in_full_stands_before_those_whose_names_only_begin_so(
    desk: Client, cast: Cast, door: str
) -> None:
    a_patient(given_name="Leilani", family_name="Akana")

    found = desk.get(reverse(door), {"q": "leila"}).context["found"]

    assert [it.given_name for it in found] == ["Leila", "Leilani"]
