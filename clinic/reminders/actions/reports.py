"""What a provider tells about a message it took. Told twice, too late or in the wrong order it changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeAlias
from uuid import UUID

from django.db import transaction

from clinic.reminders.actions import outbox, outcomes, wishes
from clinic.reminders.models import Attempt, DeliveryReceipt, Message, OptOut
from clinic.reminders.models.message import MessageQuerySet
from clinic.reminders.rules import receipts
from people.actions import audit

State = Message.State
Status: TypeAlias = DeliveryReceipt.Status
_STATUS: Final[Mapping[str, Status]] = MappingProxyType(
    {"delivered": Status.DELIVERED, "read": Status.DELIVERED, "undelivered": Status.UNDELIVERED}
    | {"failed": Status.UNDELIVERED, "canceled": Status.UNDELIVERED}
)
_MAY_HAVE_LEFT: Final = (State.HANDING, State.READY, State.SENT, State.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`reference` is what we called the try, `provider_ref` what the provider calls the text."""

    provider: str
    reference: str
    provider_ref: str
    status: str
    code: int = 0


@transaction.atomic
def received(report: Report, *, now: datetime) -> bool:
    """Keep a report, and let the message say what is known now. False where it was no news."""
    if report.status not in receipts.KNOWN:
        return False
    attempt = _attempt(report)
    _, is_new = DeliveryReceipt.objects.get_or_create(
        provider=report.provider,
        event_id=f"{report.provider_ref}:{report.status}",
        defaults={
            "provider_ref": report.provider_ref,
            "attempt": attempt,
            "status": _STATUS.get(report.status, Status.ACCEPTED),
            "code": str(report.code or ""),
            "happened_at": now,
            "received_at": now,
        },
    )
    if attempt is None or not is_new or not all(_is_after(report, each) for each in _others(report)):
        return False
    message = attempt.message
    message.token = attempt.token
    _was_taken(message, report, now=now)
    if report.status in receipts.DELIVERED:
        _of(message, State.SENT).update(delivered_at=now)
    elif receipts.has_failed(report.status):
        _failed(message, report, now=now)
    audit.record(None, "message.reported", message, status=report.status, code=report.code)
    return True


def _attempt(report: Report) -> Attempt | None:
    """The try it is about, held until we are done: two reports of one text are read one after the other."""
    tries = Attempt.objects.select_related("message__patient").select_for_update(of=("self",))
    if known := tries.filter(provider=report.provider, provider_ref=report.provider_ref).first():
        return known
    key, _, token = report.reference.partition("-")
    try:
        message_id, number = UUID(key), int(token)
    except ValueError:
        return None
    # Our own name for it, which came back: the answer to the try itself may never have arrived.
    found = tries.filter(message=message_id, token=number).first()
    return None if found is None or found.provider_ref else found


def _others(report: Report) -> list[str]:
    told = DeliveryReceipt.objects.filter(provider=report.provider, provider_ref=report.provider_ref)
    events = told.exclude(event_id=f"{report.provider_ref}:{report.status}").values_list("event_id", flat=True)
    return [event.rpartition(":")[2] for event in events]


def _is_after(report: Report, other: str) -> bool:
    return receipts.is_news(report.status, after=other)


def _was_taken(message: Message, report: Report, *, now: datetime) -> None:
    """A report is as good as the answer that did not come: it settles a doubt."""
    if message.state in {State.HANDING, State.READY, State.UNKNOWN}:
        sent = outcomes.sent(message, now=now, provider=report.provider, reference=report.provider_ref)
        outbox.settle(sent, now=now)


def _failed(message: Message, report: Report, *, now: datetime) -> None:
    reason = receipts.reason(report.code) or "undelivered"
    _of(message, *_MAY_HAVE_LEFT).update(state=State.FAILED, reason=reason, delivered_at=None, lease_until=None)
    if message.patient is None:
        return
    number = str(message.patient.mobile)
    if reason == "opted_out":
        how, proof = OptOut.How.PROVIDER, f"{report.provider} {report.code}"
        wishes.stop(message.channel, address=number, how=how, by=None, now=now, proof=proof)
    elif reason in receipts.ASK_FOR_NUMBER:
        wishes.doubt(message.patient, message.channel, number, now=now)


def _of(message: Message, *states: Message.State) -> MessageQuerySet:
    return Message.objects.filter(pk=message.pk, token=message.token, state__in=states)
