"""What was done at a visit (FHIR Procedure): which technique, where, how much."""

import uuid
from datetime import datetime
from typing import Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Value
from django.db.models.functions import Cast, Replace, Upper
from django.utils.translation import gettext_lazy as _

from patients.models import Assessment, Patient
from people.models import User
from people.rules.permissions import Permission
from programs.models.at_home import WorklistAction
from programs.models.plan import PlannedSession


class TreatmentGivenQuerySet(models.QuerySet["TreatmentGiven"]):
    def visible_to(self, user: User) -> Self:
        return self if user.may(Permission.RECORD_VIEW) else self.none()

    def of_lot(self, lot: str) -> Self:
        """However it was typed: capitals, blanks and dashes make no difference, because a recall must miss nobody."""
        bare = Upper(Replace(Replace("lot", Value(" ")), Value("-")))
        with_product = self.exclude(lot="").filter(was_skipped=False)
        return with_product.annotate(bare_lot=bare).filter(bare_lot=lot.replace(" ", "").replace("-", "").upper())

    def with_product(self, modality: str, *, from_moment: datetime, until: datetime) -> Self:
        """Of one product everything that was given from one moment to the other."""
        rows = self.exclude(lot="").filter(was_skipped=False, modality=modality)
        return rows.filter(at__gte=from_moment, at__lt=until)

    def for_recall(self) -> Self:
        """With everything a call needs, by patient; one query however many there are."""
        rows = self.select_related("patient", "by", "session")
        return rows.order_by("patient__family_name", "patient__given_name", "patient", "at")


class TreatmentGiven(models.Model):
    """One technique at one visit. Frozen together with the note of the visit."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="treatments_given")
    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="treatments_given")
    session = models.ForeignKey(PlannedSession, models.SET_NULL, null=True, blank=True, related_name="given")
    modality = models.CharField(max_length=40)
    technique = models.CharField(max_length=60)
    regions = ArrayField(models.CharField(max_length=60), default=list)  # of body_regions.toml, with ":left" and so on
    dose = models.JSONField(default=dict)  # by unit: needles, joules, shocks, ml
    lot = models.CharField(_("lot"), max_length=60, blank=True)
    expires_on = models.DateField(_("expiry date"), null=True, blank=True)  # of the kit or product
    guidance = models.CharField(_("guidance"), max_length=20, blank=True)  # how the needle was led, such as ultrasound
    reaction = models.CharField(_("reaction in the room"), max_length=40, blank=True)
    was_skipped = models.BooleanField(default=False)
    note = models.CharField(_("note"), max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = TreatmentGivenQuerySet.as_manager()

    class Meta:
        ordering = ["at"]
        indexes = [
            models.Index(fields=["patient", "modality", "-at"], name="treatment_of_a_patient"),
            models.Index(fields=["assessment"], name="treatment_of_a_visit"),
            # A recall asks for one lot.
            models.Index(fields=["lot"], condition=~models.Q(lot=""), name="treatment_by_lot"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="what_was_signed_was_given",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM patients_assessment
                        WHERE id = COALESCE(NEW.assessment_id, OLD.assessment_id) AND signed_at IS NOT NULL
                    ) THEN
                        RAISE EXCEPTION 'the note of this visit is signed: its treatments never change';
                    END IF;
                    RETURN COALESCE(NEW, OLD);
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.technique} for {self.patient_id}"


class AdverseEventQuerySet(models.QuerySet["AdverseEvent"]):
    def visible_to(self, user: User) -> Self:
        return self if user.may(Permission.RECORD_VIEW) else self.none()

    def in_charge_of(self, user: User) -> Self:
        """Of those whose plan they lead, and without a plan of those they treated."""
        return self.filter(
            models.Q(treatment__session__plan__started_by=user) | models.Q(treatment__session=None, treatment__by=user)
        )

    def severe_and_open(self) -> Self:
        """Severe, and nobody has written down what was done about it since."""
        occasion = Cast(models.OuterRef("pk"), models.CharField())
        done = WorklistAction.objects.filter(kind=AdverseEvent.TASK, occasion=occasion)
        # Whoever was not reached has not been seen to.
        answered = done.exclude(deed__in=[WorklistAction.Deed.NOT_REACHED, WorklistAction.Deed.WAIT])
        return self.filter(~models.Exists(answered), severity=AdverseEvent.Severity.SEVERE)


class AdverseEvent(models.Model):
    """Something unwanted after a treatment (FHIR AdverseEvent). It may be noticed long after the note is signed."""

    class Severity(models.TextChoices):
        MILD = "mild", _("Mild: passes by itself")
        MODERATE = "moderate", _("Moderate: needed care")
        SEVERE = "severe", _("Severe: hospital, or lasting harm")

    TASK = "adverse"  # the kind of the worklist's entry that a severe one makes; its occasion is the id

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="adverse_events")
    treatment = models.ForeignKey(TreatmentGiven, models.PROTECT, related_name="adverse_events")
    severity = models.CharField(_("severity"), max_length=10, choices=Severity.choices)
    noticed_on = models.DateField(_("noticed on"))
    text = models.TextField(_("what happened"))
    action = models.TextField(_("what was done"), blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = AdverseEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["patient", "-at"], name="adverse_event_of_a_patient")]
        triggers = [pgtrigger.Protect(name="an_adverse_event_stays", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.severity} after {self.treatment_id}"
