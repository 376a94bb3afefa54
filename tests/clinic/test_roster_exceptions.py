"""One day that is different, public holidays, and everything that no longer fits, whatever changed it."""

from datetime import date
from typing import Any

import pytest
import time_machine
from booking_cast import REVIEW, Cast, at, service
from class_cast import ClassCast, a_class_cast
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_user
from office_cast import as_user, said

from clinic.appointments.actions import availability, roster
from clinic.appointments.actions.stranded import Outside, outside
from clinic.appointments.models import Absence, Appointment, Closure, GroupSession, Shift
from clinic.appointments.rules import public_holidays
from people.actions import organization
from people.rules.permissions import Role
from programs.actions import offering


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def classes() -> ClassCast:
    return a_class_cast()


@pytest.fixture
def cast(classes: ClassCast) -> Cast:
    return classes.usual


@pytest.fixture
def office(cast: Cast) -> Client:
    return as_user(a_user(Role.MANAGER, name="Ines Ferreira"))


def one_day(office: Client, cast: Cast, **typed: Any) -> Any:
    told = {
        "what": "works",
        "day": "2026-09-19",
        "starts": "09:00",
        "ends": "12:00",
        "site": cast.site.pk,
        "reason": "",
    }
    return office.post(reverse("appointments:roster_one_day", args=[cast.sara.pk]), told | typed)


def all_outside() -> list[Outside]:
    return outside(Appointment.objects.all(), GroupSession.objects.all(), now=NOW)


# One day different


def test_somebody_who_works_one_saturday_is_offered_on_it_and_on_no_other(office: Client, cast: Cast) -> None:
    answer = one_day(office, cast)

    assert answer.url == reverse("appointments:roster_clinician", args=[cast.sara.pk])
    offers = availability.free_times(service(), patient=None, first=date(2026, 9, 19), days=8, now=NOW)
    saturdays = {it.local_start.date() for it in offers if it.local_start.weekday() == 5}
    assert saturdays == {date(2026, 9, 19)}
    assert "Saturday 09:00-12:00 Northgate Main only on 19 Sep 2026" in said(office.get(answer.url))


def test_somebody_who_does_not_work_on_tuesday_afternoon_is_not_offered_then(office: Client, cast: Cast) -> None:
    visit = cast.book(at(14, day=15))

    answer = one_day(office, cast, what="away", day="2026-09-15", starts="12:00", ends="")

    assert Absence.objects.get().during.lower == at(12, day=15)
    offers = availability.free_times(service(), patient=None, first=date(2026, 9, 15), days=1, now=NOW)
    assert max(it.starts_at for it in offers) == at(11, 30, day=15)
    text = said(office.get(answer.url))
    assert "1 visit now falls outside the hours of Sara Haddad" in text
    assert [(it.it, it.why) for it in all_outside()] == [(visit, "away")]


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ({"starts": ""}, "From: Hours need a beginning and an end."),
        ({"ends": "08:00"}, "Until: The end must come after the beginning."),
        ({"day": "2026-09-12"}, "Day: That day has passed."),
        ({"day": "2026-09-15", "starts": "10:00"}, "There are hours in that time already"),
    ],
)
def test_a_day_that_cannot_be_is_refused_in_words(
    office: Client, cast: Cast, typed: dict[str, str], answer: str
) -> None:
    before = Shift.objects.count()

    assert answer in said(one_day(office, cast, **typed))
    assert Shift.objects.count() == before


# Public holidays


def test_a_time_zone_says_which_country_it_lies_in() -> None:
    zones = ("America/New_York", "Europe/London", "UTC")

    assert [public_holidays.country_of(zone) for zone in zones] == ["US", "GB", ""]


def test_a_region_has_holidays_of_its_own() -> None:
    def days(region: str) -> list[str]:
        found = public_holidays.between("DE", region, date(2026, 8, 1), date(2026, 11, 30))
        return [f"{it.on:%d %b}" for it in found]

    assert days("") == ["03 Oct"]
    assert days("BY")[-2:] == ["03 Oct", "01 Nov"]
    assert public_holidays.between("XX", "", date(2026, 1, 1), date(2026, 2, 1)) == []
    assert public_holidays.between("DE", "ZZ", date(2026, 1, 1), date(2026, 2, 1)) == []
    assert public_holidays.regions("XX") == {}


def test_the_holidays_of_the_sites_country_are_ticked_into_closing_days(office: Client, cast: Cast) -> None:
    url = reverse("appointments:roster_holidays")
    visit = cast.book(at(9, day=26, month=11))
    assert "Thu 26 November 2026 Thanksgiving" in said(office.get(url))

    answer = office.post(url, {"country": "US", "on": ["2026-11-26", "2026-12-25", "2026-12-01", "nonsense"]})

    assert [(it.on, it.reason, it.site) for it in Closure.objects.all()] == [
        (date(2026, 11, 26), "Thanksgiving Day", None),
        (date(2026, 12, 25), "Christmas Day", None),
    ]
    text = said(office.get(answer.url))
    assert "1 coming visit does not fit any more" in text
    assert visit.patient.full_name in text
    assert "Thu 26 November 2026 Thanksgiving Day Closing day already" in said(office.get(url))
    office.post(url, {"country": "US", "on": ["2026-11-26"]})
    assert Closure.objects.count() == 2


def test_one_site_closes_on_the_holidays_of_its_own_region(office: Client, cast: Cast) -> None:
    url = reverse("appointments:roster_holidays")

    office.post(url, {"country": "US", "region": "TX", "site": cast.site.pk, "on": ["2027-03-02"]})

    assert Closure.objects.get().site == cast.site
    assert "Texas" in office.get(url + "?country=US&region=TX").content.decode()


# What no longer fits


def test_every_kind_of_change_shows_what_no_longer_fits_and_why(classes: ClassCast, office: Client) -> None:
    cast = classes.usual
    owner = a_user(Role.OWNER)
    visit = cast.book(at(9))
    [group] = classes.create(at(10))
    classes.seat(group)
    assert all_outside() == []

    def now_wrong() -> list[tuple[Any, str, str]]:
        return [(it.it, it.resource.name, it.why) for it in all_outside()]

    offering.change(REVIEW, minutes=45, by=owner, now=NOW)
    assert now_wrong() == [(visit, "Sara Haddad", "short")]
    offering.change(REVIEW, minutes=None, professions=["physician"], by=owner, now=NOW)
    assert now_wrong() == [(visit, "Sara Haddad", "unfit")]
    offering.change(REVIEW, professions=None, by=owner, now=NOW)
    roster.retire(cast.room, by=owner)
    assert now_wrong() == [(visit, "Room 1", "retired")]
    roster.bring_back(cast.room, by=owner)
    organization.change_site(cast.site, time_zone="Asia/Tokyo", by=owner)
    assert now_wrong() == [(visit, "Sara Haddad", "off"), (group, "Sara Haddad", "off")]
    text = said(office.get(reverse("appointments:roster_stranded")))
    assert "2 coming visits do not fit any more" in text
    assert "Neck group" in text


def test_the_overview_and_the_sites_page_ask_how_many_do_not_fit(office: Client, cast: Cast) -> None:
    url = reverse("appointments:roster_stranded")
    assert office.get(url, headers={"HX-Request": "true"}).content.strip() == b""
    cast.book(at(9))
    roster.close(site=None, on=NOW.date(), reason="Storm", by=cast.rosa)

    part = office.get(url, headers={"HX-Request": "true"}).content.decode()

    assert "1 coming visit does not fit the roster any more" in part
    assert "<h1" not in part
    assert url in office.get(reverse("appointments:roster")).content.decode()
    assert url in office.get(reverse("people:sites")).content.decode()


@pytest.mark.parametrize("visits", [1, 12])
def test_looking_for_what_does_not_fit_costs_the_same_for_one_visit_and_for_many(
    cast: Cast, visits: int, django_assert_num_queries: Any
) -> None:
    for n in range(visits):
        cast.book(at(9, day=14 + n % 4) if n < 4 else at(9 + n // 4, 30, day=14 + n % 4), patient=a_patient())
    roster.close(site=None, on=NOW.date(), reason="Storm", by=cast.rosa)

    with django_assert_num_queries(5):
        assert all_outside()
