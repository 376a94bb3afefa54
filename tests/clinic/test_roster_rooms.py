"""Rooms and devices: named, changed, retired and brought back, and the visits that hold them."""

import html
import re

import pytest
from booking_cast import a_cast, at, service
from django.test import Client
from factories import MONDAY, NOW, a_room, a_site
from office_cast import said
from roster_cast import show, url

from clinic.appointments.actions import availability, roster
from clinic.appointments.models import Resource
from people.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("northgate", "monday_morning")]


def test_a_room_without_a_kind_is_refused_and_its_name_is_kept(office: Client) -> None:
    page = office.post(url("_new_room"), {"name": "Room 9", "site": a_site().pk})

    assert "Can be used as: Tick at least one." in said(page)
    assert 'value="Room 9"' in page.content.decode()
    assert not Resource.objects.rooms().exists()


def test_two_rooms_of_one_site_never_have_the_same_name(office: Client) -> None:
    a_room("Room 1")

    page = office.post(url("_new_room"), {"name": "room 1", "site": a_site().pk, "kinds": ["room_gym"]})

    assert "There is one with this name at that site already." in said(page)
    office.post(url("_new_room"), {"name": "Room 1", "site": a_site("Harbor").pk, "kinds": ["room_gym"]})
    assert Resource.objects.rooms().count() == 2


def test_a_room_is_renamed_moved_and_used_for_something_else(office: Client) -> None:
    room, harbor = a_room("Room 1", "room_consult"), a_site("Harbor")
    typed = {"name": "Quiet", "site": harbor.pk, "kinds": ["room_quiet"], "seen": roster.as_seen(room)}

    office.post(url("_piece", room.pk), typed)

    room.refresh_from_db()
    assert (room.name, room.site, room.offers) == ("Quiet", harbor, ["room_quiet"])


def test_of_two_who_change_a_room_the_second_sees_what_the_first_saved(office: Client, owner: User) -> None:
    room = a_room("Room 1", "room_consult")
    typed = {"name": "Mine", "site": room.site_id, "kinds": ["room_gym"], "seen": roster.as_seen(room)}
    roster.change_piece(room, name="Theirs", site=a_site(), offers=["room_consult"], by=owner)

    page = office.post(url("_piece", room.pk), typed)

    assert "Somebody else changed it meanwhile. It is now: Theirs, Northgate Main." in said(page)
    assert 'value="Mine"' in page.content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', page.content.decode())
    assert seen
    office.post(url("_piece", room.pk), typed | {"seen": html.unescape(seen[1])})
    room.refresh_from_db()
    assert room.name == "Mine"


def test_retiring_says_first_how_many_visits_hold_it_and_keeps_them(office: Client) -> None:
    cast = a_cast()
    visit = cast.book(at(9))

    assert "1 coming visit holds it. It stays as it is until somebody moves it" in show(office, "_retire", cast.room.pk)
    assert cast.room.is_active
    answer = office.post(url("_retire", cast.room.pk), follow=True)

    assert "1 visit holds Room 1, which is not there for it any more" in said(answer)
    visit.refresh_from_db()
    assert (visit.is_standing, visit.holds.count()) == (True, 3)
    assert availability.free_times(service(), patient=None, first=MONDAY, days=5, now=NOW) == []
    office.post(url("_bring_back", cast.room.pk))
    assert availability.free_times(service(), patient=None, first=MONDAY, days=5, now=NOW) != []


def test_a_retired_room_does_not_come_back_under_a_name_that_was_given_away(office: Client, owner: User) -> None:
    old = roster.retire(a_room("Room 1"), by=owner)
    a_room("Room 1")

    page = office.post(url("_bring_back", old.pk), follow=True)

    assert "There is one with this name at that site already." in said(page)
    old.refresh_from_db()
    assert not old.is_active


def test_a_room_that_moves_away_from_its_visits_lists_them(office: Client, owner: User) -> None:
    cast = a_cast()
    cast.book(at(9))

    roster.change_piece(cast.room, name="Room 1", site=a_site("Harbor"), offers=["room_consult"], by=owner)

    assert "1 visit holds Room 1, which is not there for it any more" in show(office, "_piece", cast.room.pk)


def test_a_page_about_rooms_never_opens_a_patient_or_a_clinician(office: Client) -> None:
    cast = a_cast()
    cast.book(at(9))
    patient = Resource.objects.get(kind=Resource.Kind.PATIENT)

    pages = [url("_piece", cast.sara.pk), url("_retire", cast.sara.pk), url("_clinician", cast.room.pk)]
    pages += [url("_piece", patient.pk), url("_add_absence", patient.pk), url("_add_hours", cast.room.pk)]

    assert [office.get(page).status_code for page in pages] == [404] * 6
