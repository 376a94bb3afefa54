"""For those who review the rulebook: is it whole, and does it say what a clinician expects?"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from patients.rules.rulebook import rulebook as patients_rulebook
from people.rules.knowledge import KnowledgeError
from programs.rules.rulebook import needs_confirmation
from programs.rules.rulebook import rulebook as programs_rulebook
from programs.rules.vignettes import Books, UnknownVignettes, told


class Command(BaseCommand):
    help = "Check the rulebook, or put stories with expected answers to it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        ways = parser.add_subparsers(dest="way", required=True)
        ways.add_parser("check", help="read all knowledge and say what is in it, or where it does not add up")
        stories = ways.add_parser("vignettes", help="put the stories of these files to the engines")
        stories.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            books = Books(patients_rulebook(), programs_rulebook())
        except KnowledgeError as problem:
            raise CommandError(str(problem)) from problem
        if options["way"] == "check":
            self._count(books)
        else:
            self._tell(options["files"], books)

    def _count(self, books: Books) -> None:
        book = books.programs
        claims = {
            "red flags": books.patients.red_flags,
            "outcome measures": books.patients.measures,
            "modalities": book.modalities,
            "contraindications": book.contraindications,
            "timing rules": book.timing_rules,
            "program templates": book.templates,
            "exercises": book.exercises,
        }
        for name, entries in claims.items():
            waiting = sum(needs_confirmation(entry) for entry in entries.values())
            self.stdout.write(f"{len(entries):5} {name}, {waiting} not yet confirmed by a clinician")
        self.stdout.write(f"Whole. Versions: patients {books.patients.version}, programs {book.version}.")

    def _tell(self, files: list[Path], books: Books) -> None:
        wrong = count = 0
        for file in files:
            try:
                for name, problem in told(json.loads(file.read_text(encoding="utf-8")), books):
                    count += 1
                    if problem:
                        wrong += 1
                        self.stdout.write(f"{file.name}: {name}: {problem}")
            except (OSError, ValueError, UnknownVignettes) as problem:
                raise CommandError(f"{file}: {problem}") from problem
        if wrong:
            raise CommandError(f"{wrong} of {count} stories came out otherwise than expected.")
        self.stdout.write(f"All {count} stories came out as expected.")
