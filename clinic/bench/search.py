"""Finding one patient among a hundred thousand by what a caller says first."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from datetime import date
from itertools import cycle
from typing import Any

import psycopg
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.bench.crowd import add_patients
from clinic.bench.database import own_database, tidy
from clinic.bench.frame import Bench, Table, timed_in_turn
from patients.models import Patient
from patients.rules.search import read
from people.models import User
from people.rules.permissions import Role

MOST_FOUND = 8  # as many as the desk is shown
ASKED = 20  # different patients, so that no answer comes from a warm page only
FEWEST_FOR_AN_INDEX = 20_000  # PostgreSQL reads a smaller table as a whole, and is right to

Search = Callable[[str], list[Patient]]


class SearchBench(Bench):
    name = "search"
    help = "Finding a patient by the end of a phone number, part of a name, a birth date, and a misspelt name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--patients", type=int, default=100_000)
        parser.add_argument("--rounds", type=int, default=60)

    def run(self, options: Mapping[str, Any]) -> Table:
        count, today = options["patients"], timezone.localdate()
        with own_database(self.name) as database:
            with database.as_admin() as admin:
                add_patients(admin, count, registered_at=timezone.now())
            tidy(database)
            rosa = User.objects.create_user(email="rosa@example.org", name="Rosa Bell", role=Role.FRONT_DESK)
            with database.raw() as raw:
                rows = [
                    _row(kind, texts, search, raw, options["rounds"])
                    for kind, (texts, search) in _searches(rosa, today).items()
                ]
        worst = max(row[-2] for row in rows)
        plans = {row[-1] for row in rows}
        is_wrong = count >= FEWEST_FOR_AN_INDEX and "Seq Scan" in " ".join(plans)
        return Table(
            title=f"One patient among {count:,}.",
            columns=["typed", "p50 ms", "p95 ms", "raw p50 ms", "x raw", "read through"],
            rows=rows,
            last=f"at most {worst:.1f} x the same statement through psycopg alone; "
            + ("a search reads the whole table" if is_wrong else "every search uses an index"),
            figures={f"{row[0].split(':')[0].replace(' ', '_')}_p50_ms": row[1] for row in rows}
            | {"worst_times_raw": worst},
            is_wrong=is_wrong,
        )


def _searches(desk: User, today: date) -> Mapping[str, tuple[list[str], Search]]:
    """What is typed, and how it is looked for."""
    everybody = Patient.objects.visible_to(desk).current()
    step = max(1, everybody.count() // ASKED)
    some = list(everybody.order_by("number")[::step])[:ASKED]

    def found(text: str) -> list[Patient]:
        return list(everybody.matching(read(text, on=today)).by_name()[:MOST_FOUND])

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
    kind: str, texts: list[str], search: Search, raw: "psycopg.Connection[tuple[Any, ...]]", rounds: int
) -> tuple[str, float, float, float, float, str]:
    statements = [_statement(search, text) for text in texts]
    typed, asked = cycle(texts), cycle(statements)

    def alone() -> object:
        with raw.transaction():
            return raw.execute(next(asked)).fetchall()

    times = timed_in_turn({"ours": lambda: search(next(typed)), "raw": alone}, rounds=rounds)
    ours, floor = times["ours"], times["raw"]
    shown = f"{kind}: {texts[0]}"
    return shown, ours.p50, ours.p95, floor.p50, ours.p50 / floor.p50, _plan(raw, statements[0])


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
