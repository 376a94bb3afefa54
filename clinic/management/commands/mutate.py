"""For those who change an engine: would its tests notice a slip?"""

import time
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.mutation.engines import ENGINES, HARMLESS, Engine, Harmless
from clinic.mutation.slips import Slip, slips
from clinic.mutation.trial import ROOT, TestsFail, survivors

LEAST_PERCENT = 95


class Command(BaseCommand):
    requires_system_checks = ()  # the engines need neither pages nor a database
    help = "Make every small slip in the clinical engines, one at a time, and name those that no test notices."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("engines", nargs="*", choices=[[], *(it.name for it in ENGINES)], metavar="ENGINE")
        parser.add_argument("--jobs", type=int, default=2, help="trials at once (2)")

    def handle(self, *args: Any, engines: list[str], jobs: int, **options: Any) -> None:
        shares = [self._try(engine, jobs) for engine in ENGINES if not engines or engine.name in engines]
        if min(shares) < LEAST_PERCENT:
            raise CommandError(f"Less than {LEAST_PERCENT} % of the slips in an engine are noticed.")

    def _try(self, engine: Engine, jobs: int) -> float:
        began, source = time.monotonic(), (ROOT / engine.path).read_text(encoding="utf-8")
        made, harmless = list(slips(source)), [it for it in HARMLESS if it.path == engine.path]
        counted = _without(harmless, made, source.splitlines())
        left = 0
        try:
            for slip in survivors(engine, counted, jobs=jobs):
                left += 1
                self.stdout.write(f"{engine.path}:{slip.line}: {slip.was}  ->  {slip.became}")
        except TestsFail as problem:
            raise CommandError(f"{problem}: the tests fail without any slip.") from problem
        share = 100 * (len(counted) - left) / len(counted)
        self.stdout.write(
            f"{engine.name}: {len(counted) - left} of {len(counted)} slips noticed, {share:.1f} %; "
            f"{len(made) - len(counted)} harmless ({time.monotonic() - began:.0f} s)"
        )
        return share


def _without(harmless: Iterable[Harmless], made: Iterable[Slip], lines: Sequence[str]) -> list[Slip]:
    """Raises `CommandError` for a harmless slip that nobody can make any more: what replaced it may do harm."""
    counted = list(made)
    for each in harmless:
        rest = [it for it in counted if not _is(it, each, lines)]
        if len(rest) == len(counted):
            raise CommandError(f"{each.path}: {each.line!r}: nothing there becomes {each.became!r} any more.")
        counted = rest
    return counted


def _is(slip: Slip, harmless: Harmless, lines: Sequence[str]) -> bool:
    return slip.became == harmless.became and lines[slip.line - 1].strip().startswith(harmless.line)
