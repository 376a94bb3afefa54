"""Who would rather come sooner, what they were offered, and what the desk has done about a visit."""

import uuid
from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.signing import BadSignature, Signer
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models.appointment import Appointment
from clinic.appointments.models.resource import Resource
from patients.models import Patient
from patients.models.of_a_patient import OfAPatient
from people.models import Site, User
from people.rules.permissions import Permission
from programs.models import PlannedSession

OFFER_SALT = "offer"


class WaitlistQuerySet(OfAPatient["WaitlistEntry"]):
    read_all = Permission.APPOINTMENT_VIEW

    def waiting(self) -> Self:
        return self.filter(closed_at=None)


class WaitlistEntry(models.Model):
    """A wish for a time that is not free. With a `visit` it is a wish for a sooner one: that visit is given up."""

    class End(models.TextChoices):
        BOOKED = "booked", _("Booked")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        PASSED = "passed", _("The last day has passed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="waitlist")
    service_code = models.CharField(max_length=40)
    session = models.ForeignKey(PlannedSession, models.SET_NULL, null=True, blank=True, related_name="+")
    visit = models.ForeignKey(Appointment, models.SET_NULL, null=True, blank=True, related_name="waitlist")
    site = models.ForeignKey(Site, models.SET_NULL, null=True, blank=True, related_name="+")
    clinician = models.ForeignKey(Resource, models.SET_NULL, null=True, blank=True, related_name="+")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)  # 0 is Monday; empty: any
    earliest = models.TimeField(_("not before"), null=True, blank=True)  # on the clock of the site
    latest = models.TimeField(_("ends by"), null=True, blank=True)
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=10, choices=End.choices, blank=True)

    objects = WaitlistQuerySet.as_manager()

    class Meta:
        ordering = ["added_at"]
        indexes = [
            models.Index(fields=["until_on"], condition=models.Q(closed_at=None), name="waitlist_by_last_day"),
            models.Index(fields=["patient"], name="waitlist_of_a_patient"),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_wish_has_days_in_order", condition=models.Q(until_on__gte=models.F("from_on"))
            ),
            models.CheckConstraint(
                name="a_closed_wish_says_why",
                condition=models.Q(closed_at=None, closed_because="")
                | (models.Q(closed_at__isnull=False) & ~models.Q(closed_because="")),
            ),
            models.UniqueConstraint(
                fields=["patient", "service_code"],
                condition=models.Q(closed_at=None),
                name="a_patient_waits_for_a_service_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_code} {self.from_on} to {self.until_on}"


class SlotOfferQuerySet(models.QuerySet["SlotOffer"]):
    def open_at(self, now: datetime) -> Self:
        return self.filter(state=SlotOffer.State.OPEN, lapses_at__gt=now)


class SlotOffer(models.Model):
    """A freed time, offered to one of those who wait. First yes wins; the others are told that it has gone."""

    class State(models.TextChoices):
        OPEN = "open", _("Offered")
        TAKEN = "taken", _("Taken")
        DECLINED = "declined", _("Declined")
        GONE = "gone", _("Gone to somebody else")
        LAPSED = "lapsed", _("Not answered")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(WaitlistEntry, models.PROTECT, related_name="offers")
    round = models.UUIDField()  # the same for everybody who was offered this time together
    offer = models.CharField(max_length=300)  # the code of the time, as the booking form sends it
    starts_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    offered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    offered_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    appointment = models.ForeignKey(Appointment, models.PROTECT, null=True, related_name="+")

    objects = SlotOfferQuerySet.as_manager()

    class Meta:
        ordering = ["offered_at"]
        indexes = [models.Index(fields=["lapses_at"], condition=models.Q(state="open"), name="offer_by_end")]
        constraints = [
            models.UniqueConstraint(fields=["round", "entry"], name="a_time_is_offered_to_a_patient_once"),
            models.UniqueConstraint(fields=["round"], condition=models.Q(state="taken"), name="one_yes_wins"),
            models.CheckConstraint(
                name="a_taken_offer_is_a_visit",
                condition=models.Q(state="taken", appointment__isnull=False)
                | (~models.Q(state="taken") & models.Q(appointment=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}Z {self.state}"

    @property
    def link_token(self) -> str:
        """What stands in a message's link: opens this one offer and cannot be guessed."""
        return Signer(salt=OFFER_SALT).sign(self.pk.hex)

    @staticmethod
    def id_in_link(token: str) -> uuid.UUID | None:
        """The offer that `token` opens, or None for a token we never gave."""
        try:
            return uuid.UUID(Signer(salt=OFFER_SALT).unsign(token))
        except (BadSignature, ValueError):
            return None


class FollowUp(models.Model):
    """What the desk did about a task: called, wrote, or put it off. The task itself is derived and never stored."""

    class Task(models.TextChoices):
        MISSED = "missed", _("Did not come")
        UNCONFIRMED = "unconfirmed", _("Not confirmed")
        NO_NEXT = "no_next", _("No next visit")
        FORM = "form", _("Form not filled in")

    class How(models.TextChoices):
        CALLED = "called", _("Called")
        WROTE = "wrote", _("Message sent")
        SNOOZED = "snoozed", _("Put off")
        SETTLED = "settled", _("Settled")

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="follow_ups")
    task = models.CharField(max_length=12, choices=Task.choices)
    how = models.CharField(max_length=10, choices=How.choices)
    note = models.CharField(_("note"), max_length=200, blank=True, help_text=_("Nothing about health here."))
    until = models.DateTimeField(null=True)  # put off until then
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["appointment", "task"], name="follow_up_of_a_visit")]

    def __str__(self) -> str:
        return f"{self.task}: {self.how}"
