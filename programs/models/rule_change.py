"""Where a clinic is stricter than the rulebook, or has set a number of its own."""

from typing import Self

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User


class RuleChangeQuerySet(models.QuerySet["RuleChange"]):
    def in_force(self) -> Self:
        return self.filter(withdrawn_at=None)


class RuleChange(models.Model):
    """One deviation from the rulebook, with who, when and why. It is withdrawn, never rewritten."""

    class Kind(models.TextChoices):
        MODALITY_OFF = "modality_off", _("Treatment switched off")
        TECHNIQUE_OFF = "technique_off", _("Technique switched off")
        SEVERITY = "severity", _("Rule tightened")
        THRESHOLD = "threshold", _("Threshold changed")
        GAP = "gap", _("Distance changed")

    kind = models.CharField(max_length=15, choices=Kind.choices)
    code = models.CharField(max_length=120)  # of the modality, technique, contraindication or timing rule
    value = models.JSONField(null=True)  # the new severity, threshold or days
    was = models.JSONField(null=True)  # what the rulebook said then
    rulebook_version = models.CharField(max_length=20)
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawn_because = models.TextField(_("reason"), blank=True)

    objects = RuleChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "code"], condition=models.Q(withdrawn_at=None), name="a_rule_is_changed_once_at_a_time"
            ),
            models.CheckConstraint(name="a_changed_rule_says_why", condition=~models.Q(reason="")),
            models.CheckConstraint(
                name="a_withdrawn_change_says_who_and_why",
                condition=models.Q(withdrawn_at=None, withdrawn_by=None, withdrawn_because="")
                | models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~models.Q(withdrawn_because=""),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="a_rule_change_is_never_lost", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="a_rule_change_is_only_withdrawn",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.withdrawn_at IS NOT NULL OR"
                    " to_jsonb(OLD) - '{withdrawn_at,withdrawn_by_id,withdrawn_because}'::text[]"
                    " IS DISTINCT FROM to_jsonb(NEW) - '{withdrawn_at,withdrawn_by_id,withdrawn_because}'::text[]"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"
