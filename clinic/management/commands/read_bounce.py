"""Read a mail that came back, as the mail server pipes it in (docs/deploy.md)."""

import hashlib
import sys
from typing import Any, Final

from django.core.management.base import BaseCommand
from django.utils import timezone

from clinic.reminders.actions import mail_reports
from clinic.reminders.rules import bounce_notices

_LONGEST: Final = 1024 * 1024  # bytes; the rest of a notice is the mail itself


class Command(BaseCommand):
    help = (
        "Note from a bounce or complaint on standard input which address takes no mail. Anything else is passed over."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read(_LONGEST)
        for returned in bounce_notices.read(raw):
            said = f"{returned.message_id} {returned.what} {returned.status}"
            report = mail_reports.MailReport(
                provider="smtp",
                what=returned.what,
                event_id=hashlib.sha256(said.encode()).hexdigest(),
                message_id=returned.message_id,
                reason=returned.reason,
                code=returned.status,
                recipients=returned.recipients or frozenset({""}),  # a notice that names nobody proves nothing
            )
            mail_reports.received(report, now=timezone.now())
