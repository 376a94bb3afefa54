"""What became of a mail after it was taken: it arrived, came back, or was not wanted. Told twice it is told once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeAlias
from uuid import UUID

from django.db import transaction

from clinic.reminders.actions import addresses, outbox, outcomes, wishes
from clinic.reminders.models import Attempt, DeliveryReceipt, Message, OptOut
from clinic.reminders.models.message import MessageQuerySet
from clinic.reminders.rules import mail_reports
from people.actions import audit

State, Channel = Message.State, Message.Channel
Status: TypeAlias = DeliveryReceipt.Status
_STATUS: Final[Mapping[str, Status]] = MappingProxyType(
    {"delivered": Status.DELIVERED, "deferred": Status.DEFERRED, "bounced": Status.BOUNCED, "rejected": Status.BLOCKED}
    | {"failed": Status.UNDELIVERED, "complained": Status.COMPLAINED, "unsubscribed": Status.COMPLAINED}
)
_MAY_HAVE_LEFT: Final = (State.HANDING, State.READY, State.SENT, State.UNKNOWN)
_LONGEST: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReport:
    """`what` is one of `rules.mail_reports.KNOWN`; the try is found by what the provider calls it, or by our own id."""

    provider: str
    what: str
    event_id: str
    provider_ref: str = ""
    message_id: UUID | None = None
    reason: str = ""
    code: str = ""
    recipients: frozenset[str] = frozenset()  # as the reporter names them
    happened_at: datetime | None = None


@transaction.atomic
def received(report: MailReport, *, now: datetime) -> bool:
    """Keep a report of a mail of ours, and let the message say what is known now. False where it was no news."""
    attempt = _attempt(report) if report.what in mail_reports.KNOWN else None
    if attempt is None or not _is_about_them(report, attempt.message):
        return False
    others = attempt.receipts.values_list("event_id", flat=True)
    told = [event.partition(":")[0] for event in others]
    _, is_new = DeliveryReceipt.objects.get_or_create(
        provider=report.provider,
        event_id=f"{report.what}:{report.event_id}"[:_LONGEST],
        defaults={
            "provider_ref": report.provider_ref or str(attempt.message_id),
            "attempt": attempt,
            "status": _STATUS.get(report.what, Status.ACCEPTED),
            "code": report.code or report.reason,
            "happened_at": report.happened_at or now,
            "received_at": now,
        },
    )
    if not is_new or not all(mail_reports.is_news(report.what, after=each) for each in told):
        return False
    message = attempt.message
    message.token = attempt.token
    _settled(message, report, now=now)
    audit.record(None, "message.reported", message, status=report.what, reason=report.reason)
    return True


def _attempt(report: MailReport) -> Attempt | None:
    """The try it is about, held until we are done: two reports of one mail are read one after the other."""
    tries = Attempt.objects.filter(message__channel=Channel.EMAIL, message__patient__isnull=False)
    tries = tries.select_related("message__patient").select_for_update(of=("self",)).order_by("-token")
    if report.provider_ref and (
        known := tries.filter(provider=report.provider, provider_ref=report.provider_ref).first()
    ):
        return known
    return tries.filter(message=report.message_id).first() if report.message_id else None


def _is_about_them(report: MailReport, message: Message) -> bool:
    """Anybody can write a notice that looks like a bounce. Only who had our mail knows its id and to whom it went."""
    if not report.recipients:
        return True
    return message.address_digest in {addresses.digest(each) for each in report.recipients}


def _settled(message: Message, report: MailReport, *, now: datetime) -> None:
    if report.what in mail_reports.OBJECTED:
        _objected(message, report, now=now)
        return
    if report.what in mail_reports.ENDS:
        states = _of(message, *_MAY_HAVE_LEFT)
        states.update(state=State.FAILED, reason=report.reason, delivered_at=None, lease_until=None)
        if report.reason == "opted_out":
            _objected(message, report, now=now)
        return
    if message.state in {State.HANDING, State.READY, State.UNKNOWN}:  # as good as the answer that did not come
        sent = outcomes.sent(message, now=now, provider=report.provider, reference=report.provider_ref)
        outbox.settle(sent, now=now)
    if report.what == "delivered":
        _of(message, State.SENT).update(delivered_at=now)


def _objected(message: Message, report: MailReport, *, now: datetime) -> None:
    """Reported as unwanted, or unsubscribed with the provider: nothing goes there any more."""
    if message.patient and addresses.digest(message.patient.email) == message.address_digest:
        proof = f"{report.provider} {report.what} {report.event_id}"
        wishes.stop(
            Channel.EMAIL, address=message.patient.email, how=OptOut.How.PROVIDER, by=None, now=now, proof=proof
        )


def _of(message: Message, *states: Message.State) -> MessageQuerySet:
    return Message.objects.filter(pk=message.pk, token=message.token, state__in=states)
