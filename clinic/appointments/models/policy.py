"""The clinic's own rules of booking, and what a patient prefers."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models.resource import Resource
from patients.models import Patient
from people.models import Site
from people.models.organization import is_a_time_zone


class BookingPolicy(models.Model):
    """One row for the clinic; a clinic without one has the defaults."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    desk_notice_minutes = models.PositiveIntegerField(_("shortest notice at the desk, minutes"), default=0)
    portal_notice_hours = models.PositiveIntegerField(_("shortest notice in the portal, hours"), default=12)
    change_until_hours = models.PositiveIntegerField(_("patients may change until, hours before"), default=24)
    horizon_days = models.PositiveIntegerField(_("furthest ahead, days"), default=182)
    daily_limit = models.PositiveSmallIntegerField(
        _("most visits a clinician has in a day"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    undo_seconds = models.PositiveIntegerField(_("seconds before a message leaves"), default=180)
    offers_at_once = models.PositiveSmallIntegerField(_("people a freed time is offered to at once"), default=3)
    offer_lapses_minutes = models.PositiveIntegerField(_("minutes until an offer lapses"), default=120)

    class Meta:
        constraints = [
            models.CheckConstraint(name="there_is_one_booking_policy", condition=models.Q(id=1)),
            models.CheckConstraint(name="the_horizon_is_ahead", condition=models.Q(horizon_days__range=(1, 366))),
            models.CheckConstraint(
                name="a_clinician_may_have_a_visit",
                condition=models.Q(daily_limit=None) | models.Q(daily_limit__gte=1),
            ),
            models.CheckConstraint(
                name="an_offer_goes_to_somebody",
                condition=models.Q(offers_at_once__range=(1, 20), offer_lapses_minutes__gte=5),
            ),
            models.CheckConstraint(name="undoing_has_an_end", condition=models.Q(undo_seconds__lte=900)),
        ]

    def __str__(self) -> str:
        return "booking policy"

    @classmethod
    def current(cls) -> "BookingPolicy":
        """The clinic's rules. One query."""
        return cls.objects.first() or cls()

    @property
    def undo_window(self) -> timedelta:
        return timedelta(seconds=self.undo_seconds)


class VisitPreference(models.Model):
    """When, where and with whom a patient would rather come. Empty means it does not matter."""

    patient = models.OneToOneField(Patient, models.CASCADE, primary_key=True, related_name="visit_preference")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)  # 0 is Monday
    earliest = models.TimeField(_("not before"), null=True, blank=True)  # on the clock of the site
    latest = models.TimeField(_("ends by"), null=True, blank=True)
    site = models.ForeignKey(Site, models.SET_NULL, null=True, blank=True, related_name="+")
    clinician = models.ForeignKey(Resource, models.SET_NULL, null=True, blank=True, related_name="+")
    # Where the patient is: a patient elsewhere is shown both clocks. Empty: where the site is.
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[is_a_time_zone])

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="preferred_hours_are_in_order",
                condition=models.Q(earliest=None) | models.Q(latest=None) | models.Q(latest__gt=models.F("earliest")),
            )
        ]

    def __str__(self) -> str:
        return str(self.patient_id)
