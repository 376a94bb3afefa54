"""From the outbox to the mail server, one batch over one connection."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import InterfaceError, OperationalError, connection

from clinic.reminders.actions import outbox
from clinic.reminders.channels import email, letters
from clinic.reminders.models import Message
from clinic.reminders.rules import timing
from people.models import Clinic

_log = logging.getLogger(__name__)
_WHEN_UNREACHABLE = timedelta(seconds=30)
_PAUSES: Final = (0.2, 1, 2, 4, 8)  # seconds; a restart of PostgreSQL takes less than their sum


def deliver_due(*, clock: Callable[[], datetime], until: datetime) -> int:
    """Hand over everything that is due, batch by batch, and say how many were taken up.

    Reads the time from `clock` before each message: what was true when the batch was claimed may not be now.
    """
    taken = 0
    clinic = Clinic.objects.first()
    outbox.sweep(now=clock())
    while clinic and clock() < until:
        batch = outbox.claim(now=clock())
        if not batch or not _deliver(batch, clinic, clock, until):
            break
        taken += len(batch)
    return taken


def _deliver(batch: list[Message], clinic: Clinic, clock: Callable[[], datetime], until: datetime) -> bool:
    """False when the mail server cannot be reached, or time is up: the rest of the batch goes back."""
    with email.Line() as line:
        for n, message in enumerate(batch):
            now = clock()
            if now >= until:
                outbox.give_back(batch[n:], not_before=now)
                return False
            if waits_until := _quiet_until(message, now):
                outbox.give_back([message], not_before=waits_until, reason="quiet_hours")
                continue
            try:
                line.open()
            except email.Unreachable as trouble:
                _log.warning("The mail server cannot be reached: %s", trouble)
                outbox.give_back(batch[n:], not_before=now + _WHEN_UNREACHABLE, reason="unreachable")
                return False
            _hand_over(message, clinic, line, clock)
    return True


def _quiet_until(message: Message, now: datetime) -> datetime | None:
    """When a visit's reminder may go, if we do not speak at this hour."""
    if message.kind != Message.Kind.REMINDER or message.appointment is None:
        return None
    opens = timing.may_speak_at(now, zone=message.appointment.site.zone)
    return opens if opens > now else None


def _hand_over(message: Message, clinic: Clinic, line: email.Line, clock: Callable[[], datetime]) -> None:
    try:
        letter = letters.letter(message, clinic)
    except Exception:  # noqa: BLE001  (one letter that cannot be written must not hold up all others)
        _log.exception("Message %s cannot be written.", message.pk)
        outbox.refused(message, reason="not_written")
        return
    if not outbox.fence(message, now=clock()):
        return
    try:
        line.hand_over(letter)
    except email.Refused as trouble:
        reason, note = trouble.reason, str(trouble)
        _surely(lambda: outbox.refused(message, reason=reason, note=note))
    except email.TryLater as trouble:
        note = str(trouble)
        _surely(lambda: outbox.put_off(message, now=clock(), note=note))
    except email.InDoubt as trouble:
        note = str(trouble)
        _surely(lambda: outbox.doubt(message, note=note))
    else:
        _surely(lambda: outbox.sent(message, now=clock()))


def _surely(write: Callable[[], object]) -> None:
    """Write down what came of it, even if the database restarts just now: a result not written costs a twin."""
    for pause in _PAUSES:
        try:
            write()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(pause)
        else:
            return
    write()
