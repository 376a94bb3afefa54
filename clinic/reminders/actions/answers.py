"""What a patient's text leads to: a yes is a yes, STOP holds at once, and all else is read by a person."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from clinic.appointments.actions import attendance
from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from clinic.reminders.actions import addresses, wishes
from clinic.reminders.models import InboundText, Message, OptOut
from clinic.reminders.models.message import MessageQuerySet
from clinic.reminders.rules import addresses as spelling
from clinic.reminders.rules import replies
from clinic.reminders.rules.replies import Meaning
from patients.models import Patient
from people.actions import audit
from people.models import User
from people.rules.refusal import ChangedMeanwhile, Refused

Kind, State, Channel = Message.Kind, Message.State, Message.Channel
_ANSWERED_WITHIN: Final = timedelta(days=7)  # a later yes may be to anything
_LONGEST: Final = 1600
_STORED: Final = {Meaning.CANCEL: InboundText.Meaning.STOP, Meaning.WRONG: InboundText.Meaning.OTHER}


# The text could be to this visit or that, or the visit is not as she thinks: a person asks her.
_UNSETTLED: Final = frozenset({"no_visit", "several_visits", "not_confirmed"})


class DealtWith(ChangedMeanwhile):
    """Somebody was quicker."""


@transaction.atomic
def received(*, provider: str, provider_id: str, number: str, body: str, now: datetime) -> InboundText | None:
    """Keep a text that came, and do what it asks where that is beyond doubt. None if we have it already.

    `number` is the sender's, in E.164.
    """
    if not _is_first(provider, provider_id):
        return None
    meaning = replies.meaning(body)
    digest = addresses.digest(number)
    asked = _asked(number, digest, now=now)
    outcome = _confirmed(asked, now=now) if meaning == Meaning.YES else ""
    patients = list(Patient.objects.current().filter(died_on=None, mobile=number)) if number else []
    if meaning == Meaning.WRONG:
        outcome = "wrong_number"
        for patient in patients:
            wishes.doubt(patient, Channel.SMS, number, now=now)
    text = InboundText.objects.create(
        provider=provider,
        provider_id=provider_id,
        address_digest=digest,
        address_hint=spelling.hint(number),
        patient=patients[0] if len(patients) == 1 else None,
        message=asked.first(),
        body=body[:_LONGEST],
        meaning=_STORED.get(meaning) or InboundText.Meaning(meaning.value),
        outcome=outcome,
        needs_a_person=meaning in replies.FOR_THE_DESK or outcome in _UNSETTLED,
        received_at=now,
    )
    say = wishes.stop if meaning in replies.STOPS else wishes.start if meaning == Meaning.START else None
    if say and number:  # a short code has nobody behind it to write to
        say(Channel.SMS, address=number, how=OptOut.How.REPLY, by=None, now=now, inbound=text)
    audit.record(None, "text.received", text, meaning=meaning.value, outcome=outcome)
    return text


@transaction.atomic
def dealt_with(text: InboundText, *, by: User, now: datetime) -> None:
    """Somebody has read it and done what had to be done. Raises `DealtWith` if another did so before."""
    if not InboundText.objects.filter(pk=text.pk, handled_at=None).update(handled_by=by, handled_at=now):
        raise DealtWith(_("Somebody has dealt with this text already."))
    audit.record(by, "text.dealt_with", text)


def _is_first(provider: str, provider_id: str) -> bool:
    """Told twice at the same moment, one waits here for the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"text:{provider}:{provider_id}"])
    return not InboundText.objects.filter(provider=provider, provider_id=provider_id).exists()


def _asked(number: str, digest: str, *, now: datetime) -> MessageQuerySet:
    """What we texted to this number lately, newest first."""
    texts = Message.objects.filter(channel=Channel.SMS, state__in=[State.SENT, State.UNKNOWN, State.HANDING])
    lately = texts.filter(tries__at__gt=now - _ANSWERED_WITHIN, tries__at__lte=now)
    there = Q(address_digest=digest) | Q(address_digest="", patient__mobile=number)
    return lately.filter(there).order_by("-due_at").distinct() if number else lately.none()


def _confirmed(asked: MessageQuerySet, *, now: datetime) -> str:
    """Say yes to the one visit that was asked about, and what came of it."""
    about = asked.filter(appointment__starts_at=F("starts_at"), starts_at__gt=now)
    # A reminder asks for a yes; the news of a booking is taken for the question only where nothing else was asked.
    for kinds in ([Kind.REMINDER], [Kind.BOOKED, Kind.MOVED]):
        ids = about.filter(kind__in=kinds).order_by().values("appointment")
        visits = Appointment.objects.filter(pk__in=ids)
        waiting = list(visits.filter(status=Status.BOOKED)[:2])
        if len(waiting) > 1:
            return "several_visits"
        if waiting:
            return _said_yes(waiting[0], now=now)
        if visits.filter(status=Status.CONFIRMED).exists():
            return "confirmed_before"
    return "no_visit"


def _said_yes(visit: Appointment, *, now: datetime) -> str:
    try:
        attendance.confirm(visit, by=None, now=now)
    except Refused:  # moved or called off in this very moment
        return "not_confirmed"
    return "confirmed"
