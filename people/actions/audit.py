"""The one way to write down who did what."""

from typing import Any

from django.db import models

from people.models import AuditEvent, User


def record(by: User | None, deed: str, thing: models.Model, /, **detail: Any) -> None:
    """Add one line to the audit trail, in the caller's transaction: no line, no deed.

    `by` is None when the system acts. `detail` holds codes, ids and counts; never names, answers or reasons.
    """
    owner = thing if thing._meta.label == "patients.Patient" else None
    patient_id = owner.pk if owner else getattr(thing, "patient_id", None)
    AuditEvent.objects.create(
        by=by,
        role=by.role if by else "system",
        deed=deed,
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        patient_id=patient_id,
        detail=detail,
    )
