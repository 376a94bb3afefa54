"""What patients asked about their own record: to put it right, or to delete it. And the clinic's promises on both."""

import uuid
from typing import Self

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.of_a_patient import OfAPatient
from patients.models.patient import Patient
from patients.rules import record_requests
from patients.rules.record_requests import About
from patients.rules.threads import Audience
from people.models import User
from people.rules.permissions import Permission


class RecordPolicy(models.Model):
    """One row for the clinic; a clinic without one has the defaults."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    answer_working_days = models.PositiveSmallIntegerField(_("we answer messages within, working days"), default=2)
    kept_years = models.PositiveSmallIntegerField(
        _("treatment records are kept, years"),
        default=record_requests.KEPT_YEARS,
        help_text=_("From the last visit; of a child, from the day it comes of age. Ask what your law says."),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="there_is_one_record_policy", condition=models.Q(id=1)),
            models.CheckConstraint(
                name="an_answer_comes_in_time", condition=models.Q(answer_working_days__range=(1, 20))
            ),
            models.CheckConstraint(name="a_record_is_kept_for_years", condition=models.Q(kept_years__range=(1, 100))),
        ]

    def __str__(self) -> str:
        return "record policy"

    @classmethod
    def current(cls) -> "RecordPolicy":
        """The clinic's rules. One query."""
        return cls.objects.first() or cls()


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def visible_to(self, user: User) -> Self:
        """As conversations are: what may touch health is for clinicians."""
        if user.may(Permission.RECORD_VIEW):
            return self
        if user.may(Permission.CONTACT_VIEW):
            return self.filter(audience=Audience.DESK)
        if user.may(Permission.OWN_RECORD):
            return self.filter(patient__in=Patient.objects.visible_to(user))
        return self.none()

    def undecided(self) -> Self:
        return self.filter(decided_at=None).order_by("asked_at")


class Correction(models.Model):
    """A mistake the patient found, what came of it, and what the patient says to that (45 CFR 164.526)."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("Put right")
        REFUSED = "refused", _("Left as it is")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="corrections")
    about = models.CharField(_("what is wrong"), max_length=10, choices=About.choices)
    audience = models.CharField(max_length=12, choices=Audience.choices)
    says = models.TextField(_("what it says now"))
    should_say = models.TextField(_("what it should say"))
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    reason = models.TextField(_("what was done, or why not"), blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    # Kept with the record for good, whatever the clinic thinks of it.
    statement = models.TextField(_("what I say to that"), blank=True)
    stated_at = models.DateTimeField(null=True, blank=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        indexes = [
            models.Index(fields=["patient", "-asked_at"], name="correction_of_a_patient"),
            models.Index(fields=["asked_at"], condition=models.Q(decided_at=None), name="correction_to_decide"),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_decided_correction_says_who_and_why",
                condition=models.Q(decided_at=None, decided_by=None, outcome="", reason="")
                | (
                    models.Q(decided_at__isnull=False, decided_by__isnull=False)
                    & ~models.Q(outcome="")
                    & ~models.Q(reason="")
                ),
            ),
            models.CheckConstraint(
                name="only_a_refusal_is_answered_by_a_statement",
                condition=models.Q(statement="", stated_at=None)
                | (models.Q(outcome="refused", stated_at__isnull=False) & ~models.Q(statement="")),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="a_correction_is_never_lost", operation=pgtrigger.Delete),
            # Asked, decided and answered are written once each.
            pgtrigger.Protect(
                name="a_decided_correction_stays_decided",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.stated_at IS NOT NULL OR (OLD.decided_at IS NOT NULL AND"
                    " to_jsonb(OLD) - '{statement,stated_at}'::text[]"
                    " IS DISTINCT FROM to_jsonb(NEW) - '{statement,stated_at}'::text[])"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"correction of {self.patient_id}"


class ErasureQuerySet(OfAPatient["Erasure"]):
    read_all = Permission.CONTACT_VIEW

    def open(self) -> Self:
        """Not looked at yet by the clinic."""
        return self.filter(seen_at=None).order_by("asked_at")


class Erasure(models.Model):
    """A patient asked to be forgotten. What went at once, and until when the rest has to be kept (GDPR, article 17)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="erasures")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    kept_until = models.DateField(_("kept until"), null=True, blank=True)  # empty: nobody was treated, nothing is kept
    went = models.JSONField(default=dict)  # how many of what were deleted at once
    seen_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient"], condition=models.Q(seen_at=None), name="a_patient_asks_to_be_forgotten_once"
            ),
            models.CheckConstraint(
                name="a_seen_erasure_says_who",
                condition=models.Q(seen_at=None, seen_by=None) | models.Q(seen_at__isnull=False, seen_by__isnull=False),
            ),
        ]
        triggers = [pgtrigger.Protect(name="an_erasure_is_never_lost", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"erasure of {self.patient_id}"
