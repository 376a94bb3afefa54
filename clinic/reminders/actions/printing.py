"""Letters on paper, for who is reached by nothing else: printed once, and as true at that moment as a mail."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from clinic.reminders.actions import links, truth, words
from clinic.reminders.channels import letters
from clinic.reminders.models import Attempt, Message, ShortLink
from clinic.reminders.models.message import MessageQuerySet
from patients.models import Patient
from people.actions import audit
from people.models import Clinic, User

MOST: Final = 50  # in one go
PROVIDER: Final = "print"
State, Kind = Message.State, Message.Kind
_BEHIND_SIGN_IN: Final = frozenset({Kind.PREPARATION, Kind.AFTERCARE})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One letter: to whom, and what it says."""

    message: Message
    lines: tuple[str, ...]
    subject: str
    text: str
    language: str


@transaction.atomic
def print_out(message_ids: Collection[UUID], *, by: User, now: datetime) -> tuple[UUID, int]:
    """Say that these were printed, each once: the run, by which they can be looked at again, and how many it holds.

    A letter that is not true any more, or has no address to go to, is held back with the reason.
    """
    run, printed = uuid4(), []
    waiting = Message.objects.to_print(now).filter(pk__in=message_ids).select_for_update(skip_locked=True, of=("self",))
    for letter in waiting.select_related("patient", "appointment__site").order_by("due_at")[:MOST]:
        if reason := truth.why_not(letter):
            Message.objects.filter(pk=letter.pk).update(state=State.SUPPRESSED, reason=reason, token=F("token") + 1)
            audit.record(None, "message.suppressed", letter, kind=letter.kind, reason=reason)
        else:
            printed.append(letter)
    Message.objects.filter(pk__in=[it.pk for it in printed]).update(
        state=State.SENT, sent_at=now, token=F("token") + 1, attempts=F("attempts") + 1, reason=""
    )
    Attempt.objects.bulk_create(
        Attempt(message=it, token=it.token + 1, at=now, outcome="sent", provider=PROVIDER, note=run.hex)
        for it in printed
    )
    if printed:
        audit.record(by, "letters.printed", Clinic.objects.get(), count=len(printed), run=run.hex)
    return run, len(printed)


def of_run(run: UUID) -> MessageQuerySet:
    """The letters of one run."""
    tries = Attempt.objects.filter(provider=PROVIDER, note=run.hex)
    rows = Message.objects.filter(tries__in=tries)
    return rows.select_related("patient__contact_preference", "appointment__site").order_by("patient__sort_key", "pk")


def sheets(rows: MessageQuerySet, clinic: Clinic) -> list[Sheet]:
    """How they read, with links short enough to be typed."""
    return [_sheet(message, message.patient, clinic) for message in rows if message.patient]


def _sheet(message: Message, patient: Patient, clinic: Clinic) -> Sheet:
    language = words.language_of(message, clinic)
    said = words.written(
        message, letters.words_of(message, clinic, language, link=_link(message)), clinic=clinic, language=language
    )
    place = " ".join(filter(None, (patient.postal_code, patient.city)))
    lines = (patient.full_name, patient.address, place, patient.region, str(patient.country or ""))
    return Sheet(message, tuple(filter(None, lines)), said.subject, said.text, language)


def _link(message: Message) -> str:
    """To the one visit or offer. What is read after signing in keeps its own address."""
    if message.kind == Kind.OFFER:
        door, mark = "portal:offer", links.short(message, ShortLink.Opens.OFFER)
    elif message.appointment and message.kind not in _BEHIND_SIGN_IN:
        door, mark = "portal:link", links.short(message, ShortLink.Opens.VISIT)
    else:
        return ""
    return f"{settings.CLINIC_URL}{reverse(door, args=[mark])}"
