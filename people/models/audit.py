"""What everybody did, and whose record they opened. Rows are only ever added."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models.user import User

NEVER_CHANGED = [
    pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete),
    pgtrigger.Trigger(
        name="never_emptied",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'the audit trail is only ever added to';",
    ),
]


class AuditEvent(models.Model):
    """One deed or one opening of a record (FHIR AuditEvent).

    Holds ids and codes only, never names, reasons or answers: so it may be kept for as long as the law
    asks and need not be erased with a record.
    """

    at = models.DateTimeField(db_default=models.functions.Now(), db_index=True)
    # PROTECT and no cascade anywhere: an event outlives what it tells of.
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    role = models.CharField(max_length=20)  # what they were when they did it
    deed = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=40)
    patient_id = models.UUIDField(null=True)  # no foreign key: an id, not a link that could be followed or cascade
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["patient_id", "-at"], name="audit_of_a_patient"),
            models.Index(fields=["by", "-at"], name="audit_of_a_person"),
        ]
        triggers = NEVER_CHANGED

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.deed} {self.object_id}"
