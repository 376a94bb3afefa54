"""Make a real, empty clinic and the link with which its owner joins."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from people.actions import organization
from people.rules.refusal import Refused
from people.web.letters import join_link


class Command(BaseCommand):
    help = "Start the clinic: prints the link with which its owner joins. Harmless when it has an owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="who owns the clinic")
        parser.add_argument("--name", default="Our clinic", help="what the clinic is called; can be changed later")
        parser.add_argument("--time-zone", default="UTC", metavar="TZ", help="for example Europe/London")

    def handle(self, *args: Any, owner: str, name: str, time_zone: str, **options: Any) -> None:
        try:
            started = organization.start_for_its_owner(
                owner_email=owner, name=name, time_zone=time_zone, now=timezone.now()
            )
        except organization.ClinicRuns as refusal:
            self.stdout.write(str(refusal))
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem
        else:
            self.stdout.write(f"{started.clinic} waits for its owner. This link works once, for 7 days:")
            self.stdout.write(join_link(started.token))
