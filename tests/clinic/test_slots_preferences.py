"""What the patient prefers comes first, and a time is told on the clock of where the patient is."""

from datetime import date, timedelta

import pytest
from booking_cast import Cast, at, service
from factories import MONDAY, NOW, a_clinician, a_room

from clinic.appointments.actions.availability import free_times
from clinic.appointments.actions.suggestions import best_times
from clinic.appointments.models import (
    Closure,
    Resource,
    VisitPreference,
)
from clinic.appointments.templatetags.visits import clock_there

pytestmark = pytest.mark.django_db


def test_a_patients_own_days_hours_and_clinician_come_first(cast: Cast) -> None:
    a_room("Room 2")
    mei = a_clinician("Mei Tanaka")
    VisitPreference.objects.create(patient=cast.leila, weekdays=[1], earliest="13:00", clinician=mei)

    first = best_times(service(), patient=cast.leila, first=MONDAY, now=NOW)[0]

    assert (first.offer.clinician, first.offer.starts_at) == (mei, at(13, day=15))
    assert first.reason == "the clinician the patient prefers, when the patient prefers to come"


def test_with_her_if_possible_is_no_filter(cast: Cast) -> None:
    a_room("Room 2")
    mei = a_clinician("Mei Tanaka")
    Closure.objects.bulk_create(Closure(site=None, on=MONDAY + timedelta(days=n), reason="Away") for n in range(1, 5))

    found = best_times(service(), patient=cast.leila, first=MONDAY, now=NOW, preferring=mei)
    Resource.objects.filter(pk=mei.pk).update(is_active=False)
    without = best_times(service(), patient=cast.leila, first=MONDAY, now=NOW, preferring=mei)

    assert (found[0].offer.clinician, found[0].reason) == (mei, "soonest, the clinician you asked for")
    assert {it.offer.clinician for it in without} == {cast.sara}


def test_two_visits_on_one_day_save_a_trip(cast: Cast) -> None:
    cast.book(at(10, day=17))

    found = best_times(service(), patient=cast.leila, first=date(2026, 9, 16), now=NOW)

    assert found[0].offer.local_start.date() == date(2026, 9, 17)
    assert "saves a trip: another visit here that day" in found[0].reason


@pytest.mark.parametrize(
    ("time_zone", "shown"),
    [
        ("", ""),
        ("America/Toronto", ""),
        ("Europe/Berlin", "15:00 in Berlin"),
        ("Pacific/Auckland", "Tue 15 Sep, 01:00 in Auckland"),
    ],
)
def test_a_patient_elsewhere_is_told_the_time_on_their_own_clock(cast: Cast, time_zone: str, shown: str) -> None:
    found = free_times(service(), patient=cast.leila, first=MONDAY, days=1, now=NOW)

    assert clock_there(found[0], time_zone) == shown
