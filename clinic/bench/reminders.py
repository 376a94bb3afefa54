"""Reminders: planning them, handing over ten thousand that are due at once, and what an hour without any costs."""

import math
import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.bench.database import OwnDatabase, own_database
from clinic.bench.frame import Bench, Cell, Table
from clinic.bench.reminders_booking import with_and_without
from clinic.bench.reminders_data import Owing, a_clinic_that_owes, book_ahead
from clinic.bench.reminders_pipes import Sent, by_django, by_django_each, by_hand, by_us, together
from clinic.reminders.actions import planning
from clinic.reminders.models import Attempt, Message
from clinic.reminders.tasks import look_at

MOST_PLANNING_S, MOST_LATE_S, LEAST_OF_DJANGO, LEAST_OF_RAW, LEAST_OF_TWO = 5, 60, 70, 50, 1.25
MOST_OF_BOOKING = 1.15
_BOOKED_ALREADY, _BOOKERS = 5_000, 500  # visits and patients of the clinic that is booked into meanwhile
_BOOKED_AHEAD_DAYS = 14  # in which the visits lie that are planned for
_TURNS = 4
_BEAT_SECONDS = 10  # how often "look now" is sent, settings.CELERY_BEAT_SCHEDULE


class Reminders(Bench):
    name = "reminders"
    help = "Planning, and sending through a mail server on loopback, against django.core.mail and a bare pipe."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--visits", type=int, default=100_000, help="coming visits to plan for; 0 leaves it out")
        parser.add_argument("--due", type=int, default=10_000, help="reminders that are due at once")
        parser.add_argument("--mails", type=int, default=2_000, help="in each of the pipes that are compared")
        parser.add_argument("--patients", type=int, default=30_000, help="nobody gets more than four a day")
        parser.add_argument("--long", type=int, default=100_000, help="over which a worker is to stay as it is; or 0")
        parser.add_argument("--bookings", type=int, default=600, help="with and without reminders; 0 leaves it out")

    def run(self, options: Mapping[str, Any]) -> Table:
        with own_database(self.name) as database:
            made = a_clinic_that_owes(database, patients=options["patients"], now=timezone.now())
            idle = _idle()
            pipes = _pipes(database, made, options["mails"])
            many, late, celery = _all_at_once(database, made, options["due"])
            long = by_us(made, database, options["long"], workers=1) if options["long"] else many
        planned = _planning(options["visits"], patients=options["patients"]) if options["visits"] else (0, 0.0, 0.0)
        slower = _slower(options["bookings"]) if options["bookings"] else 0.0
        of_django = 100 * _share(pipes["ours, 1 worker"], pipes["django.core.mail"])
        of_raw = 100 * _share(pipes["ours, 1 worker"], pipes["bare pipe"])
        of_two = _share(pipes["ours, 2 workers"], pipes["ours, 1 worker"])
        looks = 3600 / _BEAT_SECONDS + 3600 / settings.LOOKOUT_SECONDS
        an_hour = (idle.look_ms * looks + idle.minute_ms * 60) / 1000
        rows: list[list[Cell]] = [
            [name, it.count, it.seconds, it.per_second, _share(it, pipes["django.core.mail"])]
            for name, it in {**pipes, "ours, all at once": many, "ours, for long": long}.items()
        ]
        return Table(
            title=(
                f"{planned[0]:,} messages planned of {options['visits']:,} visits in {planned[1]:.1f} s, again in "
                f"{planned[2]:.1f} s; a look with nothing to do {idle.look_ms:.1f} ms and {idle.queries} queries, "
                f"the first of a minute {idle.minute_ms:.0f} ms; "
                f"{many.count:,} due at once handed over within p50 {late[0]:.1f}, p99 {late[1]:.1f} s; "
                f"a worker grew by {long.grown_kb:,} kB over {long.count:,}; an hour without any costs "
                f"{an_hour:.0f} s of processor time."
            ),
            columns=["pipe", "messages", "seconds", "per second", "x django.core.mail"],
            rows=rows,
            last=(
                f"{of_django:.0f} % of django.core.mail (goal >= {LEAST_OF_DJANGO}), {of_raw:.0f} % of the bare pipe "
                f"(goal >= {LEAST_OF_RAW}), two workers x {of_two:.2f} (goal >= {LEAST_OF_TWO}); due to hand-over p99 "
                f"{late[1]:.1f} s (goal <= {MOST_LATE_S}); planning {planned[1]:.1f} s (goal <= {MOST_PLANNING_S}); "
                f"{celery:.2f} Celery messages for 100 reminders (goal <= 1); a booking with reminders on takes "
                f"x {slower:.2f} of one without (goal <= {MOST_OF_BOOKING})"
            ),
            figures={
                "planning_s": planned[1],
                "planning_again_s": planned[2],
                "idle_look_ms": idle.look_ms,
                "idle_minute_ms": idle.minute_ms,
                "idle_look_queries": idle.queries,
                "idle_hour_s": an_hour,
                "of_django_percent": of_django,
                "of_raw_percent": of_raw,
                "of_two_workers": of_two,
                "late_p50_s": late[0],
                "late_p99_s": late[1],
                "celery_per_100": celery,
                "grown_kb": long.grown_kb,
                "booking_times": slower,
            },
            is_wrong=any(it.twice or it.count < it.wanted for it in [*pipes.values(), many, long]),
        )


def _share(one: Sent, other: Sent) -> float:
    return one.per_second / other.per_second if other.per_second else 0.0


def _slower(bookings: int) -> float:
    """How many times as long a booking takes (median) while a worker looks every second."""
    found = with_and_without(bookings=bookings, visits=_BOOKED_ALREADY, patients=_BOOKERS)
    return found["on"].p50 / found["off"].p50


def _planning(visits: int, *, patients: int) -> tuple[int, float, float]:
    """How many messages were planned, in how many seconds, and how long it takes to see that nothing is new.

    In a database where nothing else is owed: what was made up for the pipes would be planned for as well.
    """
    with own_database("planning") as database:
        made = a_clinic_that_owes(database, patients=patients, now=timezone.now())
        book_ahead(database, made, visits=visits, days=_BOOKED_AHEAD_DAYS)
        now, began = timezone.now(), time.perf_counter()
        planning.plan(now=now)
        first = time.perf_counter()
        planning.plan(now=now)
        return Message.objects.count(), first - began, time.perf_counter() - first


@dataclass(frozen=True, slots=True)
class Idle:
    """Of looks at a clinic where nothing is owed, in processor time of the worker."""

    look_ms: float
    minute_ms: float  # the first look of a minute plans what the clock makes due
    queries: int


def _idle() -> Idle:
    now = timezone.now().replace(second=0)
    look_at(now)
    with CaptureQueriesContext(connection) as queries:
        look_at(now)
    return Idle(_cpu_ms(now, every=timedelta()), _cpu_ms(now, every=timedelta(minutes=1)), len(queries))


def _cpu_ms(now: datetime, *, every: timedelta) -> float:
    began, rounds = time.process_time(), 20
    for n in range(rounds):
        look_at(now + n * every)
    return (time.process_time() - began) / rounds * 1000


def _pipes(database: OwnDatabase, made: Owing, mails: int) -> Mapping[str, Sent]:
    """In turn, a share at a time: a slow minute is slow for all. The first turn, which warms up, is not counted."""
    share = max(1, mails // _TURNS)
    deeds: Mapping[str, Callable[[], Sent]] = {
        "django.core.mail": lambda: by_django(made, database, share),
        "django.core.mail, a line each": lambda: by_django_each(made, database, share),
        "bare pipe": lambda: by_hand(made, database, share),
        "ours, 1 worker": lambda: by_us(made, database, share, workers=1),
        "ours, 2 workers": lambda: by_us(made, database, 2 * share, workers=2),
    }
    taken: dict[str, list[Sent]] = {name: [] for name in deeds}
    for turn in range(_TURNS + 1):
        for name, deed in deeds.items():
            sent = deed()
            if turn:
                taken[name].append(sent)
    return {name: together(turns) for name, turns in taken.items()}


def _all_at_once(database: OwnDatabase, made: Owing, due: int) -> tuple[Sent, tuple[float, float], float]:
    """Two workers; how late each was handed over (median and p99, seconds); and "look now" for 100 of them."""
    sent = by_us(made, database, due, workers=2)
    late = sorted(
        (at - due_at).total_seconds()
        for at, due_at in Attempt.objects.filter(message__occasion__endswith=sent.run).values_list(
            "at", "message__due_at"
        )
    )
    looks = math.ceil(sent.seconds / _BEAT_SECONDS)
    return sent, (late[len(late) // 2], late[int(0.99 * (len(late) - 1))]), looks * 100 / due
