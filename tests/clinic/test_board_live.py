"""When the board has to be drawn again, and what asking for news costs."""

import re
from datetime import time, timedelta
from typing import Any

import pytest
import time_machine
from board_cast import DAY, NOON, a_class
from booking_cast import Cast, at
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from factories import a_patient, a_user

from clinic.appointments.actions import attendance, booking
from clinic.appointments.models import Absence, Appointment, Closure, Shift
from people.models import AuditEvent
from people.rules.permissions import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_noon")]

BACKEND = "people.web.backends.RightsBackend"


def version(answer: Any) -> str:
    found = re.search(r'data-version="(\w+)"', answer.content.decode())
    return found.group(1) if found else ""


def pulse(desk: Client, cast: Cast, version: str) -> int:
    address = f"/desk/pulse/2026-09-14/?site={cast.site.pk}&v={version}"
    return desk.get(address, headers={"HX-Request": "true", "X-Unattended": "yes"}).status_code


def test_nothing_is_drawn_again_while_nothing_has_changed(desk: Client, cast: Cast) -> None:
    cast.book(at(14), now=at(8))
    shown = version(desk.get(DAY))

    assert pulse(desk, cast, shown) == 204
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        assert pulse(desk, cast, shown) == 200, "who waits has waited a minute longer"


def arrives(cast: Cast, visit: Appointment) -> None:
    attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=NOON)


def is_cancelled(cast: Cast, visit: Appointment) -> None:
    booking.cancel(visit, reason="ill", by=cast.rosa, now=NOON)


def is_moved(cast: Cast, visit: Appointment) -> None:
    booking.move(visit, starts_at=at(16), resources=cast.pieces, revision=visit.revision, by=cast.rosa, now=NOON)


def another_is_booked(cast: Cast, visit: Appointment) -> None:
    cast.book(at(16), patient=a_patient(), now=NOON)


def runs_late(cast: Cast, visit: Appointment) -> None:
    Appointment.objects.filter(pk=visit.pk).update(expected_at=at(14, 10))


def therapist_falls_ill(cast: Cast, visit: Appointment) -> None:
    Absence.objects.create(resource=cast.sara, during=DateTimeTZRange(at(15), at(17)))


def site_closes(cast: Cast, visit: Appointment) -> None:
    Closure.objects.create(site=cast.site, on=at(12).date(), reason="Storm")


def hours_change(cast: Cast, visit: Appointment) -> None:
    Shift.objects.filter(resource=cast.sara, weekday=0).update(starts=time(10))


def class_is_made(cast: Cast, visit: Appointment) -> None:
    a_class(cast)


@pytest.mark.parametrize(
    "change",
    [
        arrives, is_cancelled, is_moved, another_is_booked, runs_late, therapist_falls_ill, site_closes, hours_change,
        class_is_made,
    ],
)  # fmt: skip
def test_whatever_another_desk_does_the_board_is_drawn_again(desk: Client, cast: Cast, change: Any) -> None:
    visit = cast.book(at(13), now=at(8))
    shown = version(desk.get(DAY))
    assert pulse(desk, cast, shown) == 204

    change(cast, visit)

    assert pulse(desk, cast, shown) == 200


def test_asking_for_news_costs_two_queries_of_its_own_however_long_the_day(
    desk: Client, cast: Cast, django_assert_num_queries: Any
) -> None:
    cast.book(at(14), now=at(8))
    pulse(desk, cast, "x")
    with django_assert_num_queries(5):
        pulse(desk, cast, "x")
    for hour in (13, 15, 16):
        cast.book(at(hour), patient=a_patient(), now=at(8))

    with django_assert_num_queries(5):
        pulse(desk, cast, "x")


def test_asking_for_news_writes_nothing_down(desk: Client, cast: Cast) -> None:
    desk.get(DAY)
    before = AuditEvent.objects.count()

    pulse(desk, cast, "x")

    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("query", ["", "?site=x", "?site=00000000-0000-0000-0000-000000000007"])
def test_there_is_no_news_of_a_site_that_does_not_exist(desk: Client, query: str) -> None:
    assert desk.get(f"/desk/pulse/2026-09-14/{query}").status_code == 404


def test_who_was_signed_out_is_sent_to_sign_in(client: Client, cast: Cast) -> None:
    asked = client.get(
        f"/desk/pulse/2026-09-14/?site={cast.site.pk}", headers={"HX-Request": "true", "HX-Current-URL": DAY}
    )

    assert asked.status_code == 204
    assert asked["HX-Redirect"] == f"/signin/?next={DAY}"


@pytest.mark.parametrize(
    "url", ["/desk/pulse/2026-09-14/", "/desk/keys/", "/desk/free/2026-09-14/", "/desk/week/2026-W38/"]
)
def test_a_patient_finds_nothing_there(client: Client, cast: Cast, url: str) -> None:
    client.force_login(a_user(Role.PATIENT), backend=BACKEND)

    assert client.get(url).status_code == 404
