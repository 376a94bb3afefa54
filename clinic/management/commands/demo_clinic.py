"""Make the demo clinic, if there is no clinic yet."""

import gc
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic.demo.build import build
from clinic.demo.house import PASSWORD, STAFF
from people.models import Clinic

SIGN_INS = "demo_sign_ins.txt"


class Command(BaseCommand):
    help = "Make a demo clinic full of made-up people, if there is no clinic yet."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("The demo's passwords are public: it cannot be made in production.")
        if Clinic.objects.exists():
            self.stdout.write("There is a clinic already; nothing was made.")
            return
        self.stdout.write("Making the demo clinic ...")
        gc.disable()  # looking for garbage among what is all still used costs an eighth of the time
        try:
            build(now=timezone.now().astimezone(ZoneInfo(settings.DEMO_TIME_ZONE)))
        finally:
            gc.enable()
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        (settings.DATA_DIR / SIGN_INS).write_text(sign_ins())


def sign_ins() -> str:
    """Who may look in, for the terminal."""
    shown = [(name, email, str(role.label).lower()) for name, email, role, *_ in STAFF[:3]]
    lines = [f"  {email:22} {PASSWORD}   {name}, {role}" for name, email, role in shown]
    return (
        "\n".join(
            [
                "Demo sign-ins (everybody is made up):",
                *lines,
                f"  {'ines@example.org':22} {PASSWORD}   the owner",
                f"  {'leila@example.org':22} a code by mail       Leila Rahimi, patient (read her mail at /mailbox/)",
            ]
        )
        + "\n"
    )
