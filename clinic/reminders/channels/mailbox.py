"""Where mail goes when the clinic has no mail server: a folder that only this computer shows."""

import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

SUFFIX = ".eml"


def folder() -> Path:
    """The folder, made on first use; closed to other users, for sign-in codes lie in it."""
    path = Path(settings.DATA_DIR) / "mailbox"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


class EmailBackend(BaseEmailBackend):
    """Writes each mail as one file, whole or not at all."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Raises `OSError` where the folder cannot be written."""
        place = folder()
        for mail in email_messages:
            # Sorted by name they are sorted by time.
            name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
            unfinished = place / f".{name}"
            unfinished.write_bytes(mail.message().as_bytes())
            unfinished.rename(place / f"{name}{SUFFIX}")
        return len(email_messages)
