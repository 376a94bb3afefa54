"""What the patient told us before the visit (FHIR QuestionnaireResponse)."""

import uuid
from typing import Self

import pgtrigger
from django.db import models

from patients.models.of_a_patient import OfAPatient
from patients.models.patient import Patient


class IntakeQuerySet(OfAPatient["Intake"]):
    def submitted(self) -> Self:
        """Whole forms that were sent."""
        return self.screens().exclude(answers__has_key="occasion")

    def screens(self) -> Self:
        """Every time the warning signs were asked for: whole forms, short checks before a visit, flares."""
        return self.exclude(submitted_at=None)

    def flares(self) -> Self:
        return self.screens().filter(answers__occasion="flare")

    def open(self) -> Self:
        return self.filter(submitted_at=None)


class Intake(models.Model):
    """One form, kept part by part while it is filled in, and as it was sent for ever after.

    `answers` is keyed by part; `red_flags` in it maps a red-flag code to true or false. A question not
    answered is absent: unknown is never "no". A short check says its `occasion`; a whole form has none.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="intakes")
    answers = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    # What the rulebook of that day made of the answers, kept so that it can be replayed.
    urgency = models.CharField(max_length=40, blank=True)
    triage = models.JSONField(default=dict)
    rulebook_version = models.CharField(max_length=20, blank=True)

    objects = IntakeQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["patient", "-started_at"], name="intake_of_a_patient")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient"], condition=models.Q(submitted_at=None), name="a_patient_fills_in_one_form_at_a_time"
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="a_sent_form_never_changes",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__submitted_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"Intake {self.id}"

    @property
    def is_submitted(self) -> bool:
        return self.submitted_at is not None
