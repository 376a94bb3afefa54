"""Classes: one time, one clinician, several patients. And times kept for a moment while the desk is on the phone."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models.resource import Resource
from patients.models import Patient
from people.models import Site, User
from people.rules.permissions import Permission
from programs.rules.rulebook import rulebook
from programs.rules.services import Service


class GroupSessionQuerySet(models.QuerySet["GroupSession"]):
    def visible_to(self, user: User) -> Self:
        return self if user.may(Permission.APPOINTMENT_VIEW) else self.none()

    def standing(self) -> Self:
        return self.filter(cancelled_at=None)

    def starting_between(self, first: datetime, last: datetime) -> Self:
        return self.filter(starts_at__gte=first, starts_at__lt=last)


class GroupSession(models.Model):
    """One meeting of a class. Each patient in it has a visit of their own, with its own attendance."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=80)
    service_code = models.CharField(max_length=40)  # of services.toml, one with several places
    clinician = models.ForeignKey(Resource, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    places = models.PositiveSmallIntegerField(_("places"))
    revision = models.PositiveIntegerField(default=0)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = GroupSessionQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        indexes = [models.Index(fields=["starts_at"], name="class_by_start")]
        constraints = [
            models.CheckConstraint(
                name="a_class_ends_after_it_starts", condition=models.Q(ends_at__gt=models.F("starts_at"))
            ),
            models.CheckConstraint(name="a_class_has_places", condition=models.Q(places__range=(2, 50))),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.starts_at:%Y-%m-%d %H:%M}Z"

    @property
    def service(self) -> Service:
        return rulebook().services[self.service_code]

    @property
    def local_start(self) -> datetime:
        """On the wall clock of the site."""
        return timezone.localtime(self.starts_at, self.site.zone)

    @property
    def local_end(self) -> datetime:
        return timezone.localtime(self.ends_at, self.site.zone)


class Reservation(models.Model):
    """A time kept for some minutes while a patient makes up their mind. Holds what the visit would hold."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    offer = models.CharField(max_length=300)  # the code of the time it keeps, as the booking form sends it
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="reservation_by_end")]

    def __str__(self) -> str:
        return f"{self.offer} until {self.expires_at:%H:%M}Z"
