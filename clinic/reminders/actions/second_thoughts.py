"""What somebody at the desk does about a single message."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from clinic.reminders.models import Message
from people.actions import audit
from people.models import User
from people.rules.refusal import ChangedMeanwhile, Refused

State = Message.State


class TooLateToSend(Refused):
    """What it says is of no use any more."""


@transaction.atomic
def resend(message: Message, *, by: User, now: datetime) -> None:
    """Send it again, if what it says is still true when its turn comes.

    Raises `TooLateToSend` when it could help nobody any more, and `ChangedMeanwhile` while it is on its way.
    """
    if message.not_after <= now:
        raise TooLateToSend(_("It is too late for this message. Call instead."))
    done = Message.objects.filter(pk=message.pk, state__in=Message.SETTLED)
    # A new token: no worker that still holds the old one may write what came of its try.
    anew = {"state": State.READY, "not_before": now, "reason": "", "sent_at": None, "delivered_at": None}
    if not done.update(token=F("token") + 1, **anew):
        raise ChangedMeanwhile(_("This message is already on its way."))
    audit.record(by, "message.resent", message, kind=message.kind)


@transaction.atomic
def stop(message: Message, *, by: User, now: datetime) -> None:
    """Do not send it.

    Raises `ChangedMeanwhile` when it has left already.
    """
    waiting = Message.objects.filter(pk=message.pk, state__in=[State.READY, State.CLAIMED])
    if not waiting.update(state=State.SUPPRESSED, token=F("token") + 1, reason="stopped", lease_until=None):
        raise ChangedMeanwhile(_("It is too late to stop this message: it has left."))
    audit.record(by, "message.stopped", message, kind=message.kind)


@transaction.atomic
def called(message: Message, *, by: User, now: datetime) -> None:
    """Somebody has told the patient on the phone instead.

    Raises `ChangedMeanwhile` when it was sent after all, or somebody has called already.
    """
    untold = [State.FAILED, State.UNKNOWN, State.SUPPRESSED]
    found = Message.objects.filter(pk=message.pk, state__in=untold).exclude(reason="called")
    if not found.update(state=State.SUPPRESSED, token=F("token") + 1, reason="called", lease_until=None):
        raise ChangedMeanwhile(_("It was sent after all, or somebody has called already."))
    audit.record(by, "message.called_instead", message, kind=message.kind)
