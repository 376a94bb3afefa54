"""The link by which a mail program stops our mails in one step (RFC 8058): from the address that the mail went to."""

import hmac
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from clinic.reminders.actions import addresses, wishes
from clinic.reminders.models import Message, OptOut
from people.actions import audit
from people.models import Clinic

_SALT: Final = "reminders.stop_link"
_HEX: Final = 32


def token(message: Message) -> str:
    """For as long as the mail is kept: an old mail is as good a reason to stop as a new one."""
    return f"{message.pk.hex}{_proof(message.pk)}"


def mail_behind(typed: str) -> Message | None:
    """The mail whose link it is, or None."""
    try:
        message_id = UUID(hex=typed[:_HEX])
    except ValueError:
        return None
    if not hmac.compare_digest(_proof(message_id).encode(), typed[_HEX:].encode()):
        return None
    mails = Message.objects.filter(channel=Message.Channel.EMAIL, patient__isnull=False).exclude(address_digest="")
    return mails.select_related("patient").filter(pk=message_id).first()


@transaction.atomic
def stop_for(message: Message, *, now: datetime) -> None:
    """Send no more mail there, whoever has the address now. Pressed twice it is said once."""
    digest = message.address_digest
    if wishes.is_out(Message.Channel.EMAIL, digest):
        return
    proof = f"link in message {message.pk}"
    patient = message.patient
    if patient and addresses.digest(patient.email) == digest:
        wishes.stop(Message.Channel.EMAIL, address=patient.email, how=OptOut.How.LINK, by=None, now=now, proof=proof)
        return
    # She has another address meanwhile; we kept of the old one only what tells it apart.
    OptOut.objects.create(
        channel=Message.Channel.EMAIL,
        address_digest=digest,
        address_hint=message.address_hint,
        is_out=True,
        how=OptOut.How.LINK,
        proof=proof,
        at=now,
    )
    audit.record(None, "messages.stopped", Clinic.objects.get(), channel=Message.Channel.EMAIL, how=OptOut.How.LINK)


def _proof(message_id: UUID) -> str:
    return salted_hmac(_SALT, message_id.hex, algorithm="sha256").hexdigest()[:_HEX]
