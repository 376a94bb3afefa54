"""Phones and computers that show messages on their screen: turned on and off there, and given up when they are gone."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.reminders.models import PushSubscription
from clinic.reminders.rules import push_services
from people.actions import audit
from people.actions.wall import seen_by_the_clinic
from people.models import User
from people.rules.refusal import Refused

_MOST: Final = 10  # of one account; each message goes to all of them


class UnknownScreen(Refused):
    """It is no browser that we could reach."""


class TooManyScreens(Refused):
    """Nobody has that many phones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What a browser gives: where to post, and the two halves of a key that only it can open."""

    endpoint: str
    public_key: str
    auth_secret: str
    device: str = ""


@seen_by_the_clinic()  # the browser may be another account's so far
@transaction.atomic
def turn_on(screen: Screen, *, services: Iterable[str], by: User, now: datetime) -> PushSubscription:
    """Show messages there from now on. A browser belongs to whoever turned it on last.

    Raises `UnknownScreen` for an address outside `services`, and `TooManyScreens`.
    """
    if not push_services.is_one(screen.endpoint, services):
        raise UnknownScreen(_("This browser cannot show our messages."))
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # pressed twice, one after the other
    digest = hashlib.sha256(screen.endpoint.encode()).hexdigest()
    others = PushSubscription.objects.working().filter(user=by).exclude(endpoint_digest=digest)
    if others.count() >= _MOST:
        raise TooManyScreens(_("You have turned on many phones and computers. Turn one off first."))
    kept, _is_new = PushSubscription.objects.update_or_create(
        endpoint_digest=digest,
        defaults={
            "user": by,
            "endpoint": screen.endpoint,
            "public_key": screen.public_key,
            "auth_secret": screen.auth_secret,
            "device": screen.device,
            "made_at": now,
            "gone_at": None,
        },
    )
    audit.record(by, "screen.turned_on", kept)
    return kept


@transaction.atomic
def turn_off(screen: PushSubscription, *, by: User, now: datetime) -> None:
    """Show nothing there any more. Pressed twice it is once."""
    if PushSubscription.objects.working().filter(pk=screen.pk, user=by).update(gone_at=now):
        audit.record(by, "screen.turned_off", screen)


@transaction.atomic
def answered(*, taken: Collection[int], gone: Collection[int], now: datetime) -> None:
    """What the push services said: these took a message, those are no more. Asked each time, nobody has to tell us."""
    if taken:
        PushSubscription.objects.filter(pk__in=taken).update(last_sent_at=now)
    for screen in PushSubscription.objects.working().filter(pk__in=gone):
        screen.gone_at = now
        screen.save(update_fields=["gone_at"])
        audit.record(None, "screen.gone", screen)
