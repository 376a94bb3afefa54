"""Bring in the patients of another system."""

import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from patients.actions import imports
from patients.actions.imports import Choices, Report, Verdict
from patients.rules.import_dates import Order
from patients.rules.import_formats import formats, recognise
from patients.rules.tables import open_table
from people.models import User
from people.rules.refusal import Refused

BAR = 40  # columns
WORTH_A_LINE = {Verdict.HELD_BACK, Verdict.REFUSED}


class Command(BaseCommand):
    help = (
        "Bring in patients from a CSV export. The format is recognised by its headings; the same file twice changes"
        " nothing. Whoever has the name and birth date of somebody here is held back and listed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=_readable)
        parser.add_argument("--dry-run", action="store_true", help="say what would become of every row, change nothing")
        parser.add_argument("--format", default="", choices=["", *formats()], help="instead of recognising it")
        order = parser.add_mutually_exclusive_group()
        order.add_argument("--day-first", dest="order", action="store_const", const=Order.DAY_FIRST)
        order.add_argument("--month-first", dest="order", action="store_const", const=Order.MONTH_FIRST)
        parser.add_argument(
            "--keep-duplicates", action="store_true", help="bring in those with a known name and birth date too"
        )
        parser.add_argument("--skip-bad", action="store_true", help="leave out rows that cannot be read")
        parser.add_argument("--by", default="", metavar="EMAIL", help="the member of staff who imports")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        by = self._staff(options["by"])
        choices = Choices(
            country=settings.PHONENUMBER_DEFAULT_REGION,
            order=options["order"],
            keep_duplicates=options["keep_duplicates"],
            skip_bad=options["skip_bad"],
        )
        bar = _Bar(file)
        try:
            with file.open("rb") as opened:
                table = open_table(opened)
                source = recognise(table.headings, code=options["format"])
                self.stdout.write(f"{file.name}: {source.label}, {table.encoding}.")
                if dry_run:
                    report = imports.look(table, source, choices, now=timezone.now(), tick=bar)
                else:
                    report = imports.bring_in(table, source, choices, by=by, now=timezone.now(), tick=bar)
        except imports.RowsRefused as refusal:
            bar.end()
            self._print(refusal.report, is_done=False, all_rows=False)
            raise CommandError(str(refusal)) from refusal
        except Refused as refusal:
            bar.end()
            raise CommandError(str(refusal)) from refusal
        bar.end()
        self._print(report, is_done=not dry_run, all_rows=dry_run)

    def _staff(self, email: str) -> User | None:
        if not email:
            return None
        user: User | None = User.objects.staff().active().with_email(email).first()
        if user is None:
            raise CommandError(f"Nobody who works here has the e-mail {email}.")
        return user

    def _print(self, report: Report, *, is_done: bool, all_rows: bool) -> None:
        for finding in sorted(report.findings, key=lambda finding: finding.line):
            if all_rows or finding.why or finding.verdict in WORTH_A_LINE:
                why = f": {finding.why}" if finding.why else ""
                self.stdout.write(f"line {finding.line}: {finding.verdict.label}{why}")
        if report.unused:
            self.stdout.write(f"Columns not brought in: {', '.join(report.unused)}.")
        counts = ", ".join(f"{report.count(verdict)} {verdict.label}" for verdict in Verdict)
        archived = f" ({report.archived} of them archived)" if report.archived else ""
        self.stdout.write(f"{len(report.findings)} rows: {counts}{archived}.")
        is_changed = is_done and report.count(Verdict.CREATE)
        self.stdout.write("Brought in." if is_changed else "Nothing was changed.")


class _Bar:
    """How far it is, on a terminal only: a log or a pipe stays clean."""

    def __init__(self, file: Path) -> None:
        self.is_shown = sys.stderr.isatty()
        self.rows = 0
        # Lines are counted only for somebody who watches.
        self.all = sum(chunk.count(b"\n") for chunk in _chunks(file)) if self.is_shown else 0

    def __call__(self, rows: int) -> None:
        self.rows += rows
        if self.is_shown:
            share = min(1.0, self.rows / max(1, self.all))
            sys.stderr.write(f"\r[{'#' * round(share * BAR):<{BAR}}] {self.rows} rows")
            sys.stderr.flush()

    def end(self) -> None:
        if self.is_shown:
            sys.stderr.write("\n")


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        yield from iter(lambda: opened.read(1 << 20), b"")


def _readable(name: str) -> Path:
    path = Path(name)
    if not path.is_file() or not os.access(path, os.R_OK):
        raise ArgumentTypeError(f"{name} is not a file that can be read.")
    return path
