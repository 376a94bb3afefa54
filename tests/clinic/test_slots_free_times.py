"""When a patient can come."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from booking_cast import Cast, at, service
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from factories import MONDAY, NOW, a_clinician, a_device, a_patient, a_room, a_site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slots_cast import clocks

from clinic.appointments.actions import availability, booking
from clinic.appointments.actions.availability import Offer, free_times
from clinic.appointments.actions.suggestions import best_times
from clinic.appointments.models import Absence, Appointment, Closure, Hold, Resource, Shift

pytestmark = pytest.mark.django_db


def offers(cast: Cast, code: str = "review", **changes: Any) -> list[Offer]:
    asked: dict[str, Any] = {"patient": cast.leila, "first": MONDAY, "days": 1, "now": NOW}
    return free_times(service(code), **asked | changes)


def quarters(*spans: tuple[str, str]) -> list[str]:
    """Every quarter hour from the first clock to the second, that one too."""
    found = []
    for first, last in spans:
        moment, end = (datetime.combine(MONDAY, time.fromisoformat(clock), tzinfo=UTC) for clock in (first, last))
        while moment <= end:
            found.append(f"{moment:%H:%M}")
            moment += timedelta(minutes=15)
    return found


def test_an_empty_day_is_free_from_the_first_minute_to_the_last_but_for_lunch(cast: Cast) -> None:
    assert clocks(offers(cast)) == quarters(("09:00", "11:30"), ("13:00", "16:30"))


def test_a_visit_takes_its_time_and_the_cleaning_of_its_room_off_the_list(cast: Cast) -> None:
    cast.book(at(10), patient=a_patient())

    assert clocks(offers(cast)) == quarters(("09:00", "09:15"), ("10:45", "11:30"), ("13:00", "16:30"))


def test_the_room_is_cleaned_before_the_next_visit_may_begin(cast: Cast) -> None:
    """09:30 to 10:00 and 5 minutes of cleaning would run into the visit at 10:00."""
    cast.book(at(10), patient=a_patient())
    mei = a_clinician("Mei Tanaka")

    assert "09:30" not in clocks(offers(cast, clinician=mei))
    a_room("Room 2")
    assert "09:30" in clocks(offers(cast, clinician=mei))


def test_the_last_visit_of_the_day_may_be_cleaned_up_after_closing(cast: Cast) -> None:
    assert clocks(offers(cast))[-1] == "16:30"


def test_a_patient_is_not_offered_a_time_at_which_she_is_here_already(cast: Cast) -> None:
    a_room("Room 2")
    mei = a_clinician("Mei Tanaka")
    cast.book(at(10))

    assert "10:00" not in clocks(offers(cast, clinician=mei))
    assert "10:00" in clocks(offers(cast, clinician=mei, patient=a_patient()))
    assert "10:00" in clocks(offers(cast, clinician=mei, patient=None))


def test_a_cancelled_visit_is_free_again(cast: Cast) -> None:
    booking.cancel(cast.book(at(10)), reason="", by=cast.rosa, now=NOW)

    assert "10:00" in clocks(offers(cast))


def test_nothing_is_offered_on_a_day_the_site_or_the_clinic_is_closed(cast: Cast) -> None:
    Closure.objects.create(site=cast.site, on=MONDAY, reason="Inventory")
    Closure.objects.create(site=None, on=MONDAY + timedelta(days=1), reason="Holiday")

    assert {offer.local_start.date() for offer in offers(cast, days=4)} == {date(2026, 9, 16), date(2026, 9, 17)}


def test_leave_of_the_clinician_and_service_of_the_room_are_not_offered(cast: Cast) -> None:
    Absence.objects.create(resource=cast.sara, during=DateTimeTZRange(at(9), at(12)))
    Absence.objects.create(resource=cast.room, during=DateTimeTZRange(at(13), at(14)))

    assert clocks(offers(cast)) == quarters(("14:00", "16:30"))


def test_leave_without_an_end_lasts(cast: Cast) -> None:
    Absence.objects.create(resource=cast.sara, during=DateTimeTZRange(at(12), None))

    assert clocks(offers(cast, days=5)) == quarters(("09:00", "11:30"))


def test_a_device_that_is_in_use_is_not_offered_twice(cast: Cast) -> None:
    mei = a_clinician("Mei Tanaka")
    rooms, laser = [a_room("Laser 1", "room_laser"), a_room("Laser 2", "room_laser")], a_device()
    cast.book(at(10), service=service("laser_therapy"), resources=[mei, rooms[0], laser], patient=a_patient())

    assert clocks(offers(cast, "laser_therapy", clinician=cast.sara))[:3] == ["09:00", "09:15", "09:30"]
    assert not {"09:45", "10:00", "10:15"} & set(clocks(offers(cast, "laser_therapy", clinician=cast.sara)))
    a_device("dev_laser_4")
    assert "10:00" in clocks(offers(cast, "laser_therapy", clinician=cast.sara))


def test_without_the_device_there_is_no_time_at_all(cast: Cast) -> None:
    a_room("Laser", "room_laser")

    assert offers(cast, "laser_therapy") == []


def test_a_device_of_another_site_does_not_help(cast: Cast) -> None:
    a_room("Laser", "room_laser")
    a_device(site=a_site("Northgate West"))

    assert offers(cast, "laser_therapy") == []


def test_only_who_may_give_a_treatment_is_offered_for_it(cast: Cast) -> None:
    a_room("Treatment", "room_treatment")
    needler = a_clinician("Li Wen", profession="licensed_acupuncturist")

    assert {offer.clinician for offer in offers(cast, "dry_needling")} == {needler}


def test_two_clinicians_are_two_offers_at_the_same_time(cast: Cast) -> None:
    a_room("Room 2")
    mei = a_clinician("Mei Tanaka")

    assert [offer.clinician for offer in offers(cast)[:4]] == [mei, cast.sara, mei, cast.sara]


def test_somebody_who_works_at_two_sites_is_offered_at_each_in_its_own_hours(cast: Cast) -> None:
    west = a_site("Northgate West", time_zone="America/Los_Angeles")
    a_room("West 1", site=west)
    Shift.objects.filter(resource=cast.sara, weekday=0, starts=time(13)).update(
        site=west, starts=time(13), ends=time(14)
    )

    found = offers(cast)

    assert [(offer.site, f"{offer.local_start:%H:%M%z}") for offer in found[-3:]] == [
        (west, "13:00-0700"), (west, "13:15-0700"), (west, "13:30-0700"),
    ]  # fmt: skip
    assert offers(cast, site=west) == found[-3:]


def test_the_room_with_the_fewest_uses_is_taken_first(cast: Cast) -> None:
    plain = a_room("Talk", "room_consult")

    assert {offer.room for offer in offers(cast)} == {plain}


def test_nothing_in_the_past_and_nothing_beyond_half_a_year_is_offered(cast: Cast) -> None:
    assert clocks(offers(cast, now=at(15, 10))) == quarters(("15:15", "16:30"))
    assert offers(cast, first=MONDAY + timedelta(days=200), days=5) == []


def test_a_retired_clinician_or_site_is_not_offered(cast: Cast) -> None:
    Resource.objects.filter(pk=cast.sara.pk).update(is_active=False)
    assert offers(cast) == []

    Resource.objects.filter(pk=cast.sara.pk).update(is_active=True)
    cast.site.is_active = False
    cast.site.save()
    assert offers(cast) == []


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/New_York", date(2026, 3, 8)),
        ("America/New_York", date(2026, 11, 1)),
        ("Europe/London", date(2026, 3, 29)),
        ("Europe/London", date(2026, 10, 25)),
        ("Asia/Kolkata", date(2026, 3, 29)),
        ("Asia/Kathmandu", date(2026, 3, 29)),
        ("Pacific/Kiritimati", date(2026, 3, 29)),
    ],
)
def test_office_hours_hold_on_the_wall_clock_of_the_site_whatever_clocks_do(cast: Cast, zone: str, day: date) -> None:
    site = a_site("Far away", time_zone=zone)
    a_room("Far 1", site=site)
    far = a_clinician("Asha Rao", site=site)
    Shift.objects.create(resource=far, site=site, weekday=6, starts=time(9), ends=time(10), valid_from=date(2020, 1, 1))
    now = datetime.combine(day, time(), tzinfo=ZoneInfo(zone)) - timedelta(days=2)

    found = offers(cast, site=site, first=day, now=now.astimezone(UTC))

    assert [f"{offer.local_start:%Y-%m-%d %H:%M}" for offer in found] == [f"{day} 09:{m}" for m in ("00", "15", "30")]


@pytest.mark.parametrize(("days", "clinicians"), [(1, 1), (30, 1), (30, 12)])
def test_free_times_cost_five_queries_however_many_days_and_clinicians(
    cast: Cast, django_assert_num_queries: Any, days: int, clinicians: int
) -> None:
    for n in range(clinicians):
        a_clinician(f"Clinician {n}")
    cast.book(at(10))

    with django_assert_num_queries(5):
        assert offers(cast, days=days)[-1]


def test_what_a_form_sends_back_is_the_offer_and_nonsense_is_nothing(cast: Cast) -> None:
    offer = offers(cast)[0]

    choice = availability.chosen(offer.code)

    assert choice
    assert (choice.starts_at, choice.site, set(choice.resources)) == (
        offer.starts_at,
        cast.site,
        {cast.sara, cast.room},
    )
    other = f"{offer.code[:-1]}{'1' if offer.code.endswith('0') else '0'}"
    for nonsense in ("", "x", "20260914T1300", f"{offer.code}~zz", other, "~", "99999999T9999"):
        assert availability.chosen(nonsense) is None


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(data=st.data())
def test_no_time_that_is_offered_fails_to_book_and_no_two_visits_overlap(data: st.DataObject, cast: Cast) -> None:
    Appointment.objects.all().delete()
    if not Resource.objects.filter(name="Mei Tanaka").exists():
        a_clinician("Mei Tanaka")
        a_room("Room 2", "room_consult", "room_treatment", "room_laser")
        a_device()
    patients = [cast.leila, a_patient()]
    for _ in range(data.draw(st.integers(1, 6))):
        patient = data.draw(st.sampled_from(patients))
        code = data.draw(st.sampled_from(["review", "first_assessment", "laser_therapy"]))
        free = offers(cast, code, patient=patient, days=1)
        if free:
            offer = data.draw(st.sampled_from(free))
            cast.book(
                offer.starts_at, patient=patient, service=service(code), site=offer.site, resources=offer.resources
            )

    holds = list(Hold.objects.order_by("resource", "starts_at"))
    assert all(
        one.during.upper <= two.during.lower for one, two in pairwise(holds) if one.resource_id == two.resource_id
    )


# --- the three times that are read out


def best(cast: Cast, **changes: Any) -> list[tuple[str, str, str]]:
    asked: dict[str, Any] = {"patient": cast.leila, "first": MONDAY, "now": NOW}
    return [
        (it.letter, f"{it.offer.local_start:%a %H:%M}", it.reason) for it in best_times(service(), **asked | changes)
    ]


def test_a_new_patient_is_offered_the_soonest_times_not_three_in_a_row(cast: Cast) -> None:
    assert best(cast) == [("A", "Mon 09:00", "soonest"), ("B", "Mon 11:00", ""), ("C", "Mon 13:00", "")]


def test_the_clinician_and_the_hour_of_the_last_visit_come_first(cast: Cast) -> None:
    a_room("Room 2")
    cast.book(at(14, day=15))
    mei = a_clinician("Mei Tanaka")
    now = at(8, day=16)

    found = best_times(service(), patient=cast.leila, first=date(2026, 9, 16), now=now)

    assert (found[0].offer.clinician, found[0].reason) == (
        cast.sara,
        "same clinician as last time, same time as last visit",
    )
    assert mei not in {it.offer.clinician for it in found}


def test_a_time_beside_another_visit_closes_a_gap(cast: Cast) -> None:
    a_room("Room 2")
    cast.book(at(14), patient=a_patient())

    assert ("A", "Mon 13:30", "closes a gap") in best(cast)


def test_when_nothing_is_free_nothing_is_offered(cast: Cast) -> None:
    Closure.objects.bulk_create(Closure(site=None, on=MONDAY + timedelta(days=n), reason="Holiday") for n in range(14))

    assert best(cast) == []
