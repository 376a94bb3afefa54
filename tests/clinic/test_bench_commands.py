"""The benchmarks run, small, and end with the line to read."""

import io
import json
import os
import signal
import time
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from clinic.bench.database import fill, own_database
from clinic.bench.frame import Bench, Table
from clinic.management.commands.bench import Command

# One room that is away twice at a time.
TWICE = """INSERT INTO appointments_absence (id, resource_id, during, reason)
           SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000001', '[2026-01-01,2026-01-02)', ''
           FROM generate_series(1, 2)"""

pytestmark = pytest.mark.django_db(transaction=True)


def measured(*arguments: str) -> str:
    out = io.StringIO()
    call_command("bench", *arguments, stdout=out)
    return out.getvalue().strip()


def test_free_times_are_measured_against_a_reference_of_the_same_minute() -> None:
    sizes = ("--visits", "500", "--grown", "900", "--patients", "60")
    *table, last = measured("availability", *sizes, "--rounds", "1").splitlines()

    assert table[0].startswith("Free times in a book of 500 and 900 visits")
    assert "5 queries (goal <= 8)" in last
    assert "growth" in last
    assert "x ref" in last


def test_the_rules_are_measured_against_their_goal_and_mere_look_ups() -> None:
    found = json.loads(measured("rules", "--checks", "200", "--json"))

    assert [row["facts known"] for row in found["rows"]] == [0, 20, 60, 131]
    assert found["figures"]["checks_per_s"] == pytest.approx(10_000 * found["figures"]["times_goal"])
    assert "checks a second on one core" in found["last"]


def test_the_search_is_measured_against_its_own_statement() -> None:
    found = json.loads(measured("search", "--patients", "200", "--grown", "0", "--rounds", "1", "--json"))

    assert [row["typed"].split(":")[0] for row in found["rows"]] == [
        "end of a phone number",
        "part of a name",
        "two parts, last name first",
        "birth date",
        "misspelt name",
    ]
    assert "psycopg alone" in found["last"]
    assert max(row["queries"] for row in found["rows"]) <= 6


def test_a_benchmarks_database_obeys_our_rules_and_is_gone_afterwards() -> None:
    before = connection.settings_dict["NAME"]

    with own_database("nothing") as made, made.raw() as raw:
        name = made.name
        assert raw.execute("SELECT current_database(), current_user").fetchone() == (
            name,
            connection.settings_dict["USER"],
        )
        with pytest.raises(psycopg.errors.ExclusionViolation), made.as_admin() as admin:
            fill(admin, "appointments_absence", [TWICE])

    assert not there_is(name)
    assert connection.settings_dict["NAME"] == before


def there_is(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_database WHERE datname = %s)", [name])
        return bool(cursor.fetchone()[0])


def test_a_benchmark_that_is_told_to_stop_leaves_no_database_behind() -> None:
    names = []

    class Stopped(Bench):
        name = help = "stopped"

        def run(self, options: Mapping[str, Any]) -> Table:
            with own_database("stopped") as made:
                names.append(made.name)
                assert there_is(made.name)
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(10)
            raise AssertionError("Nobody stopped it.")

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as end:
        Command().handle(bench=Stopped(), json=False)

    assert end.value.code == 128 + signal.SIGTERM
    assert not there_is(names[0])
    assert signal.getsignal(signal.SIGTERM) == before


def test_the_command_asks_what_to_measure() -> None:
    with pytest.raises(CommandError, match=r"availability, .*search"):
        call_command("bench")
