"""From the outbox to the mail server and the phone company: batch by batch, over one line to each."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from time import sleep
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import InterfaceError, OperationalError, connection

from clinic.reminders import channels
from clinic.reminders.actions import contact, outbox, outcomes
from clinic.reminders.channels import trouble
from clinic.reminders.models import ContactPreference, Message, ReminderPolicy
from clinic.reminders.rules import quiet
from people.models import Clinic

_log = logging.getLogger(__name__)
_WHEN_UNREACHABLE = timedelta(seconds=30)
# What was read when the batch was claimed (a name, an address) is believed for so long; and so long one slow
# provider keeps the others waiting.
_BATCH_FOR = timedelta(seconds=5)
# Slower than this between the fence and the last step, and the fence is asked again: what was cancelled a second
# ago is not to be said.
_STILL_FRESH = timedelta(milliseconds=300)
_PAUSES: Final = (0.2, 1, 2, 4, 8)  # seconds; a restart of PostgreSQL takes less than their sum

# The patient chose these hours.
_AT_THEIR_OWN_HOURS: Final = (Message.Kind.EXERCISE, Message.Kind.POSTURE)

Clock = Callable[[], datetime]


def deliver_due(*, clock: Clock, until: datetime) -> int:
    """Hand over everything that is due, batch by batch, and say how many were taken up.

    Reads the time from `clock` before each message: what was true when the batch was claimed may not be now.
    """
    taken = 0
    clinic = Clinic.objects.first()
    outbox.sweep(now=clock())
    if clinic is None:
        return 0
    with ExitStack() as lines:
        hands = {it: _Hand(lines.enter_context(channels.line(it)), clinic, clock, until) for it in channels.by_wire()}
        # In turn, so that ten thousand texts do not keep one mail waiting.
        while hands and clock() < until:
            for channel in tuple(hands):
                batch = outbox.claim(now=clock(), channel=channel)
                taken += len(batch)
                if not batch or not hands[channel].deliver(batch):
                    del hands[channel]
    return taken


class _Hand:
    """One worker's way over one channel. It knows what came of the last message until that is written down."""

    def __init__(self, line: channels.Line, clinic: Clinic, clock: Clock, until: datetime) -> None:
        self._line, self._clinic, self._clock, self._until = line, clinic, clock, until
        self._done: outcomes.Outcome | None = None
        self._policy = ReminderPolicy.current()
        self._let_go_at = clock()
        self._waiting: deque[Message] = deque()
        self._next: tuple[Message, Any] | None = None
        if isinstance(line, channels.email.Line):
            line.meanwhile = self._write_ahead

    def deliver(self, batch: Sequence[Message]) -> bool:
        """False when the other side cannot be reached, or time is up: the rest of the batch goes back.

        Raises `OperationalError` or `InterfaceError` when the database went away; what nobody has seen goes back too.
        """
        began, self._waiting, self._next = self._clock(), deque(batch), None
        try:
            while following := self._following():
                message, letter = following
                now = self._clock()
                if now >= min(self._until, began + _BATCH_FOR):
                    self._settle()
                    outbox.give_back([message, *self._waiting], not_before=now)
                    return now < self._until
                try:
                    self._line.open()
                except trouble.Unreachable as problem:
                    self._settle()
                    _log.warning("The %s channel cannot be reached: %s", message.channel, problem)
                    rest = [message, *self._waiting]
                    outbox.give_back(rest, not_before=now + _WHEN_UNREACHABLE, reason="unreachable")
                    return False
                if self._may_go(message):
                    self._done = self._said(message, letter)
            return True
        except (OperationalError, InterfaceError):
            # Under our lease nobody else would take them for a minute. What was let go is not claimed any more.
            _surely(lambda: outbox.give_back(batch, not_before=began))
            raise
        finally:
            self._settle()

    def _following(self) -> tuple[Message, Any] | None:
        """The next that can go now, in words; mostly written already."""
        following, self._next = self._next, None
        while following is None and self._waiting:
            following = self._written(self._waiting[0])
            self._waiting.popleft()
        return following

    def _write_ahead(self) -> None:
        """While the other side thinks about one message, the next is written."""
        # An error here is the next one's, and met again when its turn comes.
        with suppress(Exception):
            self._next = self._following()

    def _written(self, message: Message) -> tuple[Message, Any] | None:
        """In words. None for one that waits for the morning, or cannot be written."""
        now = self._clock()
        if waits_until := _quiet_until(message, self._clinic, self._policy, now):
            outbox.give_back([message], not_before=waits_until, reason="quiet_hours")
            return None
        try:
            return message, channels.written(message, self._clinic)
        except (OperationalError, InterfaceError):
            raise  # not the letter is at fault: the whole batch waits until the database is there again
        except Exception:  # noqa: BLE001  (one letter that cannot be written must not hold up all others)
            _log.exception("Message %s cannot be written.", message.pk)
            outbox.settle(outcomes.refused(message, reason="not_written"), now=now)
            return None

    def _may_go(self, message: Message) -> bool:
        """Ask the fence, and in the same breath write down what came of the message before."""
        done, self._done = self._done, None
        self._let_go_at = self._clock()
        try:
            return outbox.fence(message, now=self._let_go_at, done=done)
        except (OperationalError, InterfaceError):
            # Whether it was written, nobody knows: writing it again does no harm, letting go twice is refused.
            _surely(lambda: outbox.settle(done, now=self._clock()) if done else outbox.still_there())
            self._let_go_at = self._clock()
            return outbox.fence(message, now=self._let_go_at)

    def _said(self, message: Message, letter: Any) -> outcomes.Outcome:
        try:
            reference = self._line.hand_over(letter, go=lambda: self._still_true(message))
        except trouble.Refused as problem:
            return outcomes.refused(message, reason=problem.reason, note=str(problem))
        except trouble.TryLater as problem:
            return outcomes.put_off(message, now=self._clock(), reason=problem.reason, note=str(problem))
        except trouble.CalledOff:
            return outcomes.called_off(message)
        except trouble.InDoubt as problem:
            return outcomes.in_doubt(message, note=str(problem))
        return outcomes.sent(message, now=self._clock(), provider=self._line.provider, reference=reference)

    def _still_true(self, message: Message) -> bool:
        """The other side took its time until the last step: is it all still so?"""
        now = self._clock()
        return now - self._let_go_at < _STILL_FRESH or outbox.still_true(message, now=now)

    def _settle(self) -> None:
        done, self._done = self._done, None
        if done:
            _surely(lambda: outbox.settle(done, now=self._clock()))


def _quiet_until(message: Message, clinic: Clinic, policy: ReminderPolicy, now: datetime) -> datetime | None:
    """When it may go, if we do not speak at this hour where the patient is."""
    if message.kind in contact.AT_ANY_TIME or message.kind in _AT_THEIR_OWN_HOURS or message.patient is None:
        return None
    wish = getattr(message.patient, "contact_preference", None) or ContactPreference()
    lives = getattr(message.patient, "visit_preference", None)
    there = ZoneInfo(lives.time_zone) if lives and lives.time_zone else None
    here = message.appointment.site.zone if message.appointment else clinic.zone
    allowed = quiet.Hours(policy.speak_from, policy.speak_until, wish.zone or there or here)
    opens = allowed.within(wish.earliest, wish.latest).open_at(now)
    return opens if opens > now else None


def _surely(write: Callable[[], object]) -> None:
    """Write down what came of it, even if the database restarts just now: a result not written costs a twin."""
    for pause in _PAUSES:
        try:
            write()
        except (OperationalError, InterfaceError):
            connection.close()
            sleep(pause)
        else:
            return
    write()
