"""Where people are signed in."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet

from people.actions import audit
from people.models import User


@transaction.atomic
def end_sessions(user: User, *, by: User) -> int:
    """Sign the user out everywhere, at once. Returns how many devices were signed in.

    An open page of theirs is refused at its next request, whatever it asks for.
    """
    return end_some(user, UserSession.objects.all(), by=by)


@transaction.atomic
def end_some(user: User, devices: "QuerySet[UserSession]", *, by: User) -> int:
    """Sign the user out on these devices of theirs, at once. Returns how many there were."""
    devices = devices.filter(user=user)
    keys = list(devices.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    devices.delete()
    audit.record(by, "sessions.ended", user, devices=len(keys))
    return len(keys)
