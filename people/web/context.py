"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def clinic(request: HttpRequest) -> dict[str, Any]:
    return {"clinic": getattr(request, "clinic", None), "has_local_mailbox": settings.HAS_LOCAL_MAILBOX}
