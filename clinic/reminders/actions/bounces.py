"""Addresses that took no mail: the desk asks the patient, and until then nobody writes there.

Like all else it is derived, from the messages that failed: whoever learns of it need not tell anybody.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Max, Q

from clinic.reminders.actions import addresses, wishes
from clinic.reminders.models import Message

_LATELY: Final = timedelta(days=3)
_REASONS: Final = ("bounced", "bad_address")
_MOST: Final = 200


@transaction.atomic
def sweep(*, now: datetime) -> int:
    """Doubt every address that has refused mail since it was last looked at: how many. One query while there is none.

    An address that the patient has changed meanwhile is not the one that refused.
    """
    failed = Message.objects.filter(
        channel=Message.Channel.EMAIL,
        state=Message.State.FAILED,
        reason__in=_REASONS,
        patient__isnull=False,
        due_at__gt=now - _LATELY,
    ).exclude(address_digest="")
    looked_at = Q(patient__contact_preference__doubted_at=None) | Q(
        tried_at__gt=F("patient__contact_preference__doubted_at")
    )
    rows = failed.annotate(tried_at=Max("tries__at")).filter(looked_at).select_related("patient").order_by("due_at")
    found = {row.patient: row.address_digest for row in rows[:_MOST] if row.patient}
    wrong = [patient for patient, digest in found.items() if addresses.digest(patient.email) == digest]
    for patient in wrong:
        wishes.doubt(patient, Message.Channel.EMAIL, patient.email, now=now)  # leaves the line in the audit trail
    return len(wrong)
