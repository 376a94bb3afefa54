"""Links short enough for a text: each opens one visit, form or offer, cannot be guessed, and expires."""

import base64
import hashlib
import re
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.crypto import salted_hmac

from clinic.appointments.models import Appointment, SlotOffer
from clinic.appointments.models.appointment import LINK_LIVES_ON
from clinic.reminders.models import Message, ShortLink
from clinic.reminders.rules import occasions
from people.actions import audit

Opens = ShortLink.Opens
_LENGTH: Final = 12  # letters of 5 bits: a million tries an hour would need 60,000 years for one of a thousand links
_TOKEN: Final = re.compile(r"[A-Z2-7]{12}")
_SALT: Final = "reminders.short_link"


@transaction.atomic
def short(message: Message, opens: Opens) -> str:
    """What stands in this message's link. Asked again, also after a crash, it is the same one."""
    token = _token(message, opens)
    is_offer = opens == Opens.OFFER
    fields = {"offer_id": occasions.offer_of(message.occasion)} if is_offer else {"appointment": message.appointment}
    ShortLink.objects.bulk_create(
        [
            ShortLink(
                token_digest=_digest(token),
                opens=opens,
                message=message,
                made_at=message.not_before,
                expires_at=_expires_at(message),
                **fields,
            )
        ],
        ignore_conflicts=True,
    )
    return token


def visit_behind(token: str, opens: Opens, *, now: datetime) -> Appointment | None:
    """The visit (or the visit of the form) that a short link opens, or None."""
    link = _link(token, opens, now)
    rows = Appointment.objects.select_related("patient", "site")
    return rows.filter(short_links=link).first() if link else None


def offer_behind(token: str, *, now: datetime) -> SlotOffer | None:
    """The offered time that a short link opens, or None."""
    link = _link(token, Opens.OFFER, now)
    rows = SlotOffer.objects.select_related("entry__patient", "appointment__site")
    return rows.filter(short_links=link).first() if link else None


def time_told(token: str) -> datetime | None:
    """When the visit of a short link was to be, by the message that holds it."""
    link = ShortLink.objects.filter(token_digest=_digest(token.upper())).select_related("message").first()
    return link.message.starts_at if link and link.message else None


@transaction.atomic
def _link(token: str, opens: Opens, now: datetime) -> ShortLink | None:
    typed = token.upper()  # read from one screen and typed into another
    if not _TOKEN.fullmatch(typed):
        return None
    link = ShortLink.objects.open_at(now).filter(token_digest=_digest(typed), opens=opens).first()
    if link and ShortLink.objects.filter(pk=link.pk, first_opened_at=None).update(first_opened_at=now):
        audit.record(None, "link.first_opened", link)
    return link


def _expires_at(message: Message) -> datetime:
    visit = message.appointment
    last = max(visit.ends_at, message.not_after) if visit else message.not_after
    return max(last, message.not_before + timedelta(seconds=1)) + LINK_LIVES_ON


def _token(message: Message, opens: Opens) -> str:
    """From the message and a secret of ours: nothing has to be kept that would open a link."""
    digest = salted_hmac(_SALT, f"{message.pk.hex}:{opens}", algorithm="sha256").digest()
    return base64.b32encode(digest)[:_LENGTH].decode()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
