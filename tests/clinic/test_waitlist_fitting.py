"""Whom a freed time fits, and what is left of a missed visit."""

from datetime import time, timedelta

import pytest
from booking_cast import Cast, at
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from factories import MONDAY, NOW, a_clinician, a_patient, a_room, a_site
from plan_cast import a_plan, an_open_flag
from pytest_django import DjangoAssertNumQueries
from waiting_cast import a_cancelled_visit, a_gap, a_missed_visit, a_wish, offered, who_fits

from clinic.appointments.actions import freeing, matches, offers
from clinic.appointments.models import Appointment, BookingPolicy, Hold, VisitPreference, WaitlistEntry
from clinic.appointments.rules.status import Status
from clinic.appointments.rules.waitlist_refusals import NothingToFree
from people.models import AuditEvent

pytestmark = pytest.mark.django_db


# Who fits a freed time


def test_a_freed_time_is_shown_with_whom_it_fits_best_first(cast: Cast) -> None:
    new, old = a_wish(cast), a_wish(cast, now=NOW - timedelta(days=4))
    due = a_wish(cast)
    session = a_plan(due.patient, by=cast.sara.user).sessions.all()[0]
    WaitlistEntry.objects.filter(pk=due.pk).update(session=session)
    a_wish(cast, weekdays=[0])
    knows = a_patient()
    cast.book(at(15, day=11), patient=knows, now=at(8, day=11))
    known = a_wish(cast, knows)

    found = who_fits(a_gap(a_cancelled_visit(cast)))

    assert [match.entry for match in found] == [due, old, known, new]
    assert {match.offer.starts_at for match in found} == {at(10, day=16)}
    assert [[it.value for it in match.reasons] for match in found] == [["due"], ["waiting"], ["continuity"], []]


def test_what_a_patient_prefers_decides_between_equals(cast: Cast) -> None:
    plain = a_wish(cast)
    early = a_wish(cast)
    VisitPreference.objects.create(patient=early.patient, weekdays=[2], latest=time(12))

    assert [match.entry for match in who_fits(a_gap(a_cancelled_visit(cast)))] == [early, plain]


def test_a_longer_visit_fits_only_where_there_is_room_for_all_of_it(cast: Cast) -> None:
    cast.book(at(10, 45, day=16), patient=a_patient())
    long = a_wish(cast, service_code="first_assessment")  # 45 minutes
    gap = a_gap(a_cancelled_visit(cast))

    (match,) = who_fits(gap)

    assert match.entry == long
    # It begins before the freed time: there was room next to it, and the room has to be cleaned by 10:45.
    assert match.offer.starts_at == at(9, 45, day=16)


def test_nobody_is_offered_a_time_at_which_they_have_another_visit(cast: Cast) -> None:
    other = a_clinician("João Costa", site=cast.site)
    busy = a_patient()
    cast.book(at(10, day=16), patient=busy, resources=(other, a_room("Room 2")))
    a_wish(cast, busy)

    gap = a_gap(a_cancelled_visit(cast))

    assert who_fits(gap) == []


def test_only_something_sooner_than_the_visit_they_have_fits(cast: Cast) -> None:
    later = a_patient()
    a_wish(cast, later, visit=cast.book(at(10, day=24), patient=later))
    sooner = a_patient()
    a_wish(cast, sooner, visit=cast.book(at(10, day=15), patient=sooner))

    (match,) = who_fits(a_gap(a_cancelled_visit(cast)))

    assert match.entry.patient == later
    assert match.given_up
    assert match.given_up.starts_at == at(10, day=24)


def test_who_was_asked_already_or_said_no_is_not_asked_again_for_the_same_time(cast: Cast) -> None:
    gap = a_gap(a_cancelled_visit(cast))
    a_wish(cast), a_wish(cast)
    first, _second = offered(cast, gap)
    offers.decline(first, by=None, now=NOW)

    assert who_fits(gap) == []
    assert len(who_fits(gap, now=NOW + timedelta(hours=3))) == 1  # the other one has not answered


def test_a_treatment_waits_for_a_clinician_while_a_warning_sign_is_open(cast: Cast) -> None:
    flagged = a_patient()
    an_open_flag(flagged)
    visit = a_cancelled_visit(cast)
    a_room("Gym", "room_gym")
    a_wish(cast, flagged)
    a_wish(cast, flagged, service_code="exercise_program")

    found = who_fits(a_gap(visit))

    # A review is how the sign is looked at.
    assert {match.entry.service_code: match.needs_check for match in found} == {
        "review": False,
        "exercise_program": True,
    }


def test_the_first_time_of_the_week_is_found_for_everybody(cast: Cast) -> None:
    mornings, never = a_wish(cast, earliest=time(9), latest=time(10)), a_wish(cast, weekdays=[6])
    quay = a_site("Northgate Quay")
    elsewhere = a_wish(cast, site=quay)

    found = matches.this_week([mornings, never, elsewhere], now=at(9, 31))

    assert {pk: offer.starts_at for pk, offer in found.items()} == {mornings.pk: at(9, day=15)}


@pytest.mark.parametrize("wishes", [1, 30])
def test_as_many_questions_for_one_who_waits_as_for_thirty(
    cast: Cast, wishes: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    visit = a_cancelled_visit(cast)
    for n in range(wishes):
        a_wish(cast, service_code=["review", "first_assessment"][n % 2])
    gap = a_gap(visit)

    with django_assert_num_queries(10):
        assert len(who_fits(gap)) == wishes
    with django_assert_num_queries(10):
        waiting = matches.for_pages(WaitlistEntry.objects.all(), on=MONDAY)
        assert [len(found) for found in matches.fitting_each([gap, gap], waiting, now=NOW)] == [wishes, wishes]


def test_a_clinician_whose_day_is_full_is_not_offered(cast: Cast) -> None:
    a_wish(cast)
    gap = a_gap(a_cancelled_visit(cast))
    BookingPolicy.objects.create(daily_limit=1)
    assert len(who_fits(gap)) == 1

    cast.book(at(14, day=16), patient=a_patient())

    assert who_fits(gap) == []


# The rest of a missed visit


def test_the_rest_of_a_missed_visit_goes_to_somebody_who_waits(cast: Cast) -> None:
    missed, now = a_missed_visit(cast, hour=9), at(9, 5)
    a_wish(cast, service_code="first_assessment")  # 45 minutes from 09:15 on
    gap = a_gap(missed, now=now)

    (offer,) = offered(cast, gap, now=now)
    taken = offers.accept(offer, by=cast.rosa, now=now)

    assert (gap.starts_at, taken.state, offer.starts_at) == (at(9, 15), "taken", at(9, 15))
    held = Hold.objects.filter(appointment=missed)
    assert {it.during.upper for it in held} == {at(9, 15)}
    assert Appointment.objects.get(pk=missed.pk).status == Status.MISSED


def test_what_is_left_of_a_missed_visit_is_freed_once(cast: Cast) -> None:
    missed = a_missed_visit(cast)
    freeing.free_the_rest(missed, by=cast.rosa, now=at(9, 5))
    freeing.free_the_rest(missed, by=cast.rosa, now=at(9, 10))

    assert Hold.objects.get(resource=cast.sara).during == DateTimeTZRange(at(9), at(9, 15))
    assert AuditEvent.objects.filter(deed="appointment.rest_freed").count() == 1
    with pytest.raises(NothingToFree):
        freeing.free_the_rest(missed, by=cast.rosa, now=at(9, 30))


def test_a_visit_that_stands_is_not_freed(cast: Cast) -> None:
    visit = cast.book(at(9))

    with pytest.raises(NothingToFree):
        freeing.free_the_rest(visit, by=cast.rosa, now=at(9, 5))
    assert matches.gap_of(visit, now=NOW) is None
