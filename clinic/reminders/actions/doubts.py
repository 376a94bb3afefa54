"""Texts of which nobody knows whether they left: ask the provider, who may."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, QuerySet

from clinic.reminders.actions import outbox, outcomes
from clinic.reminders.channels import sms, texts
from clinic.reminders.channels.trouble import TryLater
from clinic.reminders.channels.twilio import CANNOT_EVER_TELL, Line
from clinic.reminders.models import Attempt, Message
from people.actions import audit
from people.models import Clinic

_log = logging.getLogger(__name__)
State = Message.State
_SETTLES_WITHIN: Final = timedelta(minutes=2)  # until then the provider's own list may lag behind
_ASKED_AGAIN_AFTER: Final = timedelta(minutes=5)
_GIVE_UP_AFTER: Final = timedelta(minutes=30)
_MOST: Final = 20  # in one look: asking takes time that sending needs
IN_DOUBT, CANNOT_TELL = "in_doubt", "cannot_tell"


def settle(*, clock: Callable[[], datetime], until: datetime) -> int:
    """Look up doubtful texts: found they were sent, surely absent they may go again. How many were settled.

    What the provider cannot tell stays doubtful; then another channel says it.
    """
    clinic = Clinic.objects.first()
    rows = doubtful(clock()).select_related("message__patient", "message__appointment__site")
    tries = list(rows.order_by("at")[:_MOST]) if clinic and sms.is_on() else []
    if not clinic or not tries:
        return 0
    settled = 0
    with sms.line() as line:
        for n, attempt in enumerate(tries):
            if (now := clock()) >= until:  # a slow provider must not keep those waiting who are to hear something
                break
            try:
                settled += _settle(attempt, clinic, line, now)
            except TryLater as trouble:
                if str(trouble) in CANNOT_EVER_TELL:
                    _put_off(attempt, now=now, is_final=True)
                    continue
                # Whoever does not answer about one text does not about the next: each would cost a time-out.
                _log.warning("The phone company cannot be asked: %s", trouble)
                for each in tries[n:]:
                    _put_off(each, now=now)
                break
    return settled


def doubtful(now: datetime) -> QuerySet[Attempt]:
    """The last try of each text that may be asked about."""
    return Attempt.objects.filter(
        message__channel=Message.Channel.SMS,
        message__state=State.UNKNOWN,
        message__reason=IN_DOUBT,
        message__not_before__lte=now,
        token=F("message__token"),
        at__lte=now - _SETTLES_WITHIN,
    )


def _settle(attempt: Attempt, clinic: Clinic, line: Line, now: datetime) -> bool:
    message = attempt.message
    if not message.patient:
        return False
    known = Attempt.objects.exclude(provider_ref="").filter(provider=line.provider, message__patient=message.patient)
    ours = set(known.values_list("provider_ref", flat=True))
    found = [it for it in line.look_up(texts.text(message, clinic), since=attempt.at) if it.sid not in ours]
    if found:
        sent = outcomes.sent(message, now=attempt.at, provider=line.provider, reference=found[0].sid)
        return outbox.settle(sent, now=now)
    return _go_again(message, now=now)


@transaction.atomic
def _go_again(message: Message, *, now: datetime) -> bool:
    """It never left. With a new token: a late report of the old try changes nothing."""
    unknown = Message.objects.filter(pk=message.pk, token=message.token, state=State.UNKNOWN, replaced_by=None)
    if not unknown.update(state=State.READY, reason="", token=F("token") + 1, not_before=now):
        return False
    audit.record(None, "message.not_taken", message, kind=message.kind)
    return True


@transaction.atomic
def _put_off(attempt: Attempt, *, now: datetime, is_final: bool = False) -> None:
    """Ask once more in a while, and then no more: whoever plans says it another way."""
    message = attempt.message
    is_over = is_final or now - attempt.at >= _GIVE_UP_AFTER
    still = Message.objects.filter(pk=message.pk, token=message.token, state=State.UNKNOWN)
    still.update(reason=CANNOT_TELL if is_over else IN_DOUBT, not_before=now + _ASKED_AGAIN_AFTER)
    audit.record(None, "message.asked_about", message, kind=message.kind, is_over=is_over)
