"""Ill-treat what must hold, with real servers, and count at the other side."""

import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone
from psycopg import sql

from clinic.bench.database import OwnDatabase, own_database
from clinic.reminders.proving import controls, experiments, world
from clinic.reminders.proving.findings import Findings
from clinic.reminders.proving.rig import Rig

_PATIENTS_FOR_ONE = 10  # the last experiment owes so many times as much as the others


class Command(BaseCommand):
    help = "Reminders under faults, in a database of their own: fails when one is lost, doubled or told when not true."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["reminders"])
        parser.add_argument("--messages", type=int, default=1_000, help="in each experiment (1000); R12 has ten times")
        parser.add_argument("--only", nargs="+", default=[], metavar="R1", help=f"of {', '.join(experiments.ALL)}")
        parser.add_argument("--no-controls", action="store_true", help="leave out the variants that must fail")
        parser.add_argument("--seed", type=int, default=1, help="the same seed strikes the same again")

    def handle(self, *args: Any, **options: Any) -> None:
        if unknown := set(options["only"]) - set(experiments.ALL):
            raise CommandError(f"There is no {', '.join(sorted(unknown))}. There are: {', '.join(experiments.ALL)}.")
        chosen = options["only"] or list(experiments.ALL)
        # So that it ends what it started, and drops its database, also when it is told to stop.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        with own_database("prove") as database:
            world.build(patients=_PATIENTS_FOR_ONE * options["messages"], now=timezone.now())
            environment = {"DATABASE_URL": database.url, "DATABASE_OWNER_URL": database.owner_url}
            before = {name: os.environ.get(name, "") for name in environment}
            os.environ.update(environment)
            try:
                self._prove(database, chosen, options)
            finally:
                os.environ.update(before)

    def _prove(self, database: OwnDatabase, chosen: Sequence[str], options: dict[str, Any]) -> None:
        broken = 0
        rig = Rig(
            database_url=database.url,
            away=lambda seconds: _away(database, seconds),
            messages=options["messages"],
            seed=options["seed"],
        )
        with rig:
            found = [self._said(experiments.ALL[name](rig)) for name in chosen]
            for name in [] if options["no_controls"] else controls.ALL:
                control = self._said(controls.ALL[name](rig))
                if not any(controls.EXPECTED[name] in breach for breach in control.breaches):
                    self.stdout.write(f"The wrong variant ({name}) was not found out: the rig is broken.")
                    broken += 1
        self.stdout.write(_sum(found))
        if breaches := sum(bool(it.breaches) for it in found) + broken:
            raise CommandError(f"{breaches} experiments found a breach.")
        self.stdout.write(f"{len(chosen)} experiments: none lost, none doubled beyond its bound, none untrue.")

    def _said(self, found: Findings) -> Findings:
        self.stdout.write(found.as_line())
        self.stdout.flush()
        return found


def _sum(found: Iterable[Findings]) -> str:
    """All experiments as one line."""
    names = ("owed", "taken", "lost", "doubled", "after_cancel", "at_night", "unresolved", "faults")
    sums = {name: sum(getattr(it, name) for it in found) for name in names}
    return "In all: " + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sums.items())


def _away(database: OwnDatabase, seconds: float) -> int:
    """End every connection but our own, and let nobody in for a while: as when PostgreSQL fails over to another."""
    connection.close()
    name = sql.Identifier(database.name)
    with database.as_admin() as admin:
        # The role that the product runs as may connect because everybody may.
        admin.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(name))
        admin.commit()
        ended = admin.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
        time.sleep(seconds)
        admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO PUBLIC").format(name))
    return int(ended[0]) if ended else 0
