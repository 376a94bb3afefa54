"""What every page knows."""

import time
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from people.models import User
from people.models.user import TEXT_SIZES
from people.web.phones import idle_seconds, is_shared, left_alone_minutes

TEXT_SIZE: Final = "text_size"  # the cookie in which a device keeps it


def clinic(request: HttpRequest) -> dict[str, Any]:
    return {
        "clinic": getattr(request, "clinic", None),
        "has_local_mailbox": settings.HAS_LOCAL_MAILBOX,
        "text_size": _text_size(request),
        "is_shared_phone": is_shared(request),
        "left_alone_minutes": left_alone_minutes(request),
        "idle_seconds": _idle_seconds(request),
    }


def _idle_seconds(request: HttpRequest) -> int | None:
    """After how long a patient's page is signed out; None where it is not, or where nobody is signed in."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_patient:
        return None
    return idle_seconds(request, is_patient=True, now=int(time.time()))


def _text_size(request: HttpRequest) -> int:
    """As this device was told; else as this account reads elsewhere."""
    kept = request.COOKIES.get(TEXT_SIZE, "")
    if kept in map(str, TEXT_SIZES):
        return int(kept)
    user = getattr(request, "user", None)
    return user.text_size if isinstance(user, User) else TEXT_SIZES[0]
