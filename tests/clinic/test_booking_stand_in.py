"""A clinician has fallen ill: where each of the day's patients could go."""

from datetime import date, timedelta

import pytest
from booking_cast import Cast, a_cast, at
from django.db import connection
from django.test.utils import CaptureQueriesContext
from factories import NOW, a_clinician, a_patient, a_room

from clinic.appointments.actions import booking, stand_in
from clinic.appointments.models import Appointment, Resource, Shift
from clinic.appointments.rules import standing_in
from clinic.appointments.rules.standing_in import Instead, Promised

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return a_cast()


def said(lines: list[stand_in.Line]) -> list[str]:
    return [line.words for line in lines]


def test_somebody_else_at_the_same_time_in_the_same_room_is_the_best(cast: Cast) -> None:
    visits = [cast.book(at(10)), cast.book(at(11), patient=a_patient())]
    mei = a_clinician("Mei Tanaka")

    lines = stand_in.proposal(visits, now=NOW)

    assert said(lines) == ["Same time, with Mei Tanaka"] * 2
    assert [(line.offer.clinician, line.offer.room) for line in lines if line.offer] == [(mei, cast.room)] * 2


def test_nothing_is_proposed_twice(cast: Cast) -> None:
    second_room = a_room("Room 2")
    omar = a_clinician("Omar Aziz")
    mei = a_clinician("Mei Tanaka")
    visits = [
        cast.book(at(10)),
        cast.book(at(10), patient=a_patient(), resources=[omar, second_room]),
    ]

    lines = stand_in.proposal(visits, now=NOW)

    assert {line.offer.starts_at for line in lines if line.offer} == {at(10)}
    assert mei in {line.offer.clinician for line in lines if line.offer}
    assert len({line.offer.clinician for line in lines if line.offer}) == 2


def test_the_same_day_comes_before_the_next_and_the_nearest_hour_first(cast: Cast) -> None:
    mei = a_clinician("Mei Tanaka")
    visit = cast.book(at(10))
    cast.book(at(10), patient=a_patient(), resources=[mei, a_room("Room 2")])

    (line,) = stand_in.proposal([visit], now=NOW)

    assert line.words in {"Same day at 10:30, with Mei Tanaka", "Same day at 09:30, with Mei Tanaka"}


def test_alone_in_the_clinic_the_patient_waits_for_the_next_day_and_sees_the_same_person(cast: Cast) -> None:
    (line,) = stand_in.proposal([cast.book(at(10))], now=NOW)

    assert line.words == "Tuesday 15 September, 10:00, with Sara Haddad, as before"


def test_a_patient_who_is_elsewhere_then_is_not_called_there(cast: Cast) -> None:
    visit = cast.book(at(10))
    tuesday = a_clinician("Mei Tanaka")
    cast.book(at(10, day=15), resources=[tuesday, a_room("Room 2")])

    (line,) = stand_in.proposal([visit], now=NOW)

    assert line.offer is not None
    assert line.offer.starts_at != at(10, day=15)


def test_where_nothing_is_free_it_says_so(cast: Cast) -> None:
    visit = cast.book(at(10))
    Shift.objects.all().delete()

    (line,) = stand_in.proposal([visit], now=NOW)

    assert (line.offer, line.words) == (None, "Nothing is free in the next 7 days: call them.")


def test_what_is_proposed_can_be_done_in_one_go(cast: Cast) -> None:
    visits = [cast.book(at(9) + timedelta(minutes=45 * n), patient=a_patient()) for n in range(4)]
    a_clinician("Mei Tanaka")

    lines = stand_in.proposal(visits, now=NOW)
    moved = booking.move_all(
        [(line.visit, line.offer) for line in lines if line.offer],
        by=cast.rosa,
        now=NOW,
    )

    assert [visit.clinician.name for visit in moved] == ["Mei Tanaka"] * 4


def test_ten_visits_cost_as_many_queries_as_one(cast: Cast) -> None:
    a_clinician("Mei Tanaka")
    visits = [cast.book(at(9) + timedelta(minutes=45 * n), patient=a_patient()) for n in range(4)]
    visits += [cast.book(at(9, day=15) + timedelta(minutes=45 * n), patient=a_patient()) for n in range(4)]
    loaded = list(Appointment.objects.for_board().filter(pk__in=[visit.pk for visit in visits]))

    counts = []
    for some in (loaded[:1], loaded):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            stand_in.proposal(some, now=NOW)
        counts.append(len(seen))

    assert counts[0] == counts[1]
    assert counts[0] <= 12


def test_nobody_to_move_is_nothing_to_propose() -> None:
    assert stand_in.proposal([], now=NOW) == []


def test_what_is_closest_to_a_promise(cast: Cast) -> None:
    sara, mei, omar = cast.sara.pk, Resource().pk, Resource().pk
    promised = Promised(at(10), sara, {mei}, date(2026, 9, 16))
    places = [
        Instead(at(10), mei),
        Instead(at(10), omar),
        Instead(at(10, 15), mei),
        Instead(at(14), omar),
        Instead(at(16, day=15), sara),
        Instead(at(10, day=15), mei),
        Instead(at(10, day=15), omar),
        Instead(at(10, day=17), sara),
    ]

    mixed = [places[n] for n in (5, 0, 7, 2, 6, 1, 4, 3)]
    assert sorted(mixed, key=lambda it: standing_in.distance(it, promised)) == places
    assert not standing_in.serves(Instead(at(10, 15), sara), promised)
    assert stand_in.explained(places[-1], promised, name="Sara Haddad").endswith("as before, after the plan's last day")
    assert stand_in.explained(places[0], promised, name="Mei") == "Same time, with Mei, who knows them"
