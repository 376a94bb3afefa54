"""Leave, service and closing days, page by page."""

from datetime import UTC, datetime, time

import pytest
from booking_cast import NEW_YORK, a_cast, at, service
from django.test import Client
from django.urls import reverse
from factories import MONDAY, NOW, a_clinician, a_device, a_patient, a_room, a_site
from office_cast import said
from roster_cast import show, url

from clinic.appointments.actions import availability, roster
from clinic.appointments.models import Absence, Closure, Resource
from people.models import AuditEvent, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("northgate", "monday_morning")]


# Leave and service


def test_leave_of_whole_days_lasts_until_the_end_of_the_last_on_the_clock_of_the_site(office: Client) -> None:
    cast = a_cast()
    visit = cast.book(at(9, day=15))

    answer = office.post(
        url("_add_absence", cast.sara.pk),
        {"first_day": "2026-09-15", "last_day": "2026-09-16", "reason": "Course"},
        follow=True,
    )

    during = Absence.objects.get().during
    assert (during.lower, during.upper) == (at(0, day=15), at(0, day=17))
    assert "1 visit now falls outside the hours of Sara Haddad" in said(answer)
    assert "Tue 15 Sep 2026, 00:00" in said(answer)
    assert reverse("appointments:visit", args=[visit.pk]) in answer.content.decode()
    assert "1 visit to move" in show(office, "")
    assert AuditEvent.objects.get(deed="absence.added").detail == {"resource": str(cast.sara.pk)}


def test_leave_in_the_hour_that_happens_twice_covers_both(office: Client) -> None:
    sara = a_clinician()
    night = {"first_day": "2026-11-01", "starts": "01:00", "last_day": "2026-11-01", "ends": "01:30"}

    office.post(url("_add_absence", sara.pk), night)

    during = Absence.objects.get().during
    assert (during.lower, during.upper) == (
        datetime(2026, 11, 1, 5, 0, tzinfo=UTC),  # 01:00 summer time
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),  # 01:30 winter time
    )


def test_leave_in_the_hour_that_is_skipped_begins_after_it(office: Client) -> None:
    night = {"first_day": "2027-03-14", "starts": "02:30", "last_day": "2027-03-14", "ends": "05:00"}

    office.post(url("_add_absence", a_clinician().pk), night)

    assert Absence.objects.get().during.lower.astimezone(NEW_YORK).time() == time(3, 30)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ({"last_day": "2026-09-14"}, "Until: The end must come after the beginning."),
        ({"last_day": "2026-09-15", "starts": "12:00", "ends": "11:00"}, "The end must come after the beginning."),
        ({"last_day": ""}, "Until: This field is required."),
    ],
)
def test_leave_that_ends_before_it_begins_is_refused_and_its_reason_kept(
    office: Client, typed: dict[str, str], answer: str
) -> None:
    page = office.post(url("_add_absence", a_clinician().pk), {"first_day": "2026-09-15", "reason": "Course"} | typed)

    assert answer in said(page)
    assert 'value="Course"' in page.content.decode()
    assert not Absence.objects.exists()


def test_leave_that_overlaps_with_other_leave_is_refused_in_words_and_can_be_taken_back(office: Client) -> None:
    sara = a_clinician()
    days = {"first_day": "2026-09-15", "last_day": "2026-09-16"}
    office.post(url("_add_absence", sara.pk), days)

    page = office.post(url("_add_absence", sara.pk), days)

    assert "There is leave or service in that time already." in said(page)
    assert Absence.objects.count() == 1
    office.post(url("_remove_absence", Absence.objects.get().pk))
    assert not Absence.objects.exists()


def test_a_device_in_service_is_not_offered_and_its_visits_are_listed_on_its_page(office: Client) -> None:
    cast = a_cast()
    laser = a_device()
    a_room("Laser room", "room_laser", site=cast.site)
    room = Resource.objects.get(name="Laser room")
    cast.book(at(9), service=service("laser_therapy"), resources=(cast.sara, room, laser))

    page = office.post(
        url("_add_absence", laser.pk), {"first_day": "2026-09-14", "last_day": "2026-09-14"}, follow=True
    )

    assert "1 visit holds dev_laser_3b, which is not there for it any more" in said(page)
    assert availability.free_times(service("laser_therapy"), patient=None, first=MONDAY, days=1, now=NOW) == []


# Closing days


def test_a_closing_day_lists_who_is_still_expected_and_can_be_taken_back(office: Client) -> None:
    cast = a_cast()
    cast.book(at(9))
    cast.book(at(9, day=15), patient=a_patient())

    page = office.post(url("_close"), {"site": "", "on": "2026-09-14", "reason": "Storm"}, follow=True)

    assert "Closed on Monday 14 September 2026 Every site: Storm" in said(page)
    assert "1 visit is still expected that day" in said(page)
    assert "1 visit now falls outside" in show(office, "_clinician", cast.sara.pk)
    assert "Mon 14 September 2026 Every site Storm 1 visit to move" in show(office, "")
    office.post(url("_open_again", Closure.objects.get().pk))
    assert "No closing day is planned." in show(office, "")


def test_a_site_closes_by_its_own_calendar(office: Client) -> None:
    cast = a_cast()
    tokyo = a_site("Tokyo", time_zone="Asia/Tokyo")
    cast.book(at(9))

    office.post(url("_close"), {"site": tokyo.pk, "on": "2026-09-14", "reason": "Holiday"})

    assert "0 visits are still expected that day" in show(office, "_closure", Closure.objects.get().pk)


@pytest.mark.parametrize(
    ("on", "answer"), [("2026-09-13", "That day has passed."), ("2026-09-14", "That day is a closing day already.")]
)
def test_a_day_is_closed_once_and_not_afterwards(office: Client, owner: User, on: str, answer: str) -> None:
    roster.close(site=None, on=MONDAY, reason="Storm", by=owner)

    page = office.post(url("_close"), {"site": a_site().pk, "on": on, "reason": "Painters"})

    assert answer in said(page)
    assert 'value="Painters"' in page.content.decode()
    assert Closure.objects.count() == 1


def test_taking_back_what_somebody_else_took_back_is_refused_in_words(owner: User) -> None:
    closure = roster.close(site=None, on=MONDAY, reason="Storm", by=owner)
    absence = roster.add_absence(a_clinician(), starts_at=at(9), ends_at=at(10), reason="", by=owner)
    Closure.objects.all().delete()
    Absence.objects.all().delete()

    with pytest.raises(roster.GoneAlready):
        roster.open_again(closure, by=owner)
    with pytest.raises(roster.GoneAlready):
        roster.remove_absence(absence, by=owner)
