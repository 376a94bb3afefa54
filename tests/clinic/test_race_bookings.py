"""Many desks at once: real threads, real connections, real commits. The database decides who wins."""

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from booking_cast import Cast, a_cast
from django.db import OperationalError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.utils import IntegrityError
from factories import NOW, a_clinician, a_patient, a_room
from race_cast import (
    CLIENTS,
    ROUNDS,
    Race,
    outcome,
    overlaps,
    rounds,
    who_have_been_here,
    work_around_the_clock,
)

from clinic.appointments.actions import attendance, booking
from clinic.appointments.actions.contention import UNDONE, sqlstate, tried_again
from clinic.appointments.models import Appointment, Hold, Resource
from clinic.appointments.rules.refusals import CannotBecome, SlotTaken
from people.rules.refusal import ChangedMeanwhile

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    cast = a_cast()
    work_around_the_clock(cast.sara, cast)
    return cast


ONE_WINS = Counter({Appointment: 1, SlotTaken: CLIENTS - 1})


def test_of_fifty_desks_booking_the_same_time_one_wins_again_and_again(race: Race, cast: Cast) -> None:
    patients = who_have_been_here(CLIENTS)

    seen = [
        outcome(race.run([partial(cast.book, starts_at, patient=patient) for patient in patients]))
        for starts_at in rounds(ROUNDS)
    ]

    assert seen == [ONE_WINS] * ROUNDS
    assert (Appointment.objects.count(), overlaps()) == (ROUNDS, 0)


def test_of_fifty_clinicians_wanting_the_same_room_one_gets_it(race: Race, cast: Cast) -> None:
    patients = who_have_been_here(CLIENTS)
    clinicians = [a_clinician(f"Clinician {n}") for n in range(CLIENTS)]
    for clinician in clinicians:
        work_around_the_clock(clinician, cast)

    seen = [
        outcome(
            race.run(
                [
                    partial(cast.book, starts_at, patient=patient, resources=[clinician, cast.room])
                    for patient, clinician in zip(patients, clinicians, strict=True)
                ]
            )
        )
        for starts_at in rounds(4)
    ]

    assert seen == [ONE_WINS] * 4
    assert overlaps() == 0


def test_overlapping_times_of_crossed_rooms_and_clinicians_never_deadlock(race: Race, cast: Cast) -> None:
    """Everybody wants two of three clinicians' and rooms' quarter hours, in every order."""
    people = [cast.sara, a_clinician("Mei Tanaka"), a_clinician("Omar Aziz")]
    rooms = [cast.room, a_room("Room 2"), a_room("Room 3")]
    for clinician in people[1:]:
        work_around_the_clock(clinician, cast)
    patients = [a_patient() for _ in range(CLIENTS)]

    for starts_at in rounds(4):
        results = race.run(
            [
                partial(
                    cast.book,
                    starts_at + timedelta(minutes=15 * (n % 2)),
                    patient=patient,
                    resources=[people[n % 3], rooms[n // 3 % 3]][:: 1 if n % 2 else -1],
                )
                for n, patient in enumerate(patients)
            ]
        )
        assert set(outcome(results)) == {Appointment, SlotTaken}

    assert overlaps() == 0


def test_eight_desks_booking_eight_different_times_of_one_clinician_all_succeed(race: Race, cast: Cast) -> None:
    patients = [a_patient() for _ in range(8)]
    times = list(rounds(32))

    for n in range(0, 32, 8):
        results = race.run(
            [
                partial(cast.book, starts_at, patient=patient)
                for patient, starts_at in zip(patients, times[n : n + 8], strict=True)
            ]
        )
        assert outcome(results) == Counter({Appointment: 8})

    assert overlaps() == 0


def test_a_patient_booked_by_two_desks_at_once_with_different_clinicians_gets_one_visit(race: Race, cast: Cast) -> None:
    mei, second_room = a_clinician("Mei Tanaka"), a_room("Room 2")
    work_around_the_clock(mei, cast)

    for starts_at in rounds(12):
        patient = a_patient()  # whose row in the book neither desk finds yet
        results = race.run(
            [
                partial(cast.book, starts_at, patient=patient),
                partial(cast.book, starts_at, patient=patient, resources=[mei, second_room]),
            ]
        )
        assert outcome(results) == Counter({Appointment: 1, SlotTaken: 1})

    assert Resource.objects.filter(kind="patient").count() == 12
    assert overlaps() == 0


def test_a_form_sent_eight_times_at_once_is_one_booking(race: Race, cast: Cast) -> None:
    for starts_at in rounds(4):
        key, patient = uuid.uuid4(), a_patient()
        results = race.run([partial(cast.book, starts_at, patient=patient, request_key=key)] * 8)
        assert len({result.pk for result in results}) == 1

    assert Appointment.objects.count() == 4


def test_one_form_sent_at_once_with_two_choices_books_one_of_them(race: Race, cast: Cast) -> None:
    mei, second_room = a_clinician("Mei Tanaka"), a_room("Room 2")
    work_around_the_clock(mei, cast)
    one, two = a_patient(), a_patient()

    for starts_at in rounds(8):
        key = uuid.uuid4()
        results = race.run(
            [
                partial(cast.book, starts_at, patient=one, request_key=key),
                partial(cast.book, starts_at, patient=two, resources=[mei, second_room], request_key=key),
            ]
        )
        assert sorted(kind.__name__ for kind in outcome(results)) == ["Appointment", "UsedForAnother"]

    assert Appointment.objects.count() == 8


def test_a_time_that_is_cancelled_while_others_want_it_goes_to_one_of_them_or_stays_free(
    race: Race, cast: Cast
) -> None:
    patients = [a_patient() for _ in range(20)]

    for starts_at in rounds(6):
        visit = cast.book(starts_at)
        results = race.run(
            [
                partial(booking.cancel, visit, reason="", by=cast.rosa, now=NOW),
                *[partial(cast.book, starts_at, patient=patient) for patient in patients],
            ]
        )
        assert set(outcome(results[1:])) <= {Appointment, SlotTaken}
        assert Appointment.objects.standing().filter(starts_at=starts_at).count() <= 1
        assert results[0].status == "cancelled"

    assert overlaps() == 0


def test_of_two_visits_moved_to_the_same_time_one_gets_it_and_the_other_keeps_its_own(race: Race, cast: Cast) -> None:
    for wanted in rounds(6):
        times = [wanted + timedelta(days=20), wanted + timedelta(days=40)]
        visits = [cast.book(starts_at, patient=a_patient()) for starts_at in times]
        results = race.run(
            [
                partial(booking.move, visit, starts_at=wanted, resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)
                for visit in visits
            ]
        )
        assert outcome(results) == Counter({Appointment: 1, SlotTaken: 1})
        loser = next(visit for visit, result in zip(visits, results, strict=True) if isinstance(result, SlotTaken))
        was = loser.starts_at
        loser.refresh_from_db()
        assert (loser.starts_at, loser.revision, loser.holds.count()) == (was, 0, 3)

    assert overlaps() == 0


def test_two_visits_that_swap_their_times_at_once_do_not_deadlock(race: Race, cast: Cast) -> None:
    for wanted in rounds(8):
        times = [wanted + timedelta(days=20), wanted + timedelta(days=40)]
        visits = [cast.book(starts_at, patient=a_patient()) for starts_at in times]
        results = race.run(
            [
                partial(booking.move, visit, starts_at=to, resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)
                for visit, to in zip(visits, reversed(times), strict=True)
            ]
        )
        assert SlotTaken in outcome(results)

    assert overlaps() == 0


def test_one_visit_moved_cancelled_and_stepped_on_at_once_ends_in_one_clear_state(race: Race, cast: Cast) -> None:
    for starts_at in rounds(6):
        visit = cast.book(starts_at, patient=a_patient())
        to = starts_at + timedelta(days=30)
        results = race.run(
            [
                partial(booking.move, visit, starts_at=to, resources=cast.pieces, revision=0, by=cast.rosa, now=NOW),
                partial(booking.cancel, visit, reason="", by=cast.rosa, now=NOW),
                partial(attendance.confirm, visit, by=None, now=NOW),
            ]
        )
        assert set(outcome(results)) <= {Appointment, ChangedMeanwhile, CannotBecome}
        visit.refresh_from_db()
        assert visit.revision == 1
        assert visit.holds.count() == (0 if visit.status == "cancelled" else 3)


def test_without_any_of_our_code_the_database_still_lets_only_one_in(race: Race, cast: Cast) -> None:
    """Rows written straight away, no lock and no check: the guard is the constraint.

    Of two who wait for each other, as only writers without our lock can, PostgreSQL turns one away itself.
    """
    patients = [a_patient() for _ in range(CLIENTS)]

    def write(patient: Any, starts_at: datetime) -> str:
        visit = Appointment.objects.create(
            patient=patient, service_code="review", clinician=cast.sara, site=cast.site, starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30), booked_at=NOW, timed_at=NOW,
        )  # fmt: skip
        try:
            Hold.objects.create(
                appointment=visit, resource=cast.sara, during=DateTimeTZRange(visit.starts_at, visit.ends_at)
            )
        except IntegrityError as error:
            return "refused" if "resource_is_in_one_place_at_a_time" in str(error) else str(error)
        except OperationalError as error:
            return "refused" if sqlstate(error) in UNDONE else str(error)
        return "held"

    for starts_at in rounds(4):
        results = race.run([partial(write, patient, starts_at) for patient in patients])
        assert Counter(results) == Counter({"held": 1, "refused": CLIENTS - 1})

    assert overlaps() == 0


def test_what_postgresql_undid_is_done_again_and_what_we_did_wrong_is_not() -> None:
    def undone(times: int, reason: type[psycopg.Error]) -> Callable[[], int]:
        left = iter(range(times))

        @tried_again
        def deed() -> int:
            if next(left, None) is not None:
                raise OperationalError("undone") from reason()
            return 1

        return deed

    assert undone(3, psycopg.errors.DeadlockDetected)() == 1
    assert undone(1, psycopg.errors.SerializationFailure)() == 1
    with pytest.raises(OperationalError):
        undone(4, psycopg.errors.DeadlockDetected)()
    with pytest.raises(OperationalError):
        undone(1, psycopg.errors.DiskFull)()
    with transaction.atomic(), pytest.raises(OperationalError):
        undone(1, psycopg.errors.DeadlockDetected)()
