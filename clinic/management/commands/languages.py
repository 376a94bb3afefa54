"""For developers: bring the catalogues of translations up to what the code says, and compile them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Take new texts for patients into the catalogues and compile them; says what waits for a translation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail if a text has no translation")

    def handle(self, *args: Any, **options: Any) -> None:
        from clinic.languages import catalogue  # noqa: PLC0415  (Babel: a running clinic does not have it)

        waiting = 0
        for language in catalogue.TRANSLATED:
            made = catalogue.renewed(language)
            if not options["check"]:
                catalogue.source_of(language).write_bytes(catalogue.as_source(made))
                catalogue.compiled_of(language).write_bytes(catalogue.compiled(made))
            still_open = catalogue.open_in(made)
            for message in still_open:
                files = ", ".join(file for file, _line in message.locations)
                self.stdout.write(f"{language}: {message.id!r} ({files})")
            self.stdout.write(f"{language}: {len(made)} texts, {len(still_open)} to translate.")
            waiting += len(still_open)
        if options["check"] and waiting:
            raise CommandError("Translate them in clinic/locale, then run this command again.")
