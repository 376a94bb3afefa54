"""A whole series of visits in one booking."""

import pytest
from booking_cast import Cast, a_cast, at
from django.db import connection
from django.test.utils import CaptureQueriesContext
from factories import NOW

from clinic.appointments.actions import booking
from clinic.appointments.actions.wanted import Wanted
from clinic.appointments.models import Appointment, Hold
from clinic.appointments.rules.refusals import SlotTaken
from people.models import AuditEvent
from programs.rules.rulebook import rulebook

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return a_cast()


def wanted(cast: Cast, *hours: int) -> list[Wanted]:
    review = rulebook().services["review"]
    return [
        Wanted(service=review, site=cast.room.site, starts_at=at(hour), resource_ids=cast.piece_ids) for hour in hours
    ]


def test_a_series_is_booked_whole_with_a_line_in_the_trail_for_every_visit(cast: Cast) -> None:
    visits = booking.book_all(cast.leila, wanted(cast, 10, 11, 14), by=cast.rosa, now=NOW)

    assert [visit.starts_at for visit in visits] == [at(10), at(11), at(14)]
    assert Hold.objects.filter(appointment__in=visits).count() == 9
    lines = AuditEvent.objects.filter(deed="appointment.booked")
    assert {line.object_id for line in lines} == {str(visit.pk) for visit in visits}


def test_one_time_that_is_taken_leaves_nothing_of_the_series(cast: Cast) -> None:
    first = cast.book(at(14))

    with pytest.raises(SlotTaken):
        booking.book_all(cast.leila, wanted(cast, 10, 11, 14), by=cast.rosa, now=NOW)

    assert list(Appointment.objects.all()) == [first]


def test_a_series_cannot_want_one_time_twice(cast: Cast) -> None:
    with pytest.raises(SlotTaken):
        booking.book_all(cast.leila, wanted(cast, 10, 11, 11), by=cast.rosa, now=NOW)

    assert not Appointment.objects.exists()


def test_a_whole_plan_is_booked_in_as_many_queries_as_one_visit(cast: Cast) -> None:
    cast.book(at(16))  # her row in the book is made by the first booking

    with CaptureQueriesContext(connection) as one:
        booking.book_all(cast.leila, wanted(cast, 9), by=cast.rosa, now=NOW)
    with CaptureQueriesContext(connection) as many:
        booking.book_all(cast.leila, wanted(cast, 10, 11, 13, 14, 15), by=cast.rosa, now=NOW)

    assert len(one) == len(many)
