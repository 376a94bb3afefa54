"""The life of an owed message: claimed, fenced, handed over, and what came of it.

ready -> claimed -> handing -> sent. A worker holds a message under a lease and a token: whoever comes back
from the dead with an old token can neither hand it over nor write what came of it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, F, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from clinic.reminders.actions import truth
from clinic.reminders.models import Attempt, Message
from clinic.reminders.models.message import MessageQuerySet
from clinic.reminders.rules import timing
from people.actions import audit

LEASE = timedelta(seconds=60)
BATCH = 20
# A mail whose hand-over ended in silence goes again, once: losing it is worse than a twin that carries the
# same Message-ID. After the second silence a person decides.
DOUBTS_ALLOWED: Final = 1
State = Message.State
SENT, REFUSED, PUT_OFF = "sent", "refused", "put_off"  # outcomes of an attempt; "" while nobody knows


@transaction.atomic
def sweep(*, now: datetime) -> None:
    """Close what came too late, and take back what a worker left lying."""
    Message.objects.filter(state=State.READY, not_after__lte=now).update(state=State.EXPIRED, reason="too_late")
    doubts = Attempt.objects.filter(message=OuterRef("pk"), outcome="").values("message").annotate(n=Count("pk"))
    left = (
        Message.objects.filter(state__in=[State.CLAIMED, State.HANDING], lease_until__lt=now)
        .annotate(doubts=Coalesce(Subquery(doubts.values("n"), output_field=IntegerField()), 0))
        .select_for_update(skip_locked=True, of=("self",))
    )
    rows = list(left.values_list("pk", "state", "doubts"))
    # Nothing can have left while it was only claimed.
    unknown = [pk for pk, state, n in rows if state == State.HANDING and n > DOUBTS_ALLOWED]
    again = [pk for pk, _, _ in rows if pk not in unknown]
    Message.objects.filter(pk__in=again).update(state=State.READY, lease_until=None)
    Message.objects.filter(pk__in=unknown).update(state=State.UNKNOWN, lease_until=None, reason="in_doubt")


@transaction.atomic
def claim(*, now: datetime, limit: int = BATCH) -> list[Message]:
    """Take what is due, oldest first, for one lease. What another worker holds is passed over, not waited for."""
    due = Message.objects.due(now).filter(not_after__gt=now).select_for_update(skip_locked=True)
    taken = [message.pk for message in due.only("pk")[:limit]]
    if not taken:
        return []
    Message.objects.filter(pk__in=taken).update(
        state=State.CLAIMED, token=F("token") + 1, lease_until=now + LEASE, reason=""
    )
    claimed = Message.objects.filter(pk__in=taken).select_related("patient", "staff", "appointment__site")
    return list(claimed.order_by("due_at"))


@transaction.atomic
def fence(message: Message, *, now: datetime) -> bool:
    """Let a claimed message go, if at this moment all it says is still true; otherwise close it with the reason.

    One statement decides, and the attempt is on record before the first byte leaves: a crash after it is a
    doubt, never a loss. False when it must not go.
    """
    mine = _mine(message, State.CLAIMED)
    let_go = mine.filter(truth.holds(message), not_after__gt=now).update(
        state=State.HANDING, attempts=F("attempts") + 1, lease_until=now + LEASE
    )
    if let_go:
        message.attempts += 1
        Attempt.objects.create(message=message, token=message.token, at=now)
        audit.record(None, "message.handed_over", message, kind=message.kind)
        return True
    if message.not_after <= now:
        mine.update(state=State.EXPIRED, reason="too_late", lease_until=None)
    elif until := truth.undecided_until(message, now=now):
        # A slip of the hand, perhaps: when it is undone, this is true again.
        mine.update(state=State.READY, reason="may_be_undone", lease_until=None, not_before=until)
    elif (reason := truth.why_not(message)) and mine.update(state=State.SUPPRESSED, reason=reason, lease_until=None):
        audit.record(None, "message.suppressed", message, kind=message.kind, reason=reason)
    return False


@transaction.atomic
def sent(message: Message, *, now: datetime) -> bool:
    """The mail server took it. False when a newer claim made this news worthless."""
    # Also if the lease ran out meanwhile: nobody claimed it since (the token says so), and this spares a twin.
    states = State.HANDING, State.READY, State.UNKNOWN
    _attempt(message, SENT)
    return bool(_mine(message, *states).update(state=State.SENT, sent_at=now, reason="", lease_until=None))


@transaction.atomic
def refused(message: Message, *, reason: str, note: str = "") -> bool:
    """It can never be delivered: the server said so, or it could not even be written."""
    _attempt(message, REFUSED, note)
    return bool(
        _mine(message, State.HANDING, State.CLAIMED).update(state=State.FAILED, reason=reason, lease_until=None)
    )


@transaction.atomic
def put_off(message: Message, *, now: datetime, note: str = "") -> bool:
    """The server said "not now": nothing left, so we try again, each time after a longer pause."""
    _attempt(message, PUT_OFF, note)
    return bool(
        _mine(message, State.HANDING).update(
            state=State.READY, reason="put_off", lease_until=None, not_before=now + timing.back_off(message.attempts)
        )
    )


@transaction.atomic
def doubt(message: Message, *, note: str) -> None:
    """Silence after the text was sent. The lease runs out by itself, which gives a slow server its time."""
    _attempt(message, "", note)


def give_back(messages: Collection[Message], *, not_before: datetime, reason: str = "") -> None:
    """Claimed, but not to be handed over before `not_before`."""
    for message in messages:
        _mine(message, State.CLAIMED).update(state=State.READY, lease_until=None, not_before=not_before, reason=reason)


def _mine(message: Message, *states: Message.State) -> MessageQuerySet:
    return Message.objects.filter(pk=message.pk, token=message.token, state__in=states)


def _attempt(message: Message, outcome: str, note: str = "") -> None:
    Attempt.objects.filter(message=message, token=message.token).update(outcome=outcome, note=note[:120])
