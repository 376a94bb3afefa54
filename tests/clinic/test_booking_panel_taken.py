"""The booking panel when somebody else was quicker, and who may book on top all the same."""

import re
from datetime import UTC, datetime

import pytest
from booking_cast import Cast, at
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_room, a_user
from office_cast import text
from panel_cast import fields, panel

from clinic.appointments.models import Absence, Appointment
from people.rules.permissions import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]


def test_a_time_that_somebody_else_took_is_told_with_the_next_best_ones_and_nothing_is_lost(
    desk: Client, cast: Cast
) -> None:
    sent = fields(panel(desk, cast, service="review", clinician=str(cast.sara.pk)))
    cast.book(at(9), patient=a_patient())

    answer = desk.post(reverse("appointments:book"), sent)

    assert answer.status_code == 409
    assert "09:00 was booked by Rosa a moment ago. Nothing was saved. Your choices are still here." in text(answer)
    again = fields(answer)
    assert (again["service"], again["clinician"], again["request_key"]) == (
        "review", str(cast.sara.pk), sent["request_key"],
    )  # fmt: skip
    assert again["offer"] != sent["offer"]
    assert desk.post(reverse("appointments:book"), again).status_code == 302


def test_leave_that_was_added_while_the_panel_was_open_is_respected(desk: Client, cast: Cast) -> None:
    sent = fields(panel(desk, cast))
    Absence.objects.create(resource=cast.sara, during=DateTimeTZRange(at(0), at(0, day=15)))

    assert "somebody is away" in text(desk.post(reverse("appointments:book"), sent))
    assert Appointment.objects.count() == 0
    assert datetime.now(UTC) == NOW


def test_a_time_that_a_patient_took_is_told_without_a_name(desk: Client, cast: Cast) -> None:
    sent = fields(panel(desk, cast, service="review"))
    cast.book(at(9), patient=a_patient(family_name="Quillfeather"), by=None)

    answer = desk.post(reverse("appointments:book"), sent)

    assert "09:00 was booked by a patient a moment ago." in text(answer)
    assert "Quillfeather" not in text(answer)


def test_who_may_overbook_is_asked_why_and_the_front_desk_is_not(client: Client, cast: Cast) -> None:
    client.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
    sent = fields(panel(client, cast, service="review"))
    first = cast.book(at(9), patient=a_patient())
    assert "on top of the other visit" not in text(client.post(reverse("appointments:book"), sent))
    refused = client.post(reverse("appointments:book"), sent | {"overbook_because": "She insists"})
    assert (refused.status_code, Appointment.objects.count()) == (409, 1)

    client.force_login(a_user(Role.CLINICIAN), backend="people.web.backends.RightsBackend")
    assert "Book it all the same, on top of the other visit. Why?" in text(
        client.post(reverse("appointments:book"), sent)
    )
    done = client.post(reverse("appointments:book"), sent | {"overbook_because": "Acute, ten minutes"})

    assert done.status_code == 302
    second = Appointment.objects.exclude(pk=first.pk).get()
    assert (second.starts_at, second.overbooked_because) == (at(9), "Acute, ten minutes")


def test_a_taken_time_is_overbooked_on_purpose_by_who_may(client: Client, cast: Cast) -> None:
    cast.book(at(10, day=16), patient=a_patient())
    a_room("Room 2")
    asked = {"service": "review", "day": "2026-09-16", "at": "10:00", "clinician": str(cast.sara.pk)}
    client.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
    assert "on top of what is there" not in text(panel(client, cast, **asked))

    client.force_login(a_user(Role.MANAGER), backend="people.web.backends.RightsBackend")
    answer = panel(client, cast, **asked)
    assert "Wed 16 Sep, 10:00 with Sara Haddad, Room 2: book it all the same" in text(answer)
    form = answer.content.decode().partition('class="overbook"')[2]
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    done = client.post(reverse("appointments:book"), sent | {"overbook_because": "Only day she can come"})

    assert done.status_code == 302
    visit = Appointment.objects.get(patient=cast.leila)
    assert (visit.starts_at, visit.overbooked_because) == (at(10, day=16), "Only day she can come")
    marked = {hold.resource.name: hold.is_overbooked for hold in visit.holds.select_related("resource")}
    assert (marked["Sara Haddad"], marked["Room 2"]) == (True, False)
