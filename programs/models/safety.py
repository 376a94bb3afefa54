"""What was decided about the safety of a treatment, by whom, and on which ground."""

import uuid
from datetime import date, datetime
from typing import Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from people.models import User
from people.rules.permissions import Permission


class OverrideQuerySet(models.QuerySet["Override"]):
    def visible_to(self, user: User) -> Self:
        return self if user.may(Permission.RECORD_VIEW) else self.none()

    def in_force(self, on: date) -> Self:
        return self.filter(revoked_at=None, on__lte=on, until__gte=on)

    def still_to_count(self, on: date) -> Self:
        """In force on that day, or from a later one on."""
        return self.filter(revoked_at=None, until__gte=on)


class Override(models.Model):
    """A clinician unlocks a treatment although relative contraindications speak against it, and says why."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="overrides")
    modality = models.CharField(max_length=40)
    rules = ArrayField(models.CharField(max_length=120))  # codes of contraindications.toml; only these are lifted
    reason = models.TextField(_("reason"))
    rulebook_version = models.CharField(max_length=20)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    on = models.DateField()  # its first day
    until = models.DateField(_("until"))  # its last
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = OverrideQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["patient", "until"], name="override_of_a_patient")]
        constraints = [
            models.CheckConstraint(name="an_override_says_why", condition=~models.Q(reason="") & ~models.Q(rules=[])),
            models.CheckConstraint(
                name="an_override_ends_after_it_starts", condition=models.Q(until__gte=models.F("on"))
            ),
            models.CheckConstraint(
                name="a_revoked_override_says_who",
                condition=models.Q(revoked_at=None, revoked_by=None)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="an_override_is_never_lost", operation=pgtrigger.Delete),
            # Revoking is all that may still happen to it.
            pgtrigger.Protect(
                name="a_revoked_override_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__revoked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.modality} for {self.patient_id} until {self.until}"


class SafetyDecisionQuerySet(models.QuerySet["SafetyDecision"]):
    def visible_to(self, user: User) -> Self:
        return self if user.may(Permission.RECORD_VIEW) else self.none()

    def cautions_read(self, *, since: datetime) -> Self:
        """Treatments that a clinician began although a rule asked for caution, the newest first.

        Whoever at the desk only calls a patient in has read nothing, and may not know why.
        """
        begun = self.filter(moment=SafetyDecision.Moment.STARTED, at__gte=since, by__isnull=False)
        return begun.exclude(by__profession="").exclude(rules=[]).order_by("-at")


class SafetyDecision(models.Model):
    """What the rules said when a treatment was planned, booked or started, with all that it takes to replay it."""

    class Moment(models.TextChoices):
        PLANNED = "planned", _("Planned")
        BOOKED = "booked", _("Booked")
        STARTED = "started", _("Started")

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="safety_decisions")
    moment = models.CharField(max_length=8, choices=Moment.choices)
    modality = models.CharField(max_length=40)
    technique = models.CharField(max_length=60, blank=True)
    on = models.DateField()  # the day the treatment is for
    status = models.CharField(max_length=20)  # as the decision order of contraindications.toml names them
    facts = models.JSONField(default=dict)
    rules = ArrayField(models.CharField(max_length=120), default=list)  # that fired, gravest first
    overridden = ArrayField(models.CharField(max_length=120), default=list)
    rulebook_version = models.CharField(max_length=20)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = SafetyDecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["patient", "-at"], name="decision_of_a_patient")]
        triggers = [pgtrigger.Protect(name="a_decision_stays_as_it_was", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.modality} {self.status} on {self.on}"
