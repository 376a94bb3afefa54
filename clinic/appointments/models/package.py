"""Sessions paid for in advance, and the visits they were used for."""

import uuid
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models.appointment import Appointment
from patients.models import Patient
from people.models import User
from people.rules.permissions import Permission


class PackageQuerySet(models.QuerySet["Package"]):
    def visible_to(self, user: User) -> Self:
        if user.may(Permission.APPOINTMENT_VIEW):
            return self
        return (
            self.filter(patient__in=Patient.objects.visible_to(user))
            if user.may(Permission.OWN_RECORD)
            else self.none()
        )

    def usable(self, on: date) -> Self:
        """With a session left that may still be used that day, the one that lapses first in front."""
        lapsing_first = models.F("expires_on").asc(nulls_last=True)
        return self.filter(
            models.Q(expires_on=None) | models.Q(expires_on__gte=on), left__gt=0, closed_at=None
        ).order_by(lapsing_first, "bought_on", "pk")


class Package(models.Model):
    """So many sessions of one service, paid for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="packages")
    service = models.CharField(max_length=40)  # of services.toml
    sessions = models.PositiveSmallIntegerField(_("sessions"))
    left = models.PositiveSmallIntegerField(_("left"))
    price = models.DecimalField(_("price"), max_digits=9, decimal_places=2)
    currency = models.CharField(max_length=3)  # ISO 4217, as the clinic's was then
    bought_on = models.DateField(_("bought on"))
    expires_on = models.DateField(_("to be used by"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # sold by mistake, or paid back
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    closed_because = models.CharField(_("reason"), max_length=200, blank=True)

    objects = PackageQuerySet.as_manager()

    class Meta:
        ordering = ["bought_on"]
        indexes = [models.Index(fields=["patient", "service"], name="package_of_a_patient")]
        constraints = [
            models.CheckConstraint(
                name="a_package_never_falls_below_zero",
                condition=models.Q(left__gte=0) & models.Q(left__lte=models.F("sessions")),
            ),
            models.CheckConstraint(
                name="a_package_costs_something_or_nothing",
                condition=models.Q(price__gte=0) & models.Q(sessions__gte=1),
            ),
            models.CheckConstraint(
                name="a_closed_package_says_who_and_why",
                condition=models.Q(closed_at=None, closed_by=None, closed_because="")
                | models.Q(closed_at__isnull=False, closed_by__isnull=False) & ~models.Q(closed_because=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.left} of {self.sessions} {self.service}"

    @property
    def state(self) -> str:
        """In one word, but for a last day that may have passed: "closed", "used_up" or "open"."""
        return "closed" if self.closed_at else "open" if self.left else "used_up"

    @property
    def worth_of_what_is_left(self) -> Decimal:
        """What would be paid back for the sessions nobody has had, each worth the same, to the cent."""
        return (self.price * self.left / self.sessions).quantize(Decimal("0.01"), ROUND_HALF_UP)


class PackageUse(models.Model):
    """One session of a package, used for one visit. Given back if the visit turns out not to have been."""

    package = models.ForeignKey(Package, models.PROTECT, related_name="uses")
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="package_uses")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=models.Q(returned_at=None), name="a_visit_is_paid_for_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.package_id} for {self.appointment_id}"
