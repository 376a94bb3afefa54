"""Free times of twenty clinicians for a day and for a month, in a book of fifty thousand or a million visits."""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

import psycopg
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.appointments.actions.availability import FreeTimes, free_times
from clinic.bench.big_clinic import HALF_HOURS, OPENS, BigClinic, a_big_clinic
from clinic.bench.database import own_database
from clinic.bench.frame import Bench, Table, Timing, timed_in_turn
from patients.models import Patient
from programs.actions import offering

MONTH = 30  # days
MINUTES = 30  # of a review, and of every visit in the book
STEP = 15  # minutes
MOST_TIMES_REF = 4.0
MOST_QUERIES = 8

# What any product would have to read: the visits of these people in these days, through the b-tree.
RAW = """SELECT clinician_id, starts_at, ends_at FROM appointments_appointment
         WHERE clinician_id = ANY(%s) AND starts_at >= %s AND starts_at < %s"""
# The fastest way found to hand them to Python without packing them: one row of minutes for each clinician.
REFERENCE = """SELECT clinician_id, array_agg((date_part('epoch', starts_at) / 60)::int ORDER BY starts_at)
               FROM appointments_appointment
               WHERE clinician_id = ANY(%s) AND starts_at >= %s AND starts_at < %s GROUP BY 1"""


Ask = Callable[..., FreeTimes]


class Availability(Bench):
    name = "availability"
    help = "Free times: 1 and 30 days, 1 and 20 clinicians, against one query and plain Python."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--visits", type=int, default=50_000, help="in the book (50000; 1000000 for the growth)")
        parser.add_argument("--patients", type=int, default=20_000)
        parser.add_argument("--rounds", type=int, default=30)

    def run(self, options: Mapping[str, Any]) -> Table:
        visits = options["visits"]
        with own_database(self.name) as database:
            made = a_big_clinic(database, visits=visits, patients=options["patients"], now=timezone.now())
            # The service and the patient are what a page has at hand.
            known: dict[str, Any] = {"patient": Patient.objects.first(), "first": made.first, "now": made.now}
            ask: Ask = partial(free_times, offering.current()["review"], **known)
            with database.raw() as raw:
                deeds = _deeds(made, ask, raw)
                found = timed_in_turn(deeds, rounds=options["rounds"])
            month, queries = _counted(lambda: ask(days=MONTH))
        ratio = found["30 days, 20 clinicians"].p50 / found["ref: 1 query + plain Python"].p50
        return Table(
            title=f"Free times in a book of {visits:,} visits; {len(month):,} of them in {MONTH} days.",
            columns=["what", "p50 ms", "p95 ms", "x raw"],
            rows=[(name, it.p50, it.p95, _times(it, found)) for name, it in found.items()],
            last=(
                f"{ratio:.2f} x ref (goal <= {MOST_TIMES_REF:.0f} x), "
                f"{_times(found['30 days, 20 clinicians'], found):.1f} x one raw SELECT of the visits (goal <= 10 x), "
                f"{queries} queries (goal <= {MOST_QUERIES})"
            ),
            figures={
                "month_p50_ms": found["30 days, 20 clinicians"].p50,
                "day_p50_ms": found["1 day, 1 clinician"].p50,
                "ref_p50_ms": found["ref: 1 query + plain Python"].p50,
                "raw_p50_ms": found["raw: the SELECT of the visits"].p50,
                "times_ref": ratio,
                "queries": queries,
            },
        )


def _deeds(made: BigClinic, ask: Ask, raw: "psycopg.Connection[tuple[Any, ...]]") -> Mapping[str, Callable[[], object]]:
    begins = datetime.combine(made.first, time.min, tzinfo=made.site.zone).astimezone(UTC)
    asked = [[who.pk for who in made.clinicians], begins, begins + timedelta(days=MONTH)]
    return {
        # Sent and received, but not made into Python values: what PostgreSQL and the wire alone cost.
        "raw: the SELECT of the visits": lambda: raw.execute(RAW, asked),
        "ref: 1 query + plain Python": lambda: _plain(raw, asked),
        "1 day, 1 clinician": lambda: list(ask(days=1, clinician=made.clinicians[0])),
        "1 day, 20 clinicians": lambda: list(ask(days=1)),
        "30 days, 1 clinician": lambda: list(ask(days=MONTH, clinician=made.clinicians[0])),
        "30 days, 20 clinicians": lambda: ask(days=MONTH).starts(),
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


def _counted(deed: Callable[[], FreeTimes]) -> tuple[FreeTimes, int]:
    with CaptureQueriesContext(connection) as queries:
        found = deed()
    return found, len(queries)


def _times(it: Timing, found: Mapping[str, Timing]) -> float:
    return it.p50 / found["raw: the SELECT of the visits"].p50
