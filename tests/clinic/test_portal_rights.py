"""Being forgotten, and the devices where somebody is signed in."""

from datetime import date, timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from factories import NOW, a_portal_patient
from portal_cast import Portal, a_portal, it_is, signed_in
from record_cast import a_rich_record

from clinic.appointments.models import VisitPreference
from clinic.reminders.actions import forgetting
from clinic.reminders.models import CalendarFeed, OptOut
from patients.actions import registration
from patients.models import Erasure, Helper, Patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def portal() -> Portal:
    return a_portal()


def test_being_forgotten_deletes_the_wishes_stops_the_messages_and_closes_the_door(portal: Portal) -> None:
    a_rich_record(portal)
    client, _session = a_phone(portal.leila)
    html = client.get("/me/data/forget/").content.decode()
    assert "until 17 September 2036" in html

    done = client.post("/me/data/forget/", {"is_sure": "on"}).content.decode()

    leila = Patient.objects.get(pk=portal.leila.pk)
    assert "You are signed out" in done
    assert leila.user is None
    assert not VisitPreference.objects.filter(patient=leila).exists()
    assert not CalendarFeed.objects.working().filter(patient=leila).exists()
    assert not Helper.objects.working().filter(patient=leila).exists()
    assert set(OptOut.objects.filter(patient=leila).values_list("channel", "is_out")) == {
        ("email", True), ("sms", True), ("push", True),
    }  # fmt: skip
    assert client.get("/me/").status_code == 302
    assert signed_in(portal.leila.user).get("/me/").status_code == 404
    assert Erasure.objects.get().went["helpers"] == 1
    desk = signed_in(portal.rosa)
    assert "kept until 17 September 2036" in desk.get("/desk/requests/").content.decode()
    desk.post(f"/desk/requests/forget/{Erasure.objects.get().pk}/")
    assert Erasure.objects.get().seen_by == portal.rosa


def test_the_door_stays_closed_until_the_desk_types_a_new_address(portal: Portal) -> None:
    assert portal.leila.user
    leila, desk = portal.leila, portal.rosa
    forgetting.forget(leila, by=portal.leila.user, now=NOW)

    registration.correct(leila, by=desk, now=NOW, city="Springfield")
    assert Patient.objects.get(pk=leila.pk).user is None

    registration.correct(leila, by=desk, now=NOW, email="leila.again@example.org")
    again = Patient.objects.get(pk=leila.pk)
    assert again.user
    assert (again.user.email, again.portal_confirmed_at) == ("leila.again@example.org", None)


def test_who_never_came_is_told_that_nothing_has_to_be_kept(portal: Portal) -> None:
    before = portal.visit.starts_at - timedelta(hours=1)

    assert forgetting.kept_until(portal.leila, now=before) is None
    assert forgetting.kept_until(portal.leila, now=portal.visit.ends_at) == date(2036, 9, 17)
    with it_is(before):
        html = portal.client.get("/me/data/forget/").content.decode()
    assert "We have to keep nothing about your health." in html
    assert "You have 1 visit booked." in html


def test_nobody_is_forgotten_by_a_slip_or_by_somebody_else(portal: Portal) -> None:
    client = portal.client

    assert "and I want to be forgotten: Tick this if you are sure." in client.post("/me/data/forget/").content.decode()
    assert signed_in(portal.rosa).post("/me/data/forget/", {"is_sure": "on"}).status_code == 404
    assert not Erasure.objects.exists()


def a_phone(patient: Patient) -> tuple[Client, UserSession]:
    """Signed in there, as the list of devices knows it."""
    client = signed_in(patient.user)
    key = client.session.session_key or ""
    assert patient.user
    return client, UserSession.objects.create(
        user=patient.user, session_key=key, ip="203.0.113.7", user_agent="Firefox/1"
    )


def test_one_device_is_signed_out_at_once_and_another_stays(portal: Portal) -> None:
    (here, _mine), (there, lost), (elsewhere, _kept) = (a_phone(portal.leila) for _ in range(3))

    html = here.get("/me/devices/").content.decode()
    here.post("/me/devices/", {"device": str(lost.pk)})

    assert html.count(">Sign out there<") == 2
    assert there.get("/me/").status_code == 302
    assert elsewhere.get("/me/devices/").status_code == 200
    here.post("/me/devices/", {"device": "others"})
    assert elsewhere.get("/me/").status_code == 302
    assert here.get("/me/devices/").status_code == 200


def test_nobody_signs_out_another(portal: Portal) -> None:
    their_phone, session = a_phone(a_portal_patient())

    portal.client.post("/me/devices/", {"device": str(session.pk)})

    assert their_phone.get("/me/devices/").status_code == 200
