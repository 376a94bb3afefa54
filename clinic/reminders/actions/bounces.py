"""What mail servers and the phone company refused: addresses the desk asks about, and a STOP said to them, not to us.

Like all else it is derived, from the messages that failed: whoever learns of it need not tell anybody.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery

from clinic.reminders.actions import addresses, wishes
from clinic.reminders.models import Attempt, Message, OptOut
from clinic.reminders.models.message import MessageQuerySet
from clinic.reminders.rules import receipts
from patients.models import Patient

Channel = Message.Channel
_LATELY: Final = timedelta(days=3)
_MOST: Final = 200
_WRONG: Final = Q(channel=Channel.EMAIL, reason__in=["bounced", "bad_address"]) | Q(
    channel=Channel.SMS, reason__in=receipts.ASK_FOR_NUMBER
)
_OPTED_OUT: Final = Q(channel__in=[Channel.EMAIL, Channel.SMS], reason="opted_out")


def sweep(*, now: datetime) -> int:
    """Doubt every address that refused us since it was last looked at, and keep each STOP we were told of: how many."""
    return _doubt(now=now) + _stop(now=now)


@transaction.atomic
def _doubt(*, now: datetime) -> int:
    """An address that the patient has changed meanwhile is not the one that refused."""
    looked_at = Q(patient__contact_preference__doubted_at=None) | Q(
        tried_at__gt=F("patient__contact_preference__doubted_at")
    )
    rows = _failed(_WRONG, now=now).filter(looked_at)
    found = {(row.patient, row.channel): row for row in rows[:_MOST] if row.patient}
    wrong = [
        (patient, channel)
        for (patient, channel), row in found.items()
        if addresses.digest(_address(patient, channel)) == row.address_digest
    ]
    for patient, channel in wrong:
        wishes.doubt(patient, channel, _address(patient, channel), now=now)  # leaves the line in the audit trail
    return len(wrong)


@transaction.atomic
def _stop(*, now: datetime) -> int:
    """A text that the phone company refuses because of a STOP which it never passed on to us."""
    said = OptOut.objects.filter(
        channel=OuterRef("channel"), address_digest=OuterRef("address_digest"), at__gte=OuterRef("tried_at")
    )
    rows = _failed(_OPTED_OUT, now=now).filter(~Exists(said))
    found = {row.address_digest: row for row in rows[:_MOST]}
    told = [
        (row, address)
        for digest, row in found.items()
        if row.patient and addresses.digest(address := _address(row.patient, row.channel)) == digest
    ]
    for row, address in told:
        proof = f"refused message {row.pk}"
        wishes.stop(row.channel, address=address, how=OptOut.How.PROVIDER, by=None, now=now, proof=proof)
    return len(told)


def _failed(what: Q, *, now: datetime) -> MessageQuerySet:
    failed = Message.objects.filter(
        what, state=Message.State.FAILED, patient__isnull=False, due_at__gt=now - _LATELY
    ).exclude(address_digest="")
    last = Attempt.objects.filter(message=OuterRef("pk")).order_by("-at")
    return failed.annotate(tried_at=Subquery(last.values("at")[:1])).select_related("patient").order_by("due_at")


def _address(patient: Patient, channel: str) -> str:
    return patient.email if channel == Channel.EMAIL else str(patient.mobile or "")
