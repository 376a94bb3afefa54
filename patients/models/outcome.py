"""Scores of a patient over time (FHIR Observation): pain, neck disability, the patient's own activities."""

import uuid

import pgtrigger
from django.db import models

from patients.models.assessment import Assessment
from patients.models.of_a_patient import OfAPatient
from patients.models.patient import Patient
from people.models import User


class Outcome(models.Model):
    """One scale filled in once. Never changed: a correction is a newer one of the same day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="outcomes")
    measure = models.CharField(max_length=40)  # of outcome_measures.toml
    answers = models.JSONField()  # by item, as the measure lists them
    values = models.JSONField()  # as patients.rules.scoring scored them
    band = models.CharField(max_length=40, blank=True)
    answered = models.PositiveSmallIntegerField()
    asked = models.PositiveSmallIntegerField()
    on = models.DateField()
    assessment = models.ForeignKey(Assessment, models.PROTECT, null=True, blank=True, related_name="outcomes")
    rulebook_version = models.CharField(max_length=20)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = OfAPatient["Outcome"].as_manager()

    class Meta:
        ordering = ["on", "at"]
        indexes = [models.Index(fields=["patient", "measure", "on", "at"], name="outcome_of_a_patient")]
        triggers = [pgtrigger.Protect(name="a_score_never_changes", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.measure} of {self.patient_id} on {self.on}"
