"""What is known of a patient: conditions, medicines, findings. Read by the rules of every treatment."""

import uuid
from typing import Self

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.intake import Intake
from patients.models.patient import Patient
from people.models import User
from people.rules.permissions import Permission


class FactQuerySet(models.QuerySet["Fact"]):
    def visible_to(self, user: User) -> Self:
        return self if user.may(Permission.RECORD_VIEW) else self.none()

    def last_words(self) -> Self:
        """Of each patient and fact the newest statement: it stands, the earlier ones are history."""
        return self.order_by("patient", "code", "-on", "-at", "-nth").distinct("patient", "code")


class Fact(models.Model):
    """One statement about one patient. Never changed: a newer one takes its place."""

    class Origin(models.TextChoices):
        FORM = "form", _("The patient's form")
        CLINICIAN = "clinician", _("Asked or examined")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="facts")
    code = models.CharField(max_length=60)  # of patient_facts.toml
    value = models.JSONField(null=True)  # true, false, a number in the fact's unit, or null: not known any more
    on = models.DateField()  # the day it was so
    origin = models.CharField(max_length=10, choices=Origin.choices)
    intake = models.ForeignKey(Intake, models.PROTECT, null=True, blank=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # Counts what is written, so that of two statements of one instant the later one stands.
    nth = models.BigIntegerField(
        db_default=models.Func(models.Value("patients_fact_nth"), function="nextval"), editable=False
    )

    objects = FactQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["patient", "code", "-on", "-at"], name="fact_of_a_patient")]
        triggers = [pgtrigger.Protect(name="what_was_said_stays_said", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.code} of {self.patient_id}"
