"""What the reminders cost whoever books meanwhile: the same bookings with and without a worker that looks."""

import multiprocessing
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from datetime import time as clock_time
from itertools import cycle, product
from typing import Final

from django.db import connections
from django.utils import timezone

from clinic.appointments.actions import booking
from clinic.appointments.models import Resource
from clinic.bench.big_clinic import DAYS_BOOKED_AHEAD, OPENS, BigClinic, a_big_clinic
from clinic.bench.database import own_database
from clinic.bench.frame import Timing
from clinic.reminders.tasks import look
from people.models import User
from people.rules.permissions import Role
from programs.actions import offering

_FORK = multiprocessing.get_context("fork")
_TURNS: Final = 6
_LOOKS_EVERY: Final = 1.0  # second; beat says it every ten
_HOURS: Final = 12


def with_and_without(*, bookings: int, visits: int, patients: int) -> Mapping[str, Timing]:
    """As many bookings of each, in turn, into a book of `visits`: while a worker looks, and while it is stopped."""
    taken: dict[str, list[float]] = {"off": [], "on": []}
    with own_database("reminders_booking") as database:
        made = a_big_clinic(database, visits=visits, patients=patients, now=timezone.now())
        book = _desk(made)
        connections.close_all()
        with _a_worker() as turn_on:
            for turn, which in product(range(_TURNS), taken):
                turn_on(which == "on")
                for _ in range(bookings // _TURNS):
                    began = time.perf_counter()
                    book()
                    if turn:  # the first warms up
                        taken[which].append((time.perf_counter() - began) * 1000)
    return {which: Timing(tuple(rounds)) for which, rounds in taken.items()}


def _desk(made: BigClinic) -> Callable[[], None]:
    """Books one time after the other that nobody has yet."""
    desk = User.objects.create_user(email="desk@example.org", name="Desk", role=Role.FRONT_DESK)
    rooms = list(Resource.objects.rooms())
    holders = Resource.objects.filter(kind=Resource.Kind.PATIENT).select_related("patient").order_by("pk")
    patients = [holder.patient for holder in holders if holder.patient]
    service = offering.current()["review"]

    def times() -> Iterator[tuple[int, datetime]]:
        first = made.first + timedelta(days=DAYS_BOOKED_AHEAD)
        opens = datetime.combine(first, clock_time(OPENS), tzinfo=made.site.zone)
        for day, hour, who in product(range(365), range(_HOURS), range(len(made.clinicians))):
            yield who, opens + timedelta(days=day, hours=hour)

    free = times()
    whose = cycle(patients)  # more than there are clinicians: nobody is in two places

    def book() -> None:
        who, starts_at = next(free)
        booking.book(
            patient=next(whose),
            service=service,
            site=made.site,
            starts_at=starts_at,
            resources=[made.clinicians[who], rooms[2 * who]],
            by=desk,
            now=timezone.now(),
            request_key=uuid.uuid4(),
        )

    return book


@contextmanager
def _a_worker() -> Iterator[Callable[[bool], None]]:
    """Another process that looks; it is stopped until it is turned on."""
    worker = _FORK.Process(target=_look_on, daemon=True)
    worker.start()
    pid = worker.pid or 0

    def turn(is_on: bool) -> None:
        os.kill(pid, signal.SIGCONT if is_on else signal.SIGSTOP)

    try:
        yield turn
    finally:
        turn(True)
        worker.terminate()
        worker.join()


def _look_on() -> None:
    while True:
        look()
        time.sleep(_LOOKS_EVERY)
