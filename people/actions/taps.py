"""A tap on a phone with a bad connection: sent until the clinic answers, counted once."""

import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from people.models import AuditEvent

KEPT: Final = timedelta(days=8)  # a phone gives a tap up after a week
_KEY: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def key_of(said: str) -> str:
    """The key a phone gave the tap; "" for none, and for what is no key."""
    return said if _KEY.fullmatch(said) else ""


def is_counted(patient_id: UUID, tap: str, *, now: datetime) -> bool:
    """Whether this tap was counted before, by the line it left in the audit trail.

    Ask with the row locked that the tap changes: two copies of one tap that come at once then wait for each other.
    One query, none without a key.
    """
    if not tap:
        return False
    of_patient = AuditEvent.objects.filter(patient_id=patient_id, at__gte=now - KEPT)
    return of_patient.filter(detail__tap=tap).exists()


def noted(tap: str) -> dict[str, str]:
    """What the tap's line in the audit trail holds beside the deed."""
    return {"tap": tap} if tap else {}
