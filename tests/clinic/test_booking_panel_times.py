"""Which times the booking panel offers: what the caller says, a click in the calendar, a time kept."""

from datetime import date, time

import pytest
from booking_cast import Cast, a_session, at
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.urls import reverse
from factories import a_clinician, a_patient, a_room
from office_cast import text
from panel_cast import chosen, fields, link, options, panel

from clinic.appointments.models import Absence, Appointment, GroupSession, Reservation, Shift, VisitPreference

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]


def test_what_the_caller_says_becomes_the_times_that_are_offered(desk: Client, cast: Cast) -> None:
    for said, first in [
        ("thu after 4", "Thu 17 Sep, 16:00"),
        ("tomorrow", "Tue 15 Sep, 09:00"),
        ("21 sep", "Mon 21 Sep, 09:00"),
    ]:
        assert chosen(panel(desk, cast, service="review", say=said)) == first

    unread = panel(desk, cast, service="review", say="thu at half moon")
    assert "“half moon” was not understood" in text(unread)
    assert chosen(unread) == "Thu 17 Sep, 09:00"


def test_a_chip_filters_with_one_click_and_takes_itself_back(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book")

    mornings = desk.get(url + link(panel(desk, cast, service="review", say="after 4pm"), "Mornings"))
    assert chosen(mornings) == "Mon 14 Sep, 09:00"
    assert fields(mornings)["say"] == "mornings"
    assert "say" not in link(mornings, "Mornings")


def test_any_time_of_the_day_can_be_made_the_first_one(desk: Client, cast: Cast) -> None:
    answer = desk.get(
        reverse("appointments:book") + link(panel(desk, cast, service="review", day="2026-09-16"), "10:15 Sara Haddad")
    )

    assert chosen(answer) == "Wed 16 Sep, 10:15"
    desk.post(reverse("appointments:book"), fields(answer))
    assert Appointment.objects.get().starts_at == at(10, 15, day=16)


def test_a_click_in_the_calendar_brings_its_time_along(desk: Client, cast: Cast) -> None:
    clicked = {"service": "review", "day": "2026-09-16", "at": "14:30", "clinician": str(cast.sara.pk)}
    assert chosen(panel(desk, cast, **clicked)) == "Wed 16 Sep, 14:30"

    cast.book(at(14, 30, day=16), patient=a_patient())
    taken = panel(desk, cast, **clicked)
    assert "At 14:30 there is not room for this visit." in text(taken)
    assert "14:30" not in chosen(taken)


def test_what_was_checked_and_how_long_ago_the_last_visit_was_is_said(desk: Client, cast: Cast) -> None:
    cast.book(at(9))

    seen = text(panel(desk, cast, service="review", say="17 sep"))

    assert "Sara is free Room 1 is free 3 days since the last visit" in seen


def test_a_patient_elsewhere_gets_both_clocks_and_a_change_of_clocks_is_told(desk: Client, cast: Cast) -> None:
    VisitPreference.objects.create(patient=cast.leila, time_zone="Europe/London", latest=time(12), weekdays=[3])
    assert "Mon 14 Sep, 14:00 in London" in text(panel(desk, cast, service="review"))
    assert "usual: mornings, Thu" in text(panel(desk, cast, service="review"))

    Shift.objects.create(
        resource=cast.sara, site=cast.site, weekday=6, starts=time(9), ends=time(12), valid_from=date(2020, 1, 1)
    )
    assert "Clocks change that day: 09:00 is UTC-05:00" in text(panel(desk, cast, service="review", day="2026-11-01"))


def test_nothing_free_leaves_ways_on(desk: Client, cast: Cast) -> None:
    answer = panel(desk, cast, service="review", say="sunday")

    assert "Nothing is free in these two weeks." in text(answer)
    assert "day=2026-10" in link(answer, "Look two weeks later") or "day=2026-09" in link(
        answer, "Look two weeks later"
    )


def test_a_time_is_kept_while_the_caller_asks_at_home(desk: Client, client: Client, cast: Cast) -> None:
    url = reverse("appointments:book")
    sent = fields(panel(desk, cast, service="review"))
    del sent["session"]

    kept = desk.post(url, sent | {"keep": "1"}, follow=True)
    assert "kept for this caller until 03:40" in options(kept)[0]
    assert chosen(kept) == "Mon 14 Sep, 09:00"
    other = desk.get(url, {"patient": a_patient().pk, "service": "review"})
    assert chosen(other) != "Mon 14 Sep, 09:00"
    taken = desk.post(url, fields(other) | {"offer": sent["offer"]})
    assert "Rosa is keeping 09:00 for a caller." in text(taken)

    assert desk.post(url, fields(kept)).status_code == 302
    assert Appointment.objects.get().starts_at == at(9)
    assert not Reservation.objects.exists()


def test_a_time_that_is_let_go_is_free_for_everybody(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book")
    desk.post(url, fields(panel(desk, cast, service="review")) | {"keep": "1"})

    desk.post(url, {"patient": str(cast.leila.pk), "let_go": str(Reservation.objects.get().pk)})

    assert not Reservation.objects.exists()
    assert chosen(desk.get(url, {"patient": a_patient().pk, "service": "review"})) == "Mon 14 Sep, 09:00"


def test_one_clinician_if_possible_is_a_wish_and_not_a_wall(desk: Client, cast: Cast) -> None:
    mei = a_clinician("Mei Tanaka")
    a_room("Room 2")

    assert "Mei Tanaka" in options(panel(desk, cast, service="review", prefer=str(mei.pk)))[0]

    Absence.objects.create(resource=mei, during=DateTimeTZRange(at(0), at(0, day=14, month=10)))
    assert "Sara Haddad" in options(panel(desk, cast, service="review", prefer=str(mei.pk)))[0]
    assert options(panel(desk, cast, service="review", clinician=str(mei.pk))) == []


def test_what_all_three_have_in_common_is_not_given_as_a_reason(desk: Client, cast: Cast) -> None:
    a_room("Gym", "room_gym")
    a_session(cast.leila)

    assert not any("window" in option for option in options(panel(desk, cast)))


def test_a_class_is_booked_by_giving_a_place_in_one_that_has_room(desk: Client, cast: Cast) -> None:
    group = GroupSession.objects.create(
        name="Neck group", service_code="exercise_class", clinician=cast.sara, site=cast.site, places=6,
        starts_at=at(15, day=16), ends_at=at(16, day=16),
    )  # fmt: skip

    answer = panel(desk, cast, service="exercise_class")

    assert "Wed 16 Sep, 15:00 Neck group · Sara Haddad · 6 places left Give the place" in text(answer)
    assert reverse("appointments:group_seat", args=[group.pk]) in answer.content.decode()
