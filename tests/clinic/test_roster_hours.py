"""The hours of a clinician: added, refused in words, ended, and which visits are left outside."""

from datetime import date, time
from typing import Any

import pytest
from booking_cast import a_cast, at
from django.test import Client
from django.urls import reverse
from factories import MONDAY, a_clinician, a_patient, a_site, a_user
from office_cast import said
from roster_cast import hours, url

from clinic.appointments.actions import roster
from clinic.appointments.models import Appointment, Shift
from people.models import AuditEvent, User
from people.rules.permissions import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("northgate", "monday_morning")]

NEXT_MONDAY = date(2026, 9, 21)


def test_hours_are_added_on_several_weekdays_at_once(office: Client) -> None:
    site = a_site()
    sara = a_clinician(site=site)
    sara.shifts.all().delete()

    office.post(url("_add_hours", sara.pk), hours(site, starts_again="13:00", ends_again="17:00"))

    assert list(Shift.objects.values_list("weekday", "starts", "ends", "valid_from", "valid_until")) == [
        (day, starts, ends, MONDAY, None)
        for day in (0, 2)
        for starts, ends in ((time(9), time(12)), (time(13), time(17)))
    ]
    assert AuditEvent.objects.get(deed="shifts.added").detail == {"count": 4}


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ({"weekdays": []}, "On: Tick at least one weekday."),
        ({"starts": "12:00", "ends": "09:00"}, "Until: The end must come after the beginning."),
        ({"starts_again": "13:00"}, "And until: The second time needs both."),
        ({"starts_again": "11:00", "ends_again": "13:00"}, "And from: This lies before the first time ends."),
        ({"valid_until": "2026-09-01"}, "Last day: The last day lies before the first one."),
        ({"valid_from": "soon"}, "First day: Enter a valid date."),
    ],
)
def test_hours_that_cannot_be_are_refused_in_words_and_nothing_typed_is_lost(
    office: Client, typed: dict[str, Any], answer: str
) -> None:
    site = a_site()
    sara = a_clinician(site=site)
    before = Shift.objects.count()
    asked = hours(site) | {"weekdays": ["5"], "ends": "11:45"} | typed

    page = office.post(url("_add_hours", sara.pk), asked)

    assert answer in said(page)
    assert Shift.objects.count() == before
    form = page.content.decode()
    for name in ("starts", "ends", "starts_again", "valid_from", "valid_until"):
        if asked.get(name):
            assert f'value="{asked[name]}"' in form, name


def test_hours_that_overlap_are_refused_with_the_ones_in_the_way_also_at_another_site(office: Client) -> None:
    sara, harbor = a_clinician(), a_site("Harbor")

    page = office.post(url("_add_hours", sara.pk), hours(harbor, weekdays=["6", "0"], starts="11:00", ends="14:00"))

    assert "There are hours in that time already: Monday 09:00-12:00, Northgate Main." in said(page)
    assert not Shift.objects.filter(site=harbor).exists()


def test_ended_hours_hold_until_their_last_day_and_visits_after_it_are_listed(office: Client) -> None:
    cast = a_cast()
    stays, strands = cast.book(at(9)), cast.book(at(9, day=21), patient=a_patient(family_name="Nguyen"))
    shift = cast.sara.shifts.get(weekday=0, starts=time(9))

    office.post(url("_end_hours", shift.pk), {"last_day": "2026-09-14"})

    page = office.get(url("_clinician", cast.sara.pk))
    assert "1 visit now falls outside the hours of Sara Haddad" in said(page)
    assert "Mon 21 Sep 2026, 09:00" in said(page)
    assert reverse("appointments:visit", args=[strands.pk]) in page.content.decode()
    assert reverse("appointments:visit", args=[stays.pk]) not in page.content.decode()
    assert Appointment.objects.expected().count() == 2


def test_hours_that_never_began_are_removed_when_they_are_ended(office: Client) -> None:
    sara = a_clinician()
    shift = roster.add_shifts(
        sara, site=a_site(), weekdays=[5], hours=[(time(9), time(10))], valid_from=NEXT_MONDAY, by=a_user(Role.OWNER)
    )[0]

    office.post(url("_end_hours", shift.pk), {"last_day": "2026-09-14"})

    assert not Shift.objects.filter(pk=shift.pk).exists()
    assert AuditEvent.objects.filter(deed="shift.removed").count() == 1


def test_ending_never_makes_hours_longer(office: Client) -> None:
    shift = a_clinician().shifts.all()[0]
    office.post(url("_end_hours", shift.pk), {"last_day": "2026-09-20"})

    page = office.post(url("_end_hours", shift.pk), {"last_day": "2026-09-30"})

    assert "These hours end earlier than that already." in said(page)
    shift.refresh_from_db()
    assert shift.valid_until == date(2026, 9, 20)


def test_all_hours_of_somebody_who_leaves_are_ended_at_once(office: Client) -> None:
    sara = a_clinician()

    office.post(url("_end_all_hours", sara.pk), {"last_day": "2026-09-30"})

    assert set(sara.shifts.values_list("valid_until", flat=True)) == {date(2026, 9, 30)}
    assert AuditEvent.objects.get(deed="shifts.ended").detail == {"count": 10, "last_day": "2026-09-30"}


def test_of_two_who_end_the_same_hours_the_second_is_told(office: Client, owner: User) -> None:
    shift = roster.add_shifts(
        a_clinician(), site=a_site(), weekdays=[5], hours=[(time(9), time(10))], valid_from=NEXT_MONDAY, by=owner
    )[0]
    opened = Shift.objects.get(pk=shift.pk)
    roster.end_shift(shift, last_day=MONDAY, by=owner)

    with pytest.raises(roster.GoneAlready, match="Somebody else has removed this"):
        roster.end_shift(opened, last_day=MONDAY, by=owner)
    assert office.get(url("_end_hours", opened.pk)).status_code == 404


def test_an_error_about_weekdays_leads_to_the_first_of_them(office: Client) -> None:
    page = office.post(url("_add_hours", a_clinician().pk), hours(a_site(), weekdays=[])).content.decode()

    assert ('href="#id_weekdays_0"' in page, page.count('id="id_weekdays_0"')) == (True, 1)
