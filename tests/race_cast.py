"""Many desks at once: threads that each keep their own connection, and start together."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from threading import Barrier
from typing import Any

from booking_cast import Cast, at
from django.db import connection, connections
from factories import a_patient

from clinic.appointments.models import Resource, Shift
from patients.models import Patient
from people.rules.refusal import Refused

CLIENTS = 50
ROUNDS = 5  # `manage.py bench race` runs as many as you like
# So that every racer of every round is in the middle of it at the same time.
PATIENCE = 60  # seconds

Deed = Callable[[], Any]

OVERLAPS = """
    SELECT count(*) FROM appointments_hold one JOIN appointments_hold two
    ON one.resource_id = two.resource_id AND one.id < two.id AND one.during && two.during
    WHERE NOT one.is_overbooked AND NOT two.is_overbooked
"""


def overlaps() -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        return int(cursor.fetchone()[0])


class Race:
    """Threads that each keep their own connection, and start each round together."""

    def __init__(self, clients: int) -> None:
        self.clients = clients
        self.pool = ThreadPoolExecutor(clients)

    def run(self, deeds: list[Deed]) -> list[Any]:
        """What became of each deed: its result, or the refusal. Anything else is an error of ours."""
        barrier = Barrier(len(deeds))

        def start(deed: Deed) -> Any:
            barrier.wait(PATIENCE)
            try:
                return deed()
            except Refused as refusal:
                return refusal

        return list(self.pool.map(start, deeds))

    def stop(self) -> None:
        barrier = Barrier(self.clients)

        def close() -> None:
            barrier.wait(PATIENCE)
            connections.close_all()

        for closed in [self.pool.submit(close) for _ in range(self.clients)]:
            closed.result()
        self.pool.shutdown()


def work_around_the_clock(clinician: Resource, cast: Cast) -> None:
    Shift.objects.filter(resource=clinician).delete()
    Shift.objects.bulk_create(
        Shift(
            resource=clinician,
            site=cast.site,
            weekday=day,
            starts=time(0),
            ends=time(23, 45),
            valid_from=date(2020, 1, 1),
        )
        for day in range(7)
    )


def who_have_been_here(count: int) -> list[Patient]:
    """Patients with a row in the book; one who comes for the first time gets hers with the booking."""
    patients = [a_patient() for _ in range(count)]
    Resource.objects.bulk_create(Resource(kind="patient", name=it.clinic_number, patient=it) for it in patients)
    return patients


def rounds(count: int) -> Iterator[datetime]:
    """A time of its own for each round: every 45 minutes from Tuesday on."""
    per_day = 24
    for n in range(count):
        yield at(0, day=15) + timedelta(days=n // per_day, minutes=45 * (n % per_day))


def outcome(results: list[Any]) -> Counter[type]:
    return Counter(type(result) for result in results)
