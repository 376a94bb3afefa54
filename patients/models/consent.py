"""What a patient agreed to, in which words, and whether it still counts (FHIR Consent)."""

import uuid
from datetime import date
from typing import Self

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.of_a_patient import OfAPatient
from patients.models.patient import Patient
from people.models import User


class ConsentQuerySet(OfAPatient["Consent"]):
    def in_force(self, on: date) -> Self:
        return self.filter(withdrawn_at=None, valid_from__lte=on, valid_until__gte=on)


class Consent(models.Model):
    """One signed document. The exact text is kept with it; only withdrawing may still happen to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consents")
    code = models.CharField(max_length=60)  # of consents.toml
    modality = models.CharField(max_length=40, blank=True)
    area = models.CharField(_("level and side"), max_length=120, blank=True)
    text = models.TextField()  # as it was shown
    text_version = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    interpreter = models.CharField(_("interpreter"), max_length=120, blank=True)
    signed_name = models.CharField(_("name"), max_length=200)  # as typed
    drawn = models.TextField(blank=True)  # the path of a drawn signature, in the SVG of 300 x 100
    signed_for = models.CharField(_("guardian of"), max_length=120, blank=True)
    witness = models.CharField(_("witness"), max_length=120, blank=True)
    signed_at = models.DateTimeField()
    valid_from = models.DateField()  # after the cooling-off days
    valid_until = models.DateField()
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["-signed_at"]
        indexes = [models.Index(fields=["patient", "code", "valid_until"], name="consent_of_a_patient")]
        constraints = [
            models.CheckConstraint(name="a_consent_is_signed_by_name", condition=~models.Q(signed_name="")),
            models.CheckConstraint(
                name="a_consent_ends_after_it_starts", condition=models.Q(valid_until__gte=models.F("valid_from"))
            ),
            models.CheckConstraint(
                name="a_withdrawn_consent_says_who",
                condition=models.Q(withdrawn_at=None, withdrawn_by=None)
                | models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="a_consent_is_never_lost", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="a_signed_consent_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.withdrawn_at IS NOT NULL OR to_jsonb(OLD) - '{withdrawn_at,withdrawn_by_id}'::text[]"
                    " IS DISTINCT FROM to_jsonb(NEW) - '{withdrawn_at,withdrawn_by_id}'::text[]"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.patient_id}"
