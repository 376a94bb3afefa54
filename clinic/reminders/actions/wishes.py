"""STOP and START, and addresses that may be somebody else's: what is said counts at once, on every door."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower

from clinic.reminders.actions.addresses import digest
from clinic.reminders.models import ContactPreference, InboundText, Message, OptOut
from clinic.reminders.rules import addresses
from patients.models import Patient
from people.actions import audit
from people.models import Clinic, User

Channel, How = Message.Channel, OptOut.How
_PROOF_LENGTH = 160


@transaction.atomic
def stop(
    channel: str,
    *,
    address: str,
    how: str,
    by: User | None,
    now: datetime,
    inbound: InboundText | None = None,
    proof: str = "",
) -> list[OptOut]:
    """Send nothing more there, whoever has the address. Said twice it is kept twice: each is a proof."""
    return _said(channel, address, True, how=how, by=by, now=now, inbound=inbound, proof=proof)


@transaction.atomic
def start(
    channel: str,
    *,
    address: str,
    how: str,
    by: User | None,
    now: datetime,
    inbound: InboundText | None = None,
    proof: str = "",
) -> list[OptOut]:
    """Take a STOP back."""
    return _said(channel, address, False, how=how, by=by, now=now, inbound=inbound, proof=proof)


def is_out(channel: str, address_digest: str) -> bool:
    """Whether whoever has the address said STOP last."""
    last = OptOut.objects.filter(channel=channel, address_digest=address_digest).order_by("-at", "-pk")
    return bool(last.values_list("is_out", flat=True).first())


def is_patient_out(patient: Patient, channel: str) -> bool:
    """Whether nothing may go to the patient by that way."""
    last = OptOut.objects.filter(channel=channel, patient=patient).order_by("-at", "-pk")
    return bool(last.values_list("is_out", flat=True).first())


def opted_out(channel: str, *, patient: str = "patient_id") -> Coalesce:
    """For a query: whether the last word of the row's patient about `channel` was STOP."""
    last = OptOut.objects.filter(channel=channel, patient=OuterRef(patient)).order_by("-at", "-pk")
    return Coalesce(Subquery(last.values("is_out")[:1]), False)


@transaction.atomic
def doubt(patient: Patient, channel: str, address: str, *, now: datetime) -> None:
    """It bounced, or somebody else answered: nothing goes there until somebody has asked the patient."""
    field = "doubtful_email" if channel == Channel.EMAIL else "doubtful_mobile"
    ContactPreference.objects.update_or_create(patient=patient, defaults={field: digest(address), "doubted_at": now})
    audit.record(None, "patient.address_doubted", patient, channel=channel)


@transaction.atomic
def trust(patient: Patient, channel: str, *, by: User) -> None:
    """The patient says that the address is theirs."""
    field = "doubtful_email" if channel == Channel.EMAIL else "doubtful_mobile"
    if ContactPreference.objects.filter(patient=patient).exclude(**{field: ""}).update(**{field: ""}):
        audit.record(by, "patient.address_trusted", patient, channel=channel)


def _said(
    channel: str,
    address: str,
    is_out_now: bool,
    *,
    how: str,
    by: User | None,
    now: datetime,
    inbound: InboundText | None,
    proof: str,
) -> list[OptOut]:
    whom: Iterable[Patient | None] = [*_patients_at(channel, address)] or [None]
    rows = [
        OptOut(
            channel=channel,
            patient=patient,
            address_digest=digest(address),
            address_hint=addresses.hint(address),
            is_out=is_out_now,
            how=how,
            inbound=inbound,
            proof=proof[:_PROOF_LENGTH],
            by=by,
            at=now,
        )
        for patient in whom
    ]
    OptOut.objects.bulk_create(rows)
    deed = "messages.stopped" if is_out_now else "messages.started"
    for row in rows:
        audit.record(by, deed, row.patient or Clinic.objects.get(), channel=channel, how=how)
    return rows


def _patients_at(channel: str, address: str) -> Iterable[Patient]:
    plain = addresses.plain(address)
    if not plain:
        return []
    is_theirs = Q(mail=plain) if channel == Channel.EMAIL else Q(mobile=plain)
    return Patient.objects.annotate(mail=Lower("email")).filter(is_theirs)
