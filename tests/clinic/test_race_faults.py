"""Many at once on a long series, and on a line that loses answers: no deadlock, nothing half, nothing twice."""

import uuid
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from booking_cast import Cast, a_cast, service
from django.db import InterfaceError, OperationalError, connection, connections
from factories import NOW
from lossy_line import LossyLine
from race_cast import CLIENTS, Race, outcome, overlaps, rounds, who_have_been_here, work_around_the_clock

from clinic.appointments.actions import booking
from clinic.appointments.actions.wanted import Wanted
from clinic.appointments.models import Appointment, VisitChange
from clinic.appointments.rules.refusals import SlotTaken
from people.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    cast = a_cast()
    work_around_the_clock(cast.sara, cast)
    return cast


def test_sixteen_desks_booking_the_same_ten_weeks_never_deadlock_and_never_book_half(race: Race, cast: Cast) -> None:
    patients = who_have_been_here(16)
    for first in list(rounds(16))[11:]:  # midday: winter time begins meanwhile
        series = [
            Wanted(service=service(), site=cast.site, starts_at=first + timedelta(weeks=n), resource_ids=cast.piece_ids)
            for n in range(10)
        ]
        deeds = [
            partial(booking.book_all, patient, series[:: 1 if n % 2 else -1], by=cast.rosa, now=NOW)
            for n, patient in enumerate(patients)
        ]
        assert outcome(race.run(deeds)) == Counter({list: 1, SlotTaken: 15})

    assert (Appointment.objects.count(), overlaps()) == (50, 0)


def _hang_up() -> None:
    connections["default"].close()


def test_an_answer_lost_after_the_commit_and_asked_again_is_one_booking(race: Race, cast: Cast) -> None:
    """Eight desks on a line that loses every fifth answer to COMMIT; each asks again with the same form."""
    line = LossyLine(connection.settings_dict, loses_every=5)
    times = list(rounds(80))

    def book_ten(nth: int) -> int:
        line.use()
        said = 0
        for starts_at in times[nth::8]:
            key, patient = uuid.uuid4(), patients[nth]
            for _ in range(4):
                try:
                    cast.book(starts_at, patient=patient, request_key=key)
                except (OperationalError, InterfaceError):
                    _hang_up()
                else:
                    said += 1
                    break
        return said

    patients = who_have_been_here(8)
    said = race.run([partial(book_ten, nth) for nth in range(8)])
    race.run([_hang_up] * CLIENTS)
    line.close()

    assert line.lost >= 10
    assert sum(said) == 80
    assert (Appointment.objects.count(), overlaps()) == (80, 0)
    assert VisitChange.objects.count() == AuditEvent.objects.filter(deed="appointment.booked").count() == 80
