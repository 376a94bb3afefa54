"""What a patient said of the phone she signs in on: her own, which is remembered, or one that others use too."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

# In the session. The portal's pages read the first by its name: a shared phone keeps no page and no tap.
SHARED: Final = "is_shared_phone"
REMEMBERED: Final = "remembered_until"  # seconds since 1970
LEFT_ALONE: Final = "left_alone_minutes"  # in the session of nobody that follows: why the last one ended


def remember(request: HttpRequest) -> None:
    """Her own phone: it stays signed in for 30 days from now, however long it lies about."""
    until = timezone.now() + timedelta(days=settings.PATIENT_REMEMBERED_DAYS)
    request.session.pop(SHARED, None)
    request.session[REMEMBERED] = int(until.timestamp())
    request.session.set_expiry(until)


def share(request: HttpRequest) -> None:
    """Others use it too: signed out when the browser closes, and soon when nobody touches it."""
    request.session.pop(REMEMBERED, None)
    request.session[SHARED] = True
    request.session.set_expiry(0)


def is_shared(request: HttpRequest) -> bool:
    return bool(getattr(request, "session", {}).get(SHARED))  # an error page may come before there is one


def idle_seconds(request: HttpRequest, *, is_patient: bool, now: int) -> int | None:
    """After how long without a touch this browser is signed out; None for a phone that is remembered."""
    if not is_patient:
        return int(settings.STAFF_IDLE_MINUTES) * 60
    if is_shared(request):
        return int(settings.SHARED_PHONE_IDLE_MINUTES) * 60
    if now < request.session.get(REMEMBERED, 0):
        return None
    return int(settings.PATIENT_IDLE_MINUTES) * 60


def say_left_alone(request: HttpRequest, *, seconds: int) -> None:
    """For the page of signing in: what happened, and after how long. Call it once the session has been ended."""
    request.session[LEFT_ALONE] = seconds // 60


def left_alone_minutes(request: HttpRequest) -> int | None:
    """After how many minutes without a touch somebody was signed out here; None where that is not why."""
    minutes: int | None = getattr(request, "session", {}).get(LEFT_ALONE)
    return minutes


def has_lasted_too_long(request: HttpRequest, *, since: int, now: int) -> bool:
    """Whether the working day is over that a session may last; a remembered phone ends at its own day."""
    ends = request.session.get(REMEMBERED, 0) or since + settings.SESSION_COOKIE_AGE
    return bool(now >= ends)
