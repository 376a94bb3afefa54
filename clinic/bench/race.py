"""Many clients want the same time in the same instant. One must get it, whatever path they take."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from functools import partial
from threading import Barrier
from typing import Any

from django.db import connection, connections
from django.utils import timezone

from clinic.appointments.actions import booking, clashes
from clinic.appointments.models import Appointment, Resource
from clinic.bench.big_clinic import DAYS_BOOKED_AHEAD, OPENS, BigClinic, a_big_clinic
from clinic.bench.database import own_database
from clinic.bench.frame import Bench, Table
from patients.models import Patient
from people.models import User
from people.rules.permissions import Role
from people.rules.refusal import Refused
from programs.actions import offering
from programs.actions.safety_file import AHEAD

PATIENCE = 120  # seconds
A_DAY = 16  # races, 45 minutes apart
OVERLAPS = """SELECT count(*) FROM appointments_hold one JOIN appointments_hold two
    ON one.resource_id = two.resource_id AND one.id < two.id AND one.during && two.during
    WHERE NOT one.is_overbooked AND NOT two.is_overbooked"""

Attempt = Callable[[], object]


class Race(Bench):
    name = "race"
    help = "Double bookings among thousands of racing attempts: 0, also when only the database is asked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--clients", type=int, default=50)
        parser.add_argument("--attempts", type=int, default=10_000, help="in all, on three paths")

    def run(self, options: Mapping[str, Any]) -> Table:
        clients = options["clients"]
        each = max(1, options["attempts"] // clients // 3)  # races on each path
        with own_database(self.name) as database:
            made = a_big_clinic(database, visits=0, patients=2 * clients, now=timezone.now())
            with _Field(made, clients) as field:
                rows = [
                    ("booking", *field.races(field.bookings(), each)),
                    ("moving to it", *field.races(field.moves(), each)),
                ]
                with only_the_database():
                    rows.append(("booking, the database alone", *field.races(field.bookings(), each)))
            overlaps = _overlaps()
        attempts, doubles = sum(row[1] for row in rows), sum(row[4] for row in rows)
        return Table(
            title=f"{clients} clients want the same time, again and again.",
            columns=["path", "attempts", "races", "won by one", "double", "nobody", "errors"],
            rows=rows,
            last=f"{doubles} double bookings and {overlaps} overlaps in {attempts:,} racing attempts (goal 0 and 0)",
            figures={"attempts": attempts, "double": doubles, "overlaps": overlaps},
            is_wrong=bool(doubles or overlaps or any(row[5] or row[6] for row in rows)),
        )


@contextmanager
def only_the_database() -> Iterator[None]:
    """Take our own question away: what is left is the constraint."""
    asked = clashes.cleared
    clashes.cleared = lambda *_, **__: clashes.Cleared(frozenset(), AHEAD)
    try:
        yield
    finally:
        clashes.cleared = asked


class _Field:
    """The racers: threads that keep their connections, and times that nobody has fought for yet."""

    def __init__(self, made: BigClinic, clients: int) -> None:
        self.made, self.clients = made, clients
        self.pool = ThreadPoolExecutor(clients)
        self.pieces = [made.clinicians[0], Resource.objects.rooms()[0]]
        self.desk = User.objects.create_user(email="desk@example.org", name="Desk", role=Role.FRONT_DESK)
        patients = list(Patient.objects.order_by("pk"))
        self.bookers, self.movers = patients[:clients], patients[clients:]
        self.times = self._times()

    def __enter__(self) -> "_Field":
        return self

    def __exit__(self, *error: object) -> None:
        barrier = Barrier(self.clients)

        def hang_up() -> None:
            barrier.wait(PATIENCE)
            connections.close_all()

        for done in [self.pool.submit(hang_up) for _ in range(self.clients)]:
            done.result()
        self.pool.shutdown()

    def _times(self) -> Iterator[datetime]:
        opens = datetime.combine(self.made.first, time(OPENS), tzinfo=self.made.site.zone)
        for n in range(A_DAY * 150):
            yield opens + timedelta(days=n // A_DAY, minutes=45 * (n % A_DAY))

    def races(self, path: Callable[[datetime], Sequence[Attempt]], count: int) -> tuple[int, int, int, int, int, int]:
        """Attempts, races, won by one, double, won by nobody, and answers that were neither a yes nor a no."""
        seen: Counter[str] = Counter()
        for _ in range(count):
            starts_at = next(self.times)
            answers = self._run(path(starts_at))
            won = Appointment.objects.standing().filter(starts_at=starts_at).count()
            seen["one" if won == 1 else "double" if won else "nobody"] += 1
            seen["errors"] += sum(answer not in {"yes", "no"} for answer in answers)
        return count * self.clients, count, seen["one"], seen["double"], seen["nobody"], seen["errors"]

    def _run(self, attempts: Sequence[Attempt]) -> list[str]:
        barrier = Barrier(len(attempts))

        def start(attempt: Attempt) -> str:
            barrier.wait(PATIENCE)
            try:
                attempt()
            except Refused:
                return "no"
            except Exception as error:  # noqa: BLE001  counted: anything but a yes or a no is a failure
                return type(error).__name__
            return "yes"

        return list(self.pool.map(start, attempts))

    def bookings(self) -> Callable[[datetime], Sequence[Attempt]]:
        return lambda starts_at: [partial(self._book, patient, starts_at) for patient in self.bookers]

    def moves(self) -> Callable[[datetime], Sequence[Attempt]]:
        """Each has a visit far away, with a clinician and a room of the hour."""
        far = datetime.combine(self.made.first + timedelta(days=DAYS_BOOKED_AHEAD + 120), time(OPENS))
        opens = far.replace(tzinfo=self.made.site.zone)
        for n, patient in enumerate(self.movers):
            self._book(patient, opens + timedelta(days=n // A_DAY, minutes=45 * (n % A_DAY)))

        def path(starts_at: datetime) -> Sequence[Attempt]:
            visits = Appointment.objects.filter(patient__in=self.movers)
            return [partial(self._move, visit, starts_at) for visit in visits]

        return path

    def _book(self, patient: Patient, starts_at: datetime) -> object:
        return booking.book(
            patient=patient,
            service=offering.current()["review"],
            site=self.made.site,
            starts_at=starts_at,
            resources=self.pieces,
            by=self.desk,
            now=timezone.now(),
        )

    def _move(self, visit: Appointment, starts_at: datetime) -> object:
        return booking.move(
            visit,
            starts_at=starts_at,
            resources=self.pieces,
            revision=visit.revision,
            by=self.desk,
            now=timezone.now(),
        )


def _overlaps() -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        return int(cursor.fetchone()[0])
