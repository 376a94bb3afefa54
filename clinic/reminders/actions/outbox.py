"""The life of an owed message: claimed, fenced, handed over, and what came of it.

ready -> claimed -> handing -> sent. A worker holds a message under a lease and a token: whoever comes back
from the dead with an old token can neither hand it over nor write what came of it. The attempt rows are the
record of what left; the audit trail holds what was held back, and what people did.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from clinic.reminders.actions import addresses, handing, truth
from clinic.reminders.actions.outcomes import Outcome
from clinic.reminders.models import Attempt, Message
from clinic.reminders.models.message import MessageQuerySet
from clinic.reminders.rules.addresses import hint
from clinic.reminders.rules.doubts import doubts_allowed
from people.actions import audit

BATCH: Final = 100
State = Message.State
# All that writing and fencing look at, so that a batch is read at once; its sites, which are few, each once.
_AT_HAND: Final = ("patient__contact_preference", "patient__visit_preference", "staff", "appointment")
_SITES: Final = "appointment__site"
# To read a number as one takes longer than all else of a row.
_UNREAD: Final[dict[str, tuple[str, ...]]] = {Message.Channel.EMAIL: ("patient__phone", "patient__mobile")}


def lease() -> timedelta:
    """How long a worker that says nothing keeps what it took."""
    return timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


@transaction.atomic
def sweep(*, now: datetime) -> None:
    """Close what came too late, and take back what a worker left lying."""
    Message.objects.too_late(now).update(state=State.EXPIRED, reason="too_late")
    doubts = Attempt.objects.filter(message=OuterRef("pk"), outcome="").values("message").annotate(n=Count("pk"))
    left = (
        Message.objects.left_lying(now)
        .annotate(doubts=Coalesce(Subquery(doubts.values("n"), output_field=IntegerField()), 0))
        .select_for_update(skip_locked=True, of=("self",))
    )
    again: list[UUID] = []
    unknown: list[UUID] = []
    for pk, state, kind, channel, n in left.values_list("pk", "state", "kind", "channel", "doubts"):
        # Nothing can have left while it was only claimed.
        is_unknown = state == State.HANDING and n > doubts_allowed(kind=kind, channel=channel)
        (unknown if is_unknown else again).append(pk)
    if again:
        Message.objects.filter(pk__in=again).update(state=State.READY, lease_until=None)
    if unknown:
        Message.objects.filter(pk__in=unknown).update(state=State.UNKNOWN, lease_until=None, reason="in_doubt")


@transaction.atomic
def claim(*, now: datetime, channel: str = "", limit: int = BATCH) -> list[Message]:
    """Take what is due, oldest first, for one lease. What another worker holds is passed over, not waited for."""
    due = Message.objects.due(now).filter(not_after__gt=now).select_for_update(skip_locked=True, of=("self",))
    due = due.select_related(*_AT_HAND).prefetch_related(_SITES)
    if channel:
        due = due.filter(channel=channel).defer(*_UNREAD.get(channel, ()))
    taken = list(due[:limit])
    for message in taken:
        message.state, message.token, message.reason = State.CLAIMED, message.token + 1, ""
        message.lease_until = now + lease()
        # By the digest a STOP from that address holds the message back, whoever has it.
        message.address_digest, message.address_hint = addresses.digest(_address(message)), hint(_address(message))
    if taken:
        _write_claims(taken, lease_until=now + lease())
    return taken


def _write_claims(taken: Iterable[Message], *, lease_until: datetime) -> None:
    """All in one statement: each change of a state is written into every index of the table."""
    rows = [(it.pk, it.address_digest, it.address_hint) for it in taken]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reminders_message m SET state = 'claimed', token = token + 1, lease_until = %s, reason = '',"
            " address_digest = v.digest, address_hint = v.hint"
            " FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS v (id, digest, hint) WHERE m.id = v.id",
            [lease_until, *(list(column) for column in zip(*rows, strict=True))],
        )


def _address(message: Message) -> str:
    patient = message.patient
    if patient and message.channel == Message.Channel.EMAIL:
        return patient.email
    return str(patient.mobile or "") if patient and message.channel == Message.Channel.SMS else ""


def fence(message: Message, *, now: datetime, done: Outcome | None = None) -> bool:
    """Let a claimed message go, if at this moment all it says is still true; otherwise close it with the reason.

    One statement decides, and the attempt is on record before the first byte leaves: a crash after it is a
    doubt, never a loss. The same statement writes what came of the message before, `done`. False when it must not go.
    """
    _, let_go = handing.step(done, message, now=now, lease_until=now + lease())
    if let_go:
        message.attempts += 1
        return True
    _hold_back(message, now=now)
    return False


@transaction.atomic
def _hold_back(message: Message, *, now: datetime) -> None:
    mine = _mine(message, State.CLAIMED)
    if message.not_after <= now:
        mine.update(state=State.EXPIRED, reason="too_late", lease_until=None)
    elif until := truth.undecided_until(message, now=now):
        # A slip of the hand, perhaps: when it is undone, this is true again.
        mine.update(state=State.READY, reason="may_be_undone", lease_until=None, not_before=until)
    elif (reason := truth.why_not(message)) and mine.update(state=State.SUPPRESSED, reason=reason, lease_until=None):
        audit.record(None, "message.suppressed", message, kind=message.kind, reason=reason)


def still_true(message: Message, *, now: datetime) -> bool:
    """Whether a message that was let go may leave now: asked where the other side took its time."""
    mine = _mine(message, State.HANDING).filter(truth.holds(message), not_after__gt=now)
    return bool(mine.update(lease_until=now + lease()))


def settle(done: Outcome, *, now: datetime) -> bool:
    """Write down what came of a hand-over. False when a newer claim made this news worthless."""
    settled, _ = handing.step(done, None, now=now, lease_until=now)
    return settled


def still_there() -> bool:
    """Whether the database answers; raises as it does when it does not."""
    return Message.objects.exists() or True


@transaction.atomic
def give_back(messages: Collection[Message], *, not_before: datetime, reason: str = "") -> None:
    """Claimed, but not to be handed over before `not_before`."""
    if messages:
        _all_mine(messages).update(state=State.READY, lease_until=None, not_before=not_before, reason=reason)


def _all_mine(messages: Iterable[Message]) -> MessageQuerySet:
    held = Q()
    for message in messages:
        held |= Q(pk=message.pk, token=message.token)
    return Message.objects.filter(held, state=State.CLAIMED)


def _mine(message: Message, *states: Message.State) -> MessageQuerySet:
    return Message.objects.filter(pk=message.pk, token=message.token, state__in=states)
