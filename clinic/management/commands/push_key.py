"""Make the key by which browsers know messages on their screens as ours."""

from typing import Any

from django.core.management.base import BaseCommand

from clinic.reminders.channels import sealing


class Command(BaseCommand):
    help = "Print a new PUSH_KEY. With another key, every patient has to turn messages on the screen on again."
    requires_system_checks = ()  # the key that stands there now may be the very fault

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(sealing.new_key())
