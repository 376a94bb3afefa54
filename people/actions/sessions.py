"""Where people are signed in."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from people.actions import audit
from people.models import User


@transaction.atomic
def end_sessions(user: User, *, by: User) -> int:
    """Sign the user out everywhere, at once. Returns how many devices were signed in.

    An open page of theirs is refused at its next request, whatever it asks for.
    """
    devices = UserSession.objects.filter(user=user)
    keys = list(devices.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    devices.delete()
    audit.record(by, "sessions.ended", user, devices=len(keys))
    return len(keys)
