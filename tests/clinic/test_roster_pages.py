"""The overview of the roster: a clinic set up from nothing, who is on it, and who may see it."""

from datetime import timedelta
from typing import Any

import pytest
from booking_cast import Cast, a_cast, at, service
from django.test import Client
from django.urls import reverse
from factories import MONDAY, NOW, a_clinician, a_device, a_patient, a_room, a_site, a_user
from office_cast import as_user, said
from roster_cast import hours, show, url

from clinic.appointments.actions import availability, roster
from clinic.appointments.models import Absence, Appointment, Closure, Resource
from people.models import AuditEvent, User
from people.rules.permissions import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("northgate", "monday_morning")]


def test_the_owner_of_an_empty_clinic_sets_it_up_until_times_are_offered(office: Client) -> None:
    page = show(office, "")
    assert "There is no site yet." in page
    assert "13 kinds of visit cannot be booked anywhere." in page
    assert "Adjustment There is no room of the kind “Manual therapy room with adjustable (drop) table”." in page

    office.post(
        reverse("people:new_site"),
        {"name": "Northgate Main", "address": "", "phone": "", "time_zone": "America/New_York"},
    )
    site = a_site()
    office.post(url("_new_room"), {"name": "Room 1", "site": site.pk, "kinds": ["room_consult"]})
    office.post(url("_new_room"), {"name": "Room 2", "site": site.pk, "kinds": ["room_laser", "room_treatment"]})
    office.post(url("_new_device"), {"name": "Laser", "site": site.pk, "code": "dev_laser_3b"})
    a_user(Role.CLINICIAN, name="Sara Haddad", profession="physical_therapist")
    assert "Put 1 person on the roster" in show(office, "")
    office.post(url("_people"))
    sara = Resource.objects.clinicians().get()
    assert "No hours: cannot be booked" in show(office, "")
    answer = office.post(
        url("_add_hours", sara.pk), hours(site, starts_again="13:00", ends_again="17:00", valid_until="2026-12-31")
    )
    assert answer.url == url("_clinician", sara.pk)

    page = show(office, "")
    assert "Mon 09:00-12:00, 13:00-17:00, Northgate Main Wed 09:00-12:00, 13:00-17:00, Northgate Main" in page
    assert "Laser There is no" not in page
    patient = a_patient()
    for code in ("first_assessment", "laser_therapy"):
        offers = availability.free_times(service(code), patient=patient, first=MONDAY, days=7, now=NOW)
        assert offers[0].starts_at == at(9), code
        assert {offer.local_start.date() for offer in offers} == {MONDAY, MONDAY + timedelta(days=2)}


def test_opening_the_overview_changes_nothing(office: Client) -> None:
    a_user(Role.CLINICIAN)
    before = (AuditEvent.objects.count(), Resource.objects.count())

    office.get(url(""))

    assert (AuditEvent.objects.count(), Resource.objects.count()) == before


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.CLINICIAN, Role.PATIENT])
def test_nobody_but_the_office_finds_the_roster(role: Role) -> None:
    client = as_user(a_user(role))
    sara, room = a_clinician(), a_room()
    shift = sara.shifts.all()[0]

    for page in [
        url(""), url("_new_room"), url("_close"), url("_clinician", sara.pk), url("_piece", room.pk),
        url("_end_hours", shift.pk), url("_people"), url("_retire", room.pk),
    ]:  # fmt: skip
        assert (client.get(page).status_code, client.post(page).status_code) == (404, 404), page
    room.refresh_from_db()
    assert room.is_active


@pytest.mark.parametrize("rows", [1, 50])
def test_the_overview_costs_the_same_for_one_and_for_fifty(
    office: Client, owner: User, rows: int, django_assert_num_queries: Any
) -> None:
    site = a_site()
    for n in range(rows):
        clinician = a_clinician(f"Sara {n}", site=site)
        room = a_room(f"Room {n}")
        a_device()
        roster.close(site=None, on=MONDAY + timedelta(days=n), reason="Holiday", by=owner)
        roster.add_absence(clinician, starts_at=at(9), ends_at=at(12), reason="", by=owner)
        Appointment.objects.create(
            patient=a_patient(), service_code="review", clinician=clinician, site=site, starts_at=at(9),
            ends_at=at(10), booked_at=NOW, timed_at=NOW,
        ).holds.create(resource=room, during=(at(9), at(10)))  # fmt: skip
    office.get(url(""))

    with django_assert_num_queries(12):
        page = office.get(url(""))

    assert said(page).count("Hours and leave") == rows


def test_who_gets_a_profession_or_leaves_is_put_on_and_off_the_roster(office: Client) -> None:
    sara = a_user(Role.CLINICIAN, name="Sara Haddad", profession="physical_therapist")
    office.post(url("_people"))
    User.objects.filter(pk=sara.pk).update(name="Sara Khoury", profession="chiropractor")
    assert "Put 1 person on the roster" in show(office, "")

    office.post(url("_people"))

    assert Resource.objects.values_list("name", "offers", "is_active").get(site=None) == (
        "Sara Khoury", ["chiropractor"], True,
    )  # fmt: skip
    User.objects.filter(pk=sara.pk).update(is_active=False)
    office.post(url("_people"))
    assert not Resource.objects.get(user=sara).is_active
    assert "Sara Khoury" not in show(office, "")
    assert "Put 1 person" not in show(office, "")
    assert list(AuditEvent.objects.filter(deed__startswith="resource").values_list("deed", flat=True)) == [
        "resource.added", "resource.changed", "resource.changed",
    ]  # fmt: skip


def test_whoever_left_with_visits_stays_on_the_overview_until_they_are_moved(office: Client) -> None:
    cast = a_cast()
    visit = cast.book(at(9))
    User.objects.filter(pk=cast.sara.user_id).update(is_active=False)

    office.post(url("_people"))

    assert "Sara Haddad Has left Physical therapist (PT) 1 visit to move" in show(office, "")
    page = office.get(url("_clinician", cast.sara.pk))
    assert "1 visit now falls outside the hours of Sara Haddad" in said(page)
    assert reverse("appointments:visit", args=[visit.pk]) in page.content.decode()


def test_pressing_twice_puts_nobody_on_twice(office: Client) -> None:
    a_user(Role.CLINICIAN)
    office.post(url("_people"))

    office.post(url("_people"))

    assert Resource.objects.clinicians().count() == 1
    assert "The roster follows the staff list already." in show(office, "")


def test_mutations_are_not_done_by_following_a_link(office: Client, cast: Cast) -> None:
    closure = Closure.objects.create(on=MONDAY, reason="x")
    absence = Absence.objects.create(resource=cast.sara, during=(at(9), at(10)))

    pages = [url("_people"), url("_bring_back", cast.room.pk), url("_remove_absence", absence.pk)]
    pages.append(url("_open_again", closure.pk))

    assert [office.get(page).status_code for page in pages] == [405] * 4
