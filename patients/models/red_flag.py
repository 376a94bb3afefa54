"""A warning sign that somebody answered yes to, until a clinician closes it."""

import uuid
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.intake import Intake
from patients.models.patient import Patient
from people.models import User
from people.rules.permissions import Permission


class RedFlagQuerySet(models.QuerySet["RedFlag"]):
    def visible_to(self, user: User) -> Self:
        return self if user.may(Permission.RECORD_VIEW) else self.none()

    def open(self) -> Self:
        return self.filter(cleared_at=None)


class RedFlag(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="red_flags")
    code = models.CharField(max_length=60)  # of red_flags.toml
    urgency = models.CharField(max_length=40)  # its own, or of the gravest combination it takes part in
    intake = models.ForeignKey(Intake, models.PROTECT, null=True, related_name="red_flags")
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)
    cleared_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    finding = models.TextField(_("what you found"), blank=True)

    objects = RedFlagQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "code"], condition=models.Q(cleared_at=None), name="a_red_flag_is_open_once"
            ),
            models.CheckConstraint(
                name="a_cleared_flag_says_who_and_what",
                condition=models.Q(cleared_at=None, cleared_by=None, finding="")
                | (models.Q(cleared_at__isnull=False, cleared_by__isnull=False) & ~models.Q(finding="")),
            ),
        ]
        indexes = [
            models.Index(fields=["patient"], condition=models.Q(cleared_at=None), name="open_flags_of_a_patient"),
            models.Index(fields=["raised_at"], condition=models.Q(cleared_at=None), name="open_flags"),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.patient_id}"
