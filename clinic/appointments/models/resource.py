"""Everything that cannot be in two places at once: clinicians, rooms, devices and patients."""

import uuid
from collections.abc import Collection
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from people.models import Site, User


class ResourceQuerySet(models.QuerySet["Resource"]):
    def in_use(self) -> Self:
        return self.filter(is_active=True)

    def clinicians(self) -> Self:
        return self.filter(kind=Resource.Kind.CLINICIAN)

    def rooms(self) -> Self:
        return self.filter(kind=Resource.Kind.ROOM)

    def devices(self) -> Self:
        return self.filter(kind=Resource.Kind.DEVICE)

    def offering(self, codes: Collection[str]) -> Self:
        """Able to serve as any of these professions, room kinds or devices."""
        return self.filter(offers__overlap=list(codes))


class Resource(models.Model):
    class Kind(models.TextChoices):
        CLINICIAN = "clinician", _("Clinician")
        ROOM = "room", _("Room")
        DEVICE = "device", _("Device")
        PATIENT = "patient", _("Patient")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=120)
    # Where it stands. Clinicians move between sites with their shifts; patients are nowhere in particular.
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="resources")
    # What it can serve as: professions of a clinician, kinds of a room, the code of a device.
    offers = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    user = models.OneToOneField(User, models.PROTECT, null=True, blank=True, related_name="resource")
    patient = models.OneToOneField(Patient, models.PROTECT, null=True, blank=True, related_name="resource")
    ordinal = models.PositiveSmallIntegerField(_("place on the day board"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering = ["ordinal", "name"]
        indexes = [GinIndex(fields=["offers"], name="resource_by_what_it_offers")]
        constraints = [
            models.CheckConstraint(
                name="only_a_clinician_is_a_user",
                condition=models.Q(kind="clinician", user__isnull=False)
                | (~models.Q(kind="clinician") & models.Q(user=None)),
            ),
            models.CheckConstraint(
                name="only_a_patient_resource_is_a_patient",
                condition=models.Q(kind="patient", patient__isnull=False)
                | (~models.Q(kind="patient") & models.Q(patient=None)),
            ),
            models.CheckConstraint(
                name="rooms_and_devices_stand_at_a_site",
                condition=~models.Q(kind__in=["room", "device"]) | models.Q(site__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name
