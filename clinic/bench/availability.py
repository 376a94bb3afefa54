"""Free times of twenty clinicians for a day and for a month, in a book of fifty thousand and of a million visits."""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

import psycopg
from django.utils import timezone

from clinic.appointments.actions.availability import FreeTimes, free_times
from clinic.appointments.models import Appointment
from clinic.bench.big_clinic import HALF_HOURS, OPENS, BigClinic, a_big_clinic
from clinic.bench.database import own_database
from clinic.bench.floor import FLOOR, bare_view, queries_of
from clinic.bench.frame import Bench, Table, Timing, growth, peak_mb, timed_in_turn
from patients.models import Patient
from programs.actions import offering

MONTH = 30  # days
MINUTES = 30  # of a review, and of every visit in the book
STEP = 15  # minutes
MOST_TIMES_FLOOR = 4.0
MOST_TIMES_REF = 4.0
MOST_QUERIES = 8
MOST_GROWTH = 1.25

RAW, REF = "raw: the SELECT of the visits", "ref: 1 query + plain Python"
DAY, WHOLE = "1 day, 1 clinician", "30 days, 20 clinicians"

# What any product would have to read: the visits of these people in these days, through the b-tree.
STATEMENT = """SELECT clinician_id, starts_at, ends_at FROM appointments_appointment
               WHERE clinician_id = ANY(%s) AND starts_at >= %s AND starts_at < %s"""
# The fastest way found to hand them to Python without packing them: one row of minutes for each clinician.
REFERENCE = """SELECT clinician_id, array_agg((date_part('epoch', starts_at) / 60)::int ORDER BY starts_at)
               FROM appointments_appointment
               WHERE clinician_id = ANY(%s) AND starts_at >= %s AND starts_at < %s GROUP BY 1"""


Ask = Callable[..., FreeTimes]


@dataclass(frozen=True, slots=True)
class _Measured:
    """In a book of one size."""

    visits: int
    found: int  # free times in the month
    times: Mapping[str, Timing]
    queries: int
    peak_mb: float  # of Python's memory, for the month

    def ratio(self, one: str, other: str) -> float:
        return self.times[one].p50 / self.times[other].p50


class Availability(Bench):
    name = "availability"
    help = "Free times: 1 and 30 days, 1 and 20 clinicians, against one query and plain Python."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--visits", type=int, default=50_000, help="in the book")
        parser.add_argument("--grown", type=int, default=1_000_000, help="the same with so many; 0 leaves it out")
        parser.add_argument("--patients", type=int, default=20_000)
        parser.add_argument("--rounds", type=int, default=30)

    def run(self, options: Mapping[str, Any]) -> Table:
        sizes = [size for size in (options["visits"], options["grown"]) if size]
        every = [_measured(size, options) for size in sizes]
        first, grown = every[0], every[-1]
        grows = [growth(first.times, grown.times, name, floor=FLOOR) for name in (DAY, WHOLE)]
        return Table(
            title=(
                f"Free times in a book of {' and '.join(f'{it.visits:,}' for it in every)} visits; "
                f"{first.found:,} of them in {MONTH} days, worked out in {first.peak_mb:.1f} MB."
            ),
            columns=["what", "visits", "p50 ms", "p95 ms", "x raw"],
            rows=[(name, it.visits, t.p50, t.p95, it.ratio(name, RAW)) for it in every for name, t in it.times.items()],
            last=(
                f"{WHOLE}: {first.ratio(WHOLE, REF):.2f} x ref (goal <= {MOST_TIMES_REF:.0f} x), "
                f"{first.ratio(WHOLE, RAW):.1f} x one raw SELECT of the visits (goal <= 10 x), "
                f"{first.queries} queries (goal <= {MOST_QUERIES}); {DAY}: {first.ratio(DAY, FLOOR):.1f} x floor "
                f"(goal <= {MOST_TIMES_FLOOR:.0f} x); growth x {grows[0]:.2f} and x {grows[1]:.2f} "
                f"(goal <= {MOST_GROWTH})"
            ),
            figures={
                "month_p50_ms": first.times[WHOLE].p50,
                "day_p50_ms": first.times[DAY].p50,
                "ref_p50_ms": first.times[REF].p50,
                "raw_p50_ms": first.times[RAW].p50,
                "times_ref": first.ratio(WHOLE, REF),
                "times_floor": first.ratio(DAY, FLOOR),
                "day_growth": grows[0],
                "month_growth": grows[1],
                "peak_mb": max(it.peak_mb for it in every),
                "queries": first.queries,
            },
        )


def _measured(visits: int, options: Mapping[str, Any]) -> _Measured:
    with own_database("availability") as database:
        made = a_big_clinic(database, visits=visits, patients=options["patients"], now=timezone.now())
        # The service and the patient are what a page has at hand.
        known: dict[str, Any] = {"patient": Patient.objects.first(), "first": made.first, "now": made.now}
        ask: Ask = partial(free_times, offering.current()["review"], **known)

        def month() -> list[Any]:
            return ask(days=MONTH).starts()

        with database.raw() as raw:
            times = timed_in_turn(_deeds(made, ask, raw), rounds=options["rounds"])
        return _Measured(visits, len(month()), times, queries_of(month), peak_mb(month))


def _deeds(made: BigClinic, ask: Ask, raw: "psycopg.Connection[tuple[Any, ...]]") -> Mapping[str, Callable[[], object]]:
    begins = datetime.combine(made.first, time.min, tzinfo=made.site.zone).astimezone(UTC)
    asked = [[who.pk for who in made.clinicians], begins, begins + timedelta(days=MONTH)]
    return {
        FLOOR: bare_view(Appointment.objects.all()),
        # Sent and received, but not made into Python values: what PostgreSQL and the wire alone cost.
        RAW: lambda: raw.execute(STATEMENT, asked),
        REF: lambda: _plain(raw, asked),
        DAY: lambda: list(ask(days=1, clinician=made.clinicians[0])),
        "1 day, 20 clinicians": lambda: list(ask(days=1)),
        "30 days, 1 clinician": lambda: list(ask(days=MONTH, clinician=made.clinicians[0])),
        WHOLE: lambda: ask(days=MONTH).starts(),
        "the same, each as an offer with room and reasons": lambda: list(ask(days=MONTH)),
    }


def _plain(raw: "psycopg.Connection[tuple[Any, ...]]", asked: list[Any]) -> list[tuple[Any, int]]:
    """What a careful programmer writes in an hour: no rooms, no patient, no leave, no reasons. Nothing to book yet."""
    opens = int(asked[1].timestamp()) // 60 + OPENS * 60
    starts = [
        minute
        for day in range(MONTH)
        for minute in range(opens + day * 1440, opens + day * 1440 + HALF_HOURS * 30 - MINUTES + 1, STEP)
    ]
    found = []
    for clinician, visits in raw.execute(REFERENCE, asked).fetchall():
        taken = {minute for visit in visits for minute in (visit - STEP, visit, visit + STEP)}
        found += [(clinician, minute) for minute in starts if minute not in taken]
    return found
