"""What became of a plan: its versions, its pauses, and what was decided when it was looked at again."""

import uuid
from typing import Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User
from programs.models.plan import Plan


class PlanVersion(models.Model):
    """A plan as it stood from one revision to the next. Never changes, but for the patient having seen it."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    why = models.TextField(_("why"), blank=True)  # empty for the first
    changes = models.JSONField(default=list)  # what is different, as {"what": code, ...codes and dates}
    contents = models.JSONField()  # phases, sessions, exercises and posture items as they stand in this version
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)  # when the patient said "I have seen it"

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="versions_of_a_plan_are_numbered"),
            models.CheckConstraint(name="a_revision_says_why", condition=models.Q(number=1) | ~models.Q(why="")),
        ]
        triggers = [
            pgtrigger.Protect(name="a_version_is_never_lost", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="a_version_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.seen_at IS NOT NULL OR to_jsonb(OLD) - 'seen_at' IS DISTINCT FROM to_jsonb(NEW) - 'seen_at'"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.plan_id}"

    @property
    def patient_id(self) -> uuid.UUID:
        return self.plan.patient_id


class PlanPause(models.Model):
    """Days on which nothing of a plan is due."""

    class Reason(models.TextChoices):
        AWAY = "away", _("Away")
        ILLNESS = "illness", _("Ill")
        WARNING_SIGN = "warning_sign", _("A warning sign must be looked at")
        PATIENT_ASKED = "patient_asked", _("The patient asked for it")
        OTHER = "other", _("Another reason")

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="pauses")
    since = models.DateField(_("from"))
    until = models.DateField(_("likely until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices)
    note = models.CharField(_("note"), max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    resumed_on = models.DateField(null=True)
    resumed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    resumed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan"], condition=models.Q(resumed_at=None), name="a_plan_is_paused_once_at_a_time"
            ),
            models.CheckConstraint(
                name="a_pause_ends_after_it_starts",
                condition=(models.Q(until=None) | models.Q(until__gte=models.F("since")))
                & (models.Q(resumed_on=None) | models.Q(resumed_on__gte=models.F("since"))),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="a_pause_is_never_lost", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="a_pause_that_has_ended_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__resumed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"pause of {self.plan_id} from {self.since}"


class CheckpointQuerySet(models.QuerySet["Checkpoint"]):
    def undecided(self) -> Self:
        return self.filter(decided_at=None)


class Checkpoint(models.Model):
    """The day a plan is looked at again: the measures are due, and somebody decides how it goes on."""

    class Decision(models.TextChoices):
        GO_ON = "go_on", _("Go on as planned")
        REVISE = "revise", _("Change the plan")
        STOP = "stop", _("End the plan")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="checkpoints")
    ordinal = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    measures = ArrayField(models.CharField(max_length=40), default=list)  # codes of outcome_measures.toml
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    change = models.JSONField(default=dict)  # what the measures said when it was decided
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    objects = CheckpointQuerySet.as_manager()

    class Meta:
        ordering = ["due_on"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "ordinal"], name="checkpoints_of_a_plan_are_numbered"),
            models.CheckConstraint(
                name="a_decision_has_a_name_and_a_time",
                condition=models.Q(decided_at=None, decided_by=None, decision="")
                | models.Q(decided_at__isnull=False, decided_by__isnull=False) & ~models.Q(decision=""),
            ),
        ]
        indexes = [models.Index(fields=["due_on"], condition=models.Q(decided_at=None), name="checkpoint_to_decide")]
        triggers = [
            pgtrigger.Protect(
                name="what_was_decided_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__decided_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"checkpoint {self.ordinal} of {self.plan_id} on {self.due_on}"

    @property
    def patient_id(self) -> uuid.UUID:
        return self.plan.patient_id
