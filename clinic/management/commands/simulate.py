"""Live half a year of a made-up clinic, and check every session that was given."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.bench.database import own_database
from clinic.simulation import report, world


class Command(BaseCommand):
    help = "Live the programs with made-up patients in a database of its own; fails if a session broke a rule."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--patients", type=int, default=20, help="of each program (20)")
        parser.add_argument("--templates", nargs="+", default=["all"], metavar="CODE", help="programs, or all")
        parser.add_argument("--weeks", type=int, default=26)
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same again")

    def handle(self, *args: Any, **options: Any) -> None:
        known = world.templates()
        wanted = known if "all" in options["templates"] else tuple(options["templates"])
        if unknown := sorted(set(wanted) - set(known)):
            raise CommandError(f"There is no program {', '.join(unknown)}. There are: {', '.join(known)}.")
        asked = world.Asked(wanted, options["patients"], options["weeks"], options["seed"])
        with own_database("simulate"):
            found = report.lived(asked, say=self.stdout.write)
        self.stdout.write(found.as_text())
        if found.unhelped:
            raise CommandError(f"{found.unhelped} times what was named as a help did not help.")
        if found.breaches:
            raise CommandError(f"{len(found.breaches)} sessions broke a rule.")
