"""Setting up rooms, devices, hours, leave and closing days, page by page."""

import html
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from booking_cast import NEW_YORK, Cast, a_cast, at, service
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from factories import NOW, a_clinician, a_device, a_patient, a_room, a_site, a_user, the_clinic

from clinic.appointments.actions import availability, roster
from clinic.appointments.models import Absence, Appointment, Closure, Resource, Shift
from people.models import AuditEvent, User
from people.rules.permissions import Role

MONDAY, NEXT_MONDAY = date(2026, 9, 14), date(2026, 9, 21)
MORNING = {"starts": "09:00", "ends": "12:00"}


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    the_clinic()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def owner() -> User:
    return a_user(Role.OWNER, name="Ines Ferreira")


@pytest.fixture
def office(owner: User) -> Client:
    return as_user(owner)


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def url(page: str, *ids: Any, query: str = "") -> str:
    return reverse(f"appointments:roster{page}", args=ids) + query


def said(answer: HttpResponse) -> str:
    """What a page says, without the markup."""
    text = re.sub(r"<[^>]+>", " ", answer.content.decode().split('id="main"')[1].split("</main>")[0])
    return " ".join(html.unescape(text).split())


def show(office: Client, page: str, *ids: Any) -> str:
    return said(office.get(url(page, *ids)))


def hours(site: Any, **changes: Any) -> dict[str, Any]:
    typed = {"site": site.pk, "weekdays": ["0", "2"], **MORNING, "valid_from": "2026-09-14"}
    return typed | changes


# The whole way


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


# Clinicians


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


# Hours


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


# Rooms and devices


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


def test_mutations_are_not_done_by_following_a_link(office: Client, cast: Cast) -> None:
    closure = Closure.objects.create(on=MONDAY, reason="x")
    absence = Absence.objects.create(resource=cast.sara, during=(at(9), at(10)))

    pages = [url("_people"), url("_bring_back", cast.room.pk), url("_remove_absence", absence.pk)]
    pages.append(url("_open_again", closure.pk))

    assert [office.get(page).status_code for page in pages] == [405] * 4


@pytest.fixture
def cast() -> Cast:
    return a_cast()
