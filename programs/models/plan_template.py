"""Programs a clinic has written itself."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User


class PlanTemplate(models.Model):
    """One version of one program of the clinic's own. A change is a new version; running plans keep theirs."""

    code = models.CharField(max_length=60)  # begins with "own_": never taken for one of the rulebook
    version = models.PositiveSmallIntegerField()
    name = models.CharField(_("name"), max_length=120)
    based_on = models.CharField(max_length=60, blank=True)  # the template it was copied from
    contents = models.JSONField()  # an entry as program_templates.toml has them
    why = models.TextField(_("what is different, and why"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="versions_of_a_template_are_numbered"),
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(retired_at=None), name="one_version_of_a_template_is_offered"
            ),
            models.CheckConstraint(name="a_template_says_why", condition=~models.Q(why="")),
            models.CheckConstraint(name="an_own_template_is_called_own", condition=models.Q(code__startswith="own_")),
        ]
        triggers = [
            pgtrigger.Protect(name="a_template_is_never_lost", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="a_template_only_retires",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.retired_at IS NOT NULL OR to_jsonb(OLD) - '{retired_at,retired_by_id}'::text[]"
                    " IS DISTINCT FROM to_jsonb(NEW) - '{retired_at,retired_by_id}'::text[]"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"
