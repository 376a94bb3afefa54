"""Setting up rooms, devices, hours, absences and closing days."""

from datetime import date, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_device, a_room, a_site, a_user, the_clinic

from people.rules.permissions import Role


@pytest.fixture
def office(db: None) -> Any:
    the_clinic()
    client = Client()
    client.force_login(a_user(Role.OWNER), backend="allauth.account.auth_backends.AuthenticationBackend")
    with time_machine.travel(NOW, tick=False):
        yield client


def test_smoke(office: Client) -> None:
    sara, room, device = a_clinician(), a_room(), a_device()
    for url in [
        reverse("appointments:roster"),
        reverse("appointments:roster_clinician", args=[sara.pk]),
        reverse("appointments:roster_add_hours", args=[sara.pk]),
        reverse("appointments:roster_add_absence", args=[sara.pk]),
        reverse("appointments:roster_piece", args=[room.pk]),
        reverse("appointments:roster_piece", args=[device.pk]),
        reverse("appointments:roster_retire", args=[room.pk]),
        reverse("appointments:roster_new_room"),
        reverse("appointments:roster_new_device"),
        reverse("appointments:roster_close"),
        reverse("appointments:roster_end_hours", args=[sara.shifts.first().pk]),
    ]:
        assert office.get(url).status_code == 200, url
