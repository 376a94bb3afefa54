"""Where races are run: clients that start in the same instant, and times that nobody has fought for yet."""

import time as clock
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from threading import Barrier

from django.db import connections
from django.utils import timezone

from clinic.appointments.actions import booking
from clinic.appointments.models import Appointment, Resource
from clinic.bench.big_clinic import DAYS_BOOKED_AHEAD, OPENS, BigClinic
from clinic.bench.desk_line import DeskLine
from clinic.bench.frame import Timing
from patients.models import Patient
from people.models import User
from people.rules.permissions import Role
from people.rules.refusal import Refused
from programs.actions import offering

PATIENCE = 120  # seconds
HOUR = timedelta(hours=1)
A_DAY = 12  # races, an hour apart: a visit of half an hour may begin a quarter later and its room is clean in time
QUARTER = timedelta(minutes=15)

Attempt = Callable[[], object]
Path = Callable[[datetime], Sequence[Attempt]]  # who asks for what in the race for this time


@dataclass(slots=True)
class Ran:
    """What came of the races of one path."""

    attempts: int = 0
    races: int = 0
    one: int = 0  # won by one client
    double: int = 0
    nobody: int = 0
    errors: int = 0  # answers that were neither a yes nor a no
    yes_ms: list[float] = field(default_factory=list)
    no_ms: list[float] = field(default_factory=list)

    @property
    def is_wrong(self) -> bool:
        return bool(self.double or self.nobody or self.errors)

    @property
    def yes_p95(self) -> float:
        return Timing(tuple(self.yes_ms)).p95 if self.yes_ms else 0.0

    @property
    def no_p95(self) -> float:
        return Timing(tuple(self.no_ms)).p95 if self.no_ms else 0.0

    @property
    def cells(self) -> tuple[int | float, ...]:
        counts = (self.attempts, self.races, self.one, self.double, self.nobody, self.errors)
        return (*counts, self.yes_p95, self.no_p95)


class Field:
    """The racers: threads that keep their connections."""

    def __init__(self, made: BigClinic, clients: int) -> None:
        self.made, self.clients = made, clients
        self.pool = ThreadPoolExecutor(clients)
        self.pieces = [made.clinicians[0], Resource.objects.rooms()[0]]
        self.desk = User.objects.create_user(email="desk@example.org", name="Desk", role=Role.FRONT_DESK)
        patients = list(Patient.objects.order_by("pk"))
        self.bookers, self.movers = patients[:clients], patients[clients:]
        self.times = self._times()

    def __enter__(self) -> "Field":
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
            yield opens + timedelta(days=n // A_DAY, hours=n % A_DAY)

    def races(self, path: Path, count: int, *, at_last: Callable[[datetime], object] | None = None) -> Ran:
        """As many races of one path. `at_last` asks once more when all have their answers."""
        ran = Ran()
        for _ in range(count):
            starts_at = next(self.times)
            self._run(path(starts_at), ran)
            if at_last:
                with suppress(Refused):
                    at_last(starts_at)
            self._count(ran, starts_at)
        return ran

    def for_one_each(self, count: int) -> Ran:
        """No race: everybody wants another time of the same clinician, in the same instant. Nobody may be refused."""
        ran = Ran()
        for _ in range(count):
            wanted = [next(self.times) for _ in self.bookers]
            self._run([partial(self._book, *each) for each in zip(self.bookers, wanted, strict=True)], ran)
            for starts_at in wanted:
                self._count(ran, starts_at)
        return ran

    def _count(self, ran: Ran, starts_at: datetime) -> None:
        within = Appointment.objects.standing().filter(starts_at__gte=starts_at, starts_at__lt=starts_at + HOUR)
        won = within.count()
        ran.races += 1
        ran.one += won == 1
        ran.double += won > 1
        ran.nobody += won == 0

    def _run(self, attempts: Sequence[Attempt], ran: Ran) -> None:
        barrier = Barrier(len(attempts))

        def start(attempt: Attempt) -> tuple[str, float]:
            barrier.wait(PATIENCE)
            began = clock.perf_counter()
            try:
                attempt()
                answer = "yes"
            except Refused:
                answer = "no"
            except Exception as error:  # noqa: BLE001  counted: anything but a yes or a no is a failure
                answer = type(error).__name__
            return answer, (clock.perf_counter() - began) * 1000

        answers = list(self.pool.map(start, attempts))
        said = Counter(answer for answer, _ in answers)
        ran.attempts += len(attempts)
        ran.errors += len(attempts) - said["yes"] - said["no"]
        ran.yes_ms += [taken for answer, taken in answers if answer == "yes"]
        ran.no_ms += [taken for answer, taken in answers if answer == "no"]

    def bookings(self) -> Path:
        return lambda starts_at: [partial(self._book, patient, starts_at) for patient in self.bookers]

    def overlapping(self) -> Path:
        """Every second client wants to begin a quarter of an hour later: not the same time, but in its way."""
        return lambda starts_at: [
            partial(self._book, patient, starts_at + QUARTER * (n % 2)) for n, patient in enumerate(self.bookers)
        ]

    def cancelled(self) -> Path:
        """One cancels the visit that all others want the time of. Who comes too early is refused, and rightly."""

        def path(starts_at: datetime) -> Sequence[Attempt]:
            first, *others = self.bookers
            visit = self._book(first, starts_at)
            return [partial(self._cancel, visit), *(partial(self._book, patient, starts_at) for patient in others)]

        return path

    def once_more(self, starts_at: datetime) -> None:
        """Whatever was cancelled can be had, if nobody was quick enough to have it."""
        self._book(self.bookers[-1], starts_at)

    def pages(self, lines: Sequence[DeskLine]) -> Path:
        """The same form from as many browsers."""
        clinician, room = self.pieces
        return lambda starts_at: [
            partial(line.book, patient, clinician, room, starts_at)
            for line, patient in zip(lines, self.bookers, strict=True)
        ]

    def moves(self) -> Path:
        """Each has a visit far away, with a clinician and a room of the hour."""
        far = datetime.combine(self.made.first + timedelta(days=DAYS_BOOKED_AHEAD + 120), time(OPENS))
        opens = far.replace(tzinfo=self.made.site.zone)
        for n, patient in enumerate(self.movers):
            self._book(patient, opens + timedelta(days=n // A_DAY, hours=n % A_DAY))

        def path(starts_at: datetime) -> Sequence[Attempt]:
            visits = Appointment.objects.filter(patient__in=self.movers)
            return [partial(self._move, visit, starts_at) for visit in visits]

        return path

    def _book(self, patient: Patient, starts_at: datetime) -> Appointment:
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

    def _cancel(self, visit: Appointment) -> object:
        return booking.cancel(visit, reason="other", by=self.desk, now=timezone.now())
