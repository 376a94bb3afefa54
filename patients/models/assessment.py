"""What the clinician found at a visit (FHIR ClinicalImpression)."""

import uuid
from collections.abc import Collection
from typing import Self

import pgtrigger
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.intake import Intake
from patients.models.patient import Patient
from people.models import User
from people.rules.permissions import Permission


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def visible_to(self, user: User) -> Self:
        return self if user.may(Permission.RECORD_VIEW) else self.none()

    def unsigned(self) -> Self:
        return self.filter(signed_at=None)

    def signed_once_by(self, professions: Collection[str]) -> Self:
        """Signed by somebody of these professions, and by nobody else yet."""
        return self.filter(signed_by__profession__in=professions, countersigned_at=None)


class Assessment(models.Model):
    """Findings of one visit. Open until its author signs it; after that only addenda are added."""

    class Kind(models.TextChoices):
        FIRST = "first", _("First assessment")
        FOLLOW_UP = "follow_up", _("Follow-up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="assessments")
    intake = models.ForeignKey(Intake, models.PROTECT, null=True, related_name="assessments")
    author = models.ForeignKey(User, models.PROTECT, related_name="assessments")
    started_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)  # grows with each save; a stale page is refused
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.FIRST)
    # What was tapped at a follow-up, by question; absent is not asked. Nothing is ever copied from the last visit.
    told = models.JSONField(default=dict, blank=True)
    moves = models.JSONField(default=dict, blank=True)  # degrees by movement, such as look_down
    note = models.TextField(_("note"), blank=True)  # empty: it reads as the taps say
    # "I asked again: all no" is one recorded tap.
    asked_again_at = models.DateTimeField(null=True, blank=True)
    asked_again_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    digest = models.CharField(max_length=64, blank=True)  # SHA-256 of all that was signed
    countersigned_at = models.DateTimeField(null=True, blank=True)
    countersigned_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    causes = models.JSONField(_("causes"), default=list, blank=True)  # codes of causes.toml
    pain_now = models.PositiveSmallIntegerField(
        _("pain now, 0 to 10"), null=True, blank=True, validators=[MaxValueValidator(10)]
    )
    rotation_left_degrees = models.PositiveSmallIntegerField(
        _("turns left, degrees"), null=True, blank=True, validators=[MaxValueValidator(120)]
    )
    rotation_right_degrees = models.PositiveSmallIntegerField(
        _("turns right, degrees"), null=True, blank=True, validators=[MaxValueValidator(120)]
    )
    findings = models.TextField(_("findings"), blank=True)
    impression = models.TextField(_("impression"), blank=True)
    next_steps = models.TextField(_("what happens next"), blank=True)
    # Answers of the examination questions of the rulebook, code to true or false, and blood pressure in mm Hg by
    # `bp_systolic` and `bp_diastolic`; absent is not done.
    examined = models.JSONField(default=dict)
    triage = models.JSONField(default=dict)  # urgency, fired rules and rulebook version at signing
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["patient", "-started_at"], name="assessment_of_a_patient"),
            models.Index(fields=["author"], condition=models.Q(signed_at=None), name="assessment_to_sign"),
        ]
        constraints = [
            models.CheckConstraint(
                name="pain_is_0_to_10", condition=models.Q(pain_now=None) | models.Q(pain_now__lte=10)
            ),
            models.CheckConstraint(
                name="a_signature_has_a_name_and_a_time",
                condition=models.Q(signed_at=None, signed_by=None)
                | models.Q(signed_at__isnull=False, signed_by__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="a_signed_assessment_is_never_lost",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__signed_at__isnull=False),
            ),
            # All but the second signature, which comes after the first and then stays too.
            pgtrigger.Protect(
                name="a_signed_assessment_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.signed_at IS NOT NULL AND (OLD.countersigned_at IS NOT NULL OR"
                    " to_jsonb(OLD) - '{countersigned_at,countersigned_by_id}'::text[]"
                    " IS DISTINCT FROM to_jsonb(NEW) - '{countersigned_at,countersigned_by_id}'::text[])"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"Assessment {self.id}"

    @property
    def is_signed(self) -> bool:
        return self.signed_at is not None


class Addendum(models.Model):
    """A correction or an addition to a signed assessment. The earlier text stays readable."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="addenda")
    text = models.TextField(_("addendum"))
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["written_at"]
        triggers = [pgtrigger.Protect(name="an_addendum_never_changes", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"Addendum to {self.assessment_id}"

    @property
    def patient_id(self) -> uuid.UUID:
        return self.assessment.patient_id
