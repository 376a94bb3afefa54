"""The clinic (FHIR Organization) and its sites (FHIR Location)."""

import uuid
import zoneinfo
from datetime import UTC, date, datetime

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField


def is_a_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone. Write it like Europe/London."), params={"name": name})


class Clinic(models.Model):
    """One deployment serves one clinic organisation with any number of sites."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("name"), max_length=120)
    sender_name = models.CharField(
        _("name in messages"),
        max_length=30,
        help_text=_("Begins every message. Choose a neutral one: a stranger may read it over a shoulder."),
    )
    phone = PhoneNumberField(_("phone"), blank=True)
    emergency_number = models.CharField(_("emergency number"), max_length=10, default="911")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[is_a_time_zone])
    currency = models.CharField(_("currency"), max_length=3, default="USD")  # ISO 4217
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(name="there_is_one_clinic", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @classmethod
    def day_of(cls, moment: datetime) -> date:
        """Which day it is at the clinic: half past eleven in the evening belongs to that evening."""
        with connection.cursor() as cursor:  # asked by nearly every deed: by hand it takes a third of the time
            cursor.execute("SELECT time_zone FROM people_clinic ORDER BY id LIMIT 1")
            found = cursor.fetchone()
        return moment.astimezone(zoneinfo.ZoneInfo(found[0]) if found else UTC).date()


class Site(models.Model):
    """A place where the clinic treats. Its opening hours are decided in its own time zone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=80, unique=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = PhoneNumberField(_("phone"), blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[is_a_time_zone])
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)
