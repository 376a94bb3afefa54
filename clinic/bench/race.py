"""Many clients want the same time in the same instant. One must get it, whatever path they take."""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.utils import timezone

from clinic.appointments.actions import clashes
from clinic.bench.big_clinic import a_big_clinic
from clinic.bench.clients import web_server
from clinic.bench.database import OwnDatabase, own_database
from clinic.bench.desk_line import DeskLine, signed_in
from clinic.bench.frame import Bench, Table
from clinic.bench.race_field import Field, Ran
from programs.actions.safety_file import AHEAD

PATIENCE = 120  # seconds
PATHS = 6
A_FEW = 10  # races of each path for one round without a race
MOST_TIMES_WINNER = 2
OVERLAPS = """SELECT count(*) FROM appointments_hold one JOIN appointments_hold two
    ON one.resource_id = two.resource_id AND one.id < two.id AND one.during && two.during
    WHERE NOT one.is_overbooked AND NOT two.is_overbooked"""


class Race(Bench):
    name = "race"
    help = "Double bookings among thousands of racing attempts: 0, also when only the database is asked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--clients", type=int, default=50)
        parser.add_argument("--attempts", type=int, default=10_000, help="in all, on six paths")

    def run(self, options: Mapping[str, Any]) -> Table:
        clients = options["clients"]
        each = max(1, -(-options["attempts"] // clients // PATHS))  # races on each path
        with own_database(self.name) as database:
            made = a_big_clinic(database, visits=0, patients=2 * clients, now=timezone.now())
            with Field(made, clients) as field:
                raced = {
                    "booking": field.races(field.bookings(), each),
                    "booking, half of them a quarter hour later": field.races(field.overlapping(), each),
                    "moving to it": field.races(field.moves(), each),
                    "booking while it is cancelled": field.races(field.cancelled(), each, at_last=field.once_more),
                }
                with only_the_database():
                    raced["booking, the database alone"] = field.races(field.bookings(), each)
                raced[WEB] = _over_http(database, field, each)
                alone = field.for_one_each(max(1, each // A_FEW))
            overlaps = _overlaps()
        return _table(raced, alone, overlaps, clients)


WEB = "booking over HTTP"


def _table(raced: Mapping[str, Ran], alone: Ran, overlaps: int, clients: int) -> Table:
    every = {**raced, "no race: each another time of one clinician": alone}
    attempts, doubles = sum(ran.attempts for ran in raced.values()), sum(ran.double for ran in every.values())
    web = raced[WEB]
    slower = web.no_p95 / web.yes_p95 if web.yes_ms else 0.0
    return Table(
        title=f"{clients} clients want the same time, again and again.",
        columns=["path", "attempts", "races", "one won", "double", "nobody", "errors", "yes p95 ms", "no p95 ms"],
        rows=[(name, *ran.cells) for name, ran in every.items()],
        last=(
            f"{doubles} double bookings and {overlaps} overlaps in {attempts:,} racing attempts (goal 0 and 0); "
            f"{alone.nobody} of {alone.races} refused a time that nobody else wanted (goal 0); over HTTP a no takes "
            f"{slower:.1f} x a yes (p95, goal <= {MOST_TIMES_WINNER} x)"
        ),
        figures={
            "attempts": attempts,
            "double": doubles,
            "overlaps": overlaps,
            "false_refusals": alone.nobody,
            "http_no_times_yes": slower,
        },
        is_wrong=bool(overlaps or any(ran.is_wrong for ran in every.values())),
    )


def _over_http(database: OwnDatabase, field: Field, count: int) -> Ran:
    session = signed_in(field.desk)
    with web_server(database) as server:
        lines = [DeskLine(server.port, session) for _ in field.bookers]
        try:
            for line in lines:
                line.open()
            # What the workers learn with their first pages does not count.
            field.races(field.pages(lines), min(A_FEW, count))
            return field.races(field.pages(lines), count)
        finally:
            for line in lines:
                line.close()


@contextmanager
def only_the_database() -> Iterator[None]:
    """Take our own question away: what is left is the constraint."""
    asked = clashes.cleared
    clashes.cleared = lambda *_, **__: clashes.Cleared(frozenset(), AHEAD)
    try:
        yield
    finally:
        clashes.cleared = asked


def _overlaps() -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        return int(cursor.fetchone()[0])
