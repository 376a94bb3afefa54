"""When a clinician works, and when they or the site do not."""

import uuid
from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models.resource import Resource
from people.models import Site


class Weekday(models.IntegerChoices):
    """As `date.weekday()` counts."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class ShiftQuerySet(models.QuerySet["Shift"]):
    def between(self, first: date, last: date) -> Self:
        """That hold on at least one day from `first` to `last`."""
        return self.filter(models.Q(valid_until=None) | models.Q(valid_until__gte=first), valid_from__lte=last)


class Shift(models.Model):
    """Weekly hours at a site, in the site's local time. A lunch break is the gap between two shifts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    resource = models.ForeignKey(Resource, models.CASCADE, related_name="shifts", verbose_name=_("clinician"))
    site = models.ForeignKey(Site, models.PROTECT, related_name="shifts")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    valid_from = models.DateField(_("first day"))
    valid_until = models.DateField(_("last day"), null=True, blank=True)

    objects = ShiftQuerySet.as_manager()

    class Meta:
        ordering = ["resource", "weekday", "starts"]
        indexes = [models.Index(fields=["resource", "weekday"], name="shift_of_a_resource")]
        constraints = [
            models.CheckConstraint(
                name="a_shift_ends_after_it_starts", condition=models.Q(ends__gt=models.F("starts"))
            ),
            models.CheckConstraint(
                name="a_shift_holds_for_at_least_a_day",
                condition=models.Q(valid_until=None) | models.Q(valid_until__gte=models.F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.get_weekday_display()} {self.starts:%H:%M}-{self.ends:%H:%M}"


class Closure(models.Model):
    """A day on which a site, or the whole clinic, is closed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(
        Site, models.CASCADE, null=True, blank=True, related_name="closures", help_text=_("Empty: every site")
    )
    on = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=120)

    class Meta:
        ordering = ["on"]
        constraints = [
            models.UniqueConstraint(fields=["site", "on"], nulls_distinct=False, name="a_site_closes_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.on}: {self.reason}"


class Absence(models.Model):
    """Leave of a clinician, or service of a room or device."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    resource = models.ForeignKey(Resource, models.CASCADE, related_name="absences")
    during = DateTimeRangeField()
    reason = models.CharField(_("reason"), max_length=120, blank=True)

    class Meta:
        ordering = ["during"]
        constraints = [
            ExclusionConstraint(
                name="a_resource_is_away_once_at_a_time",
                expressions=[("resource", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(name="an_absence_has_a_length", condition=models.Q(during__isempty=False)),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.during}"
