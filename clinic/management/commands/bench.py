"""Measure how fast the clinic is."""

import importlib
import pkgutil
import signal
import sys
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

import clinic.bench
from clinic.bench.frame import Bench
from clinic.bootstrap.prepare import collect_changed_assets


class Command(BaseCommand):
    help = "Measure one thing on made-up data in a database of its own, against a floor measured in the same minute."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.set_defaults(bench=None)
        which = parser.add_subparsers(title="what to measure", metavar="WHAT")
        for bench in benches():
            one = which.add_parser(bench.name, help=bench.help, description=bench.help)
            one.add_argument("--json", action="store_true", help="print the figures for machines")
            one.set_defaults(bench=bench)
            bench.add_arguments(one)

    def handle(self, *args: Any, bench: Bench | None, **options: Any) -> None:
        if bench is None:
            raise CommandError(f"Say what to measure: {', '.join(bench.name for bench in benches())}.")
        if not settings.IS_TEST:
            collect_changed_assets()  # pages are measured as they are served
        before = signal.signal(signal.SIGTERM, _end)
        try:
            table = bench.run(options)
        finally:
            signal.signal(signal.SIGTERM, before)
        self.stdout.write(table.as_json() if options["json"] else table.as_text())
        if table.is_wrong:
            raise CommandError(table.last)


def _end(number: int, frame: object) -> None:
    """Told to stop, a benchmark still ends what it started and drops its database. Told twice, it does so once."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + number)


def benches() -> Iterator[Bench]:
    """One for every module of clinic/bench that has one."""
    for module in pkgutil.iter_modules(clinic.bench.__path__):
        found = importlib.import_module(f"clinic.bench.{module.name}")
        for it in vars(found).values():
            if isinstance(it, type) and issubclass(it, Bench) and it.__module__ == found.__name__ and it is not Bench:
                yield it()
