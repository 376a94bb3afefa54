"""What a clinic has changed about a service of the rulebook."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User


class ServiceSetting(models.Model):
    """One row for each service the clinic has changed. What is empty stays as the rulebook has it."""

    code = models.CharField(max_length=40, primary_key=True)  # of services.toml
    is_enabled = models.BooleanField(_("offered"), null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    # Minutes by kind of resource: {"room": 10, "device": 5}.
    setup_minutes = models.JSONField(_("minutes before"), null=True, blank=True)
    cleanup_minutes = models.JSONField(_("minutes after"), null=True, blank=True)
    professions = ArrayField(models.CharField(max_length=40), null=True, blank=True)
    room_kinds = ArrayField(models.CharField(max_length=40), null=True, blank=True)
    places = models.PositiveSmallIntegerField(_("places"), null=True, blank=True)
    daily_limit = models.PositiveSmallIntegerField(
        _("most in a day"), null=True, blank=True, help_text=_("For each clinician. Empty: no limit.")
    )
    self_booking = models.BooleanField(_("patients may book it themselves"), null=True, blank=True)
    price = models.DecimalField(_("price"), max_digits=9, decimal_places=2, null=True, blank=True)  # Clinic.currency
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_service_takes_time", condition=models.Q(minutes=None) | models.Q(minutes__range=(1, 1440))
            ),
            models.CheckConstraint(
                name="a_service_has_a_place", condition=models.Q(places=None) | models.Q(places__range=(1, 50))
            ),
            models.CheckConstraint(
                name="a_daily_limit_lets_somebody_in",
                condition=models.Q(daily_limit=None) | models.Q(daily_limit__gte=1),
            ),
            models.CheckConstraint(
                name="a_price_is_not_below_zero", condition=models.Q(price=None) | models.Q(price__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return self.code
