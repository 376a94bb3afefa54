"""Ill-treat what must hold, with real servers, and count at the other side."""

import os
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from clinic.bench.database import OwnDatabase, own_database
from clinic.reminders.proving import controls, experiments, world
from clinic.reminders.proving.findings import Findings
from clinic.reminders.proving.rig import Rig


class Command(BaseCommand):
    help = "Reminders under faults, in a database of their own: fails when one is lost, doubled or told when not true."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["reminders"])
        parser.add_argument("--messages", type=int, default=1_000, help="in each experiment (1000)")
        parser.add_argument("--only", nargs="+", default=[], metavar="R1", help=f"of {', '.join(experiments.ALL)}")
        parser.add_argument("--no-controls", action="store_true", help="leave out the variants that must fail")
        parser.add_argument("--seed", type=int, default=1, help="the same seed strikes the same again")

    def handle(self, *args: Any, **options: Any) -> None:
        if unknown := set(options["only"]) - set(experiments.ALL):
            raise CommandError(f"There is no {', '.join(sorted(unknown))}. There are: {', '.join(experiments.ALL)}.")
        chosen = options["only"] or list(experiments.ALL)
        with own_database("prove") as database:
            world.build(patients=options["messages"], now=timezone.now())
            environment = {"DATABASE_URL": database.url, "DATABASE_OWNER_URL": database.owner_url}
            before = {name: os.environ.get(name, "") for name in environment}
            os.environ.update(environment)
            try:
                self._prove(database, chosen, options)
            finally:
                os.environ.update(before)

    def _prove(self, database: OwnDatabase, chosen: Sequence[str], options: dict[str, Any]) -> None:
        breaches = 0
        rig = Rig(
            database_url=database.url,
            cut=lambda: _cut(database),
            messages=options["messages"],
            seed=options["seed"],
        )
        with rig:
            for name in chosen:
                breaches += self._say(experiments.ALL[name](rig))
            for name in [] if options["no_controls"] else controls.ALL:
                found = controls.ALL[name](rig)
                self._say(found)
                if not any(controls.EXPECTED[name] in breach for breach in found.breaches):
                    self.stdout.write(f"The wrong variant ({name}) was not found out: the rig is broken.")
                    breaches += 1
        if breaches:
            raise CommandError(f"{breaches} experiments found a breach.")
        self.stdout.write(f"{len(chosen)} experiments: none lost, none doubled beyond its bound, none untrue.")

    def _say(self, found: Findings) -> bool:
        self.stdout.write(found.as_line())
        self.stdout.flush()
        return bool(found.breaches)


def _cut(database: OwnDatabase) -> int:
    """End every connection to the database but the one that says so, as a restart of PostgreSQL would."""
    connection.close()
    with database.as_admin() as admin:
        ended = admin.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    return int(ended[0]) if ended else 0
