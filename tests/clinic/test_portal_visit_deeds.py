"""What a patient does to a visit besides booking it: taking something back, and saying that she is here."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from due_cast import a_time, sent, session_of, shown, times
from factories import NOW, a_device, a_room
from plan_cast import an_open_flag
from portal_cast import A_DAY, Portal, a_portal, it_is, signed_in

from clinic.appointments.actions import booking, undo
from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from people.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def portal() -> Portal:
    portal = a_portal()
    a_device()
    a_room("Laser room", "room_laser")
    return portal


def pressed(portal: Portal, visit: Appointment, minutes: int = 1, **typed: Any) -> str:
    visit.refresh_from_db()
    with it_is(NOW + timedelta(minutes=minutes)):
        url = f"/me/visits/{visit.pk}/"
        return unescape(portal.client.post(url, {"revision": visit.revision} | typed, follow=True).content.decode())


def test_for_three_minutes_a_booking_a_move_and_a_cancellation_can_be_undone(portal: Portal) -> None:
    what = str(session_of(portal).pk)
    sent(portal, what, a_time(portal, what))
    booked = Appointment.objects.get(session=what)
    was = portal.visit.starts_at

    assert "You have just booked this visit." in shown(portal, f"/me/visits/{booked.pk}/")
    assert "Undone. Nothing is booked." in pressed(portal, booked, do="undo")
    with it_is(NOW):
        times_of = times(portal.client.get(f"/me/visits/{portal.visit.pk}/").content.decode())
        portal.client.post(
            f"/me/visits/{portal.visit.pk}/",
            {"do": "move", "offer": unescape(times_of[-1]), "revision": portal.visit.revision},
        )
    assert "Undone. Your visit is as it was before." in pressed(portal, portal.visit, do="undo")
    portal.visit.refresh_from_db()
    assert portal.visit.starts_at == was
    assert "The visit is cancelled." in pressed(portal, portal.visit, minutes=0, do="cancel")
    assert "as it was before" in pressed(portal, portal.visit, do="undo")

    booked.refresh_from_db()
    portal.visit.refresh_from_db()
    assert (booked.status, portal.visit.status, portal.visit.starts_at) == ("cancelled", "booked", was)


def test_after_that_and_for_what_the_desk_did_there_is_nothing_to_undo(portal: Portal) -> None:
    moved = booking.cancel(portal.visit, reason="x", by=portal.rosa, now=NOW)
    assert "too late to undo" in pressed(portal, moved, do="undo")
    what = str(session_of(portal).pk)
    sent(portal, what, a_time(portal, what))
    booked = Appointment.objects.get(session=what)

    assert "too late to undo" in pressed(portal, booked, minutes=4, do="undo")
    assert undo.open_changes(by=portal.rosa, now=NOW).count() == 1
    booked.refresh_from_db()
    assert booked.status == "booked"


# Outside, in the car


def here(portal: Portal, *, before: timedelta) -> str:
    portal.visit.refresh_from_db()
    with it_is(portal.visit.starts_at - before):
        url = f"/me/visits/{portal.visit.pk}/"
        typed = {"do": "here", "revision": portal.visit.revision}
        return unescape(portal.client.post(url, typed, follow=True).content.decode())


def board(portal: Portal, moment: Any) -> str:
    desk = signed_in(portal.rosa)
    with it_is(moment):
        return desk.get(f"/desk/list/2026-09-17/?site={portal.site.pk}").content.decode()


def test_she_checks_in_from_the_car_park_and_the_desk_sees_that_it_was_her_phone(portal: Portal) -> None:
    near = timedelta(minutes=20)
    with it_is(portal.visit.starts_at - near):
        for page in (f"/me/visits/{portal.visit.pk}/", "/me/"):
            assert "I am here" in portal.client.get(page).content.decode(), page

    for _ in range(2):
        assert "Please come to the desk." in here(portal, before=near)

    portal.visit.refresh_from_db()
    assert portal.visit.status == Status.ARRIVED
    assert AuditEvent.objects.filter(deed="appointment.status_set", by=portal.leila.user).count() == 1
    assert "Says so by phone" in board(portal, portal.visit.starts_at)


def test_nobody_is_here_hours_before_or_when_it_is_over(portal: Portal) -> None:
    assert "from half an hour before your visit" in here(portal, before=timedelta(hours=2))
    assert "from half an hour before your visit" in here(portal, before=-A_DAY)
    with it_is(NOW):
        assert "I am here" not in portal.client.get(f"/me/visits/{portal.visit.pk}/").content.decode()

    portal.visit.refresh_from_db()
    assert (portal.visit.status, portal.visit.arrived_at) == ("booked", None)


def test_who_must_be_looked_at_first_waits_for_a_clinician_and_learns_nothing(portal: Portal) -> None:
    rows = Appointment.objects.filter(pk=portal.visit.pk)
    rows.update(service_code="laser_therapy")
    an_open_flag(portal.leila)

    html = here(portal, before=timedelta(minutes=5))

    portal.visit.refresh_from_db()
    assert portal.visit.waits_for_clinician
    assert "Please come to the desk." in html
    assert "linician" not in html.partition("<main")[2].partition("pcard")[0]
