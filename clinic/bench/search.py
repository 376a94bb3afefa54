"""Finding one patient among a hundred thousand, and among a million, by what a caller says first."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from typing import Any, Self

import psycopg
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.appointments.models import Resource
from clinic.appointments.web.finding import best_first
from clinic.bench.big_clinic import ZONE
from clinic.bench.crowd import add_patients
from clinic.bench.database import own_database, tidy
from clinic.bench.floor import FLOOR, ROWS, bare_view, queries_of
from clinic.bench.frame import Bench, Table, Timing, timed_in_turn
from patients.models import Patient
from patients.rules.search import read
from people.models import Clinic, Site, User
from people.rules.permissions import Role

MOST_FOUND = 8  # as many as the desk is shown
ASKED = 20  # different patients, so that no answer comes from a warm page only
MOST_TIMES_FLOOR = 4.0
MOST_QUERIES = 6
MOST_GROWTH = 3.0
FEWEST_FOR_AN_INDEX = 20_000  # PostgreSQL reads a smaller table as a whole, and is right to

Search = Callable[[str], list[Patient]]


class SearchBench(Bench):
    name = "search"
    help = "Finding a patient by the end of a phone number, part of a name, a birth date, and a misspelt name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--patients", type=int, default=100_000)
        parser.add_argument("--grown", type=int, default=1_000_000, help="the same with so many; 0 leaves it out")
        parser.add_argument("--rounds", type=int, default=60)

    def run(self, options: Mapping[str, Any]) -> Table:
        sizes = [size for size in (options["patients"], options["grown"]) if size]
        every = {size: _measured(size, options["rounds"]) for size in sizes}
        first, grown = every[sizes[0]], every[sizes[-1]]
        # Each against the floor of its own minutes: between the two sizes the table is filled.
        grows = [one.grown_to(other) for one, other in zip(first, grown, strict=True)]
        worst = max(row.ours.p50 / row.raw.p50 for row in first)
        page = max(row.page.p50 / row.floor.p50 for row in first)
        queries = max(row.queries for row in first)
        is_wrong = any(size >= FEWEST_FOR_AN_INDEX and "Seq Scan" in row.plan for size in sizes for row in every[size])
        return Table(
            title=f"One patient among {' and '.join(f'{size:,}' for size in sizes)}.",
            columns=[
                "typed",
                "patients",
                "p50 ms",
                "p95 ms",
                "x raw",
                "page p50 ms",
                "x floor",
                "queries",
                "read through",
            ],
            rows=[row.cells(size) for size in sizes for row in every[size]],
            last=(
                f"at most {worst:.1f} x the same statement through psycopg alone; the page of the answers at most "
                f"{page:.1f} x floor (goal <= {MOST_TIMES_FLOOR:.0f} x) with {queries} queries "
                f"(goal <= {MOST_QUERIES}); p95 grows x {max(grows):.2f} at most (goal <= {MOST_GROWTH:.0f}); "
                + ("a search reads the whole table" if is_wrong else "every search uses an index")
            ),
            figures={f"{row.kind.replace(' ', '_')}_p50_ms": row.ours.p50 for row in first}
            | {"worst_times_raw": worst, "page_times_floor": page, "p95_growth": max(grows)},
            is_wrong=is_wrong,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """One way of asking, among so many patients."""

    kind: str
    example: str
    ours: Timing
    raw: Timing
    page: Timing
    floor: Timing
    queries: int
    plan: str

    def grown_to(self, other: Self) -> float:
        return (other.ours.p95 / other.floor.p50) / (self.ours.p95 / self.floor.p50)

    def cells(self, patients: int) -> tuple[str | int | float, ...]:
        shown = f"{self.kind}: {self.example}"
        ours, page = (self.ours.p50, self.ours.p95, self.ours.p50 / self.raw.p50), self.page.p50 / self.floor.p50
        return (shown, patients, *ours, self.page.p50, page, self.queries, self.plan)


def _measured(count: int, rounds: int) -> list[_Row]:
    today = timezone.localdate()
    with own_database("search") as database:
        with database.as_admin() as admin:
            add_patients(admin, count, registered_at=timezone.now())
        tidy(database)
        _a_house()
        rosa = User.objects.create_user(email="rosa@example.org", name="Rosa Bell", role=Role.FRONT_DESK)
        desk = Client(SERVER_NAME="localhost")
        desk.force_login(rosa, backend="people.web.backends.RightsBackend")
        with database.raw() as raw:
            return [
                _row(kind, texts, search, raw, desk, rounds) for kind, (texts, search) in _searches(rosa, today).items()
            ]


def _a_house() -> None:
    """Pages want a clinic, and the floor something small to read."""
    Clinic.objects.create(id=1, name="Northgate Clinic", sender_name="Northgate", time_zone=ZONE, is_demo=True)
    site = Site.objects.create(name="Northgate Main", time_zone=ZONE)
    Resource.objects.bulk_create(
        Resource(kind=Resource.Kind.ROOM, name=f"Room {n}", ordinal=n, site=site) for n in range(ROWS)
    )


def _searches(desk: User, today: date) -> Mapping[str, tuple[list[str], Search]]:
    """What is typed, and how it is looked for."""
    everybody = Patient.objects.visible_to(desk).current()
    step = max(1, everybody.count() // ASKED)
    some = list(everybody.order_by("number")[::step])[:ASKED]

    def found(text: str) -> list[Patient]:
        return best_first(everybody, read(text, on=today), most=MOST_FOUND)

    def close(text: str) -> list[Patient]:
        return everybody.close_to(read(text, on=today), most=MOST_FOUND)

    return {
        "end of a phone number": ([str(it.mobile)[-4:] for it in some], found),
        "part of a name": ([it.family_name[:4] for it in some], found),
        "two parts, last name first": ([f"{it.family_name[:4]} {it.given_name[:3]}" for it in some], found),
        "birth date": ([f"{it.birth_date:%Y-%m-%d}" for it in some], found),
        "misspelt name": ([_misspelt(it.family_name) for it in some], close),
    }


def _misspelt(name: str) -> str:
    """Two letters in the middle change places."""
    middle = len(name) // 2
    return name[: middle - 1] + name[middle] + name[middle - 1] + name[middle + 1 :]


def _row(
    kind: str,
    texts: list[str],
    search: Search,
    raw: "psycopg.Connection[tuple[Any, ...]]",
    desk: Client,
    rounds: int,
) -> _Row:
    statements = [_statement(search, text) for text in texts]
    typed, asked, seen = cycle(texts), cycle(statements), cycle(texts)

    def alone() -> object:
        with raw.transaction():
            return raw.execute(next(asked)).fetchall()

    def page() -> None:
        """As it is asked while somebody types."""
        answer = desk.get("/desk/book/", {"q": next(seen)}, headers={"HX-Request": "true"})
        if answer.status_code != 200:
            raise AssertionError(f"The search answered {answer.status_code}.")

    deeds = {"ours": lambda: search(next(typed)), "raw": alone, "page": page, FLOOR: bare_view(Resource.objects.all())}
    times = timed_in_turn(deeds, rounds=rounds)
    return _Row(
        kind=kind,
        example=texts[0],
        ours=times["ours"],
        raw=times["raw"],
        page=times["page"],
        floor=times[FLOOR],
        queries=queries_of(page),
        plan=_plan(raw, statements[0]),
    )


def _statement(search: Search, text: str) -> bytes:
    with CaptureQueriesContext(connection) as queries:
        search(text)
    return str(queries.captured_queries[-1]["sql"]).encode()


def _plan(raw: "psycopg.Connection[tuple[Any, ...]]", statement: bytes) -> str:
    """The ways in which PostgreSQL reads tables for it."""
    with raw.transaction():
        found = raw.execute(b"EXPLAIN (FORMAT JSON) " + statement).fetchall()[0][0]
    plan = found if isinstance(found, list) else json.loads(found)
    return ", ".join(sorted(_scans(plan[0]["Plan"])))


def _scans(node: Mapping[str, Any]) -> set[str]:
    found = {node["Node Type"]} if "Scan" in node["Node Type"] else set()
    return found.union(*map(_scans, node.get("Plans", ())))
