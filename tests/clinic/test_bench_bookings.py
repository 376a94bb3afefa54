"""The benchmarks of booking run, small, and say what was measured."""

import io

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_race_ends_without_a_double_booking_and_says_so() -> None:
    out = io.StringIO()

    call_command("bench", "race", "--clients", "4", "--attempts", "24", stdout=out, skip_checks=True)

    last = out.getvalue().splitlines()[-1]
    assert last.startswith("0 double bookings and 0 overlaps in 24 racing attempts (goal 0 and 0)")
    assert "0 of 4 refused a time that nobody else wanted" in last


def test_bookings_are_measured_against_a_raw_insert_of_the_same_minute() -> None:
    out = io.StringIO()
    sizes = ("--visits", "200", "--patients", "60", "--bookings", "1", "--clients", "1")

    call_command("bench", "booking", *sizes, stdout=out, skip_checks=True)

    last = out.getvalue().splitlines()[-1]
    assert "of the raw guarded INSERT" in last
    assert "of the least through the ORM" in last
