"""For those who review the rulebook: is it whole, and does it say what a clinician expects?"""

import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from time import process_time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from patients.rules.rulebook import load as load_patients
from patients.rules.rulebook import rulebook as patients_rulebook
from people.rules.knowledge import KnowledgeError
from people.rules.professions import professions
from programs.actions import decisions
from programs.rules import adjusting
from programs.rules.rulebook import ProgramRulebook, needs_confirmation
from programs.rules.rulebook import load as load_programs
from programs.rules.rulebook import rulebook as programs_rulebook
from programs.rules.vignettes import Books, UnknownVignettes, told


class Command(BaseCommand):
    help = "Check the rulebook, put stories with expected answers to it, or judge every kept decision again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        ways = parser.add_subparsers(dest="way", required=True)
        ways.add_parser("check", help="read all knowledge and say what is in it, or where it does not add up")
        stories = ways.add_parser("vignettes", help="put the stories of these files to the engines")
        stories.add_argument("files", nargs="+", type=Path, metavar="FILE")
        again = ways.add_parser("replay", help="judge every kept decision again and name those that come out otherwise")
        again.add_argument(
            "--release", type=Path, metavar="FOLDER", help="an older release of the product: judge by its rulebook"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            books = Books(patients_rulebook(), programs_rulebook())
        except KnowledgeError as problem:
            raise CommandError(str(problem)) from problem
        if options["way"] == "check":
            self._count(books)
        elif options["way"] == "replay":
            self._replay(books.programs if options["release"] is None else _of_release(options["release"]))
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
        began = process_time()
        _of_release(settings.BASE_DIR)
        self.stdout.write(f"Read and checked in {(process_time() - began) * 1000:.0f} ms of the processor.")

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

    def _replay(self, book: ProgramRulebook) -> None:
        same = otherwise = 0
        elsewhere: Counter[str] = Counter()
        for it in decisions.all_again(book):
            if it.is_of_another_rulebook:
                elsewhere[adjusting.delivered_in(it.kept.rulebook_version)] += 1
            elif it.is_the_same:
                same += 1
            else:
                otherwise += 1
                # By its number: nobody's name stands in a terminal.
                self.stdout.write(f"{it.kept.pk}: was {it.kept.status}, would be {it.status}")
        self.stdout.write(f"{same} decisions come out as they were kept, by rulebook {book.version}.")
        for version, count in elsewhere.items():
            self.stdout.write(f"{count} were made by rulebook {version}: name that release with --release.")
        if otherwise:
            raise CommandError(f"{otherwise} decisions come out otherwise than they were kept.")


def _of_release(folder: Path) -> ProgramRulebook:
    """Raises `CommandError` if there is no whole rulebook in it."""
    try:
        patients = load_patients(folder / "patients" / "knowledge", professions=professions())
        return load_programs(folder / "programs" / "knowledge", patients=patients, professions=professions())
    except KnowledgeError as problem:
        raise CommandError(str(problem)) from problem
