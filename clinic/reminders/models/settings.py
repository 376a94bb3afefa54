"""What is sent when, in which words: the clinic's rules, and how each patient wants to be reached."""

from datetime import time
from typing import Self
from zoneinfo import ZoneInfo

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.reminders.models.message import Message
from patients.models import Patient
from people.models import User
from people.models.organization import is_a_time_zone
from people.rules.permissions import Permission

Channel = Message.Channel
_BY_WIRE = [Channel.EMAIL, Channel.SMS, Channel.PUSH]


class ReminderPolicy(models.Model):
    """One row for the clinic; a clinic without one has the defaults."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    first_channel = models.CharField(
        _("unless the patient chose"), max_length=8, choices=Channel.choices, default=Channel.EMAIL
    )
    language = models.CharField(_("language of messages"), max_length=10, default="en")
    # On the patient's clock. News of what somebody just did and alerts to the clinic keep no hours.
    speak_from = models.TimeField(_("send from"), default=time(8))
    speak_until = models.TimeField(_("send until"), default=time(20))
    most_per_day = models.PositiveSmallIntegerField(_("most reminders to one patient in a day"), default=4)
    most_per_week = models.PositiveSmallIntegerField(_("most reminders to one patient in a week"), default=16)

    class Meta:
        constraints = [
            models.CheckConstraint(name="there_is_one_reminder_policy", condition=Q(id=1)),
            models.CheckConstraint(name="hours_of_speaking_are_in_order", condition=Q(speak_until__gt=F("speak_from"))),
            models.CheckConstraint(
                name="a_week_allows_what_a_day_does",
                condition=Q(most_per_day__gte=1, most_per_week__gte=F("most_per_day")),
            ),
        ]

    def __str__(self) -> str:
        return "reminder policy"

    @classmethod
    def current(cls) -> "ReminderPolicy":
        """The clinic's rules. One query."""
        return cls.objects.first() or cls()


class SendingRule(models.Model):
    """Whether and when one kind is sent: by the clinic, or by or for one patient, on one channel or on all.

    What is not set here is as the rule that is less special says: this patient's, the clinic's, ours.
    """

    patient = models.ForeignKey(Patient, models.CASCADE, null=True, blank=True, related_name="sending_rules")
    kind = models.CharField(max_length=16, choices=Message.Kind.choices)
    which = models.CharField(max_length=8, blank=True)  # "early", "eve" or "soon" of the visit reminders
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)  # empty: whichever it goes by
    is_on = models.BooleanField(null=True)
    days = models.PositiveSmallIntegerField(_("days before or after"), null=True, blank=True)
    hours = models.PositiveSmallIntegerField(_("hours before"), null=True, blank=True)
    times = ArrayField(models.TimeField(), null=True, blank=True)  # on the clock of the site, else of the clinic
    weekdays = ArrayField(models.PositiveSmallIntegerField(), null=True, blank=True)  # 0 is Monday

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "kind", "which", "channel"],
                nulls_distinct=False,
                name="a_kind_is_ruled_once_for_each",
            ),
            models.CheckConstraint(
                name="a_rule_is_about_days_of_the_week", condition=Q(weekdays__contained_by=list(range(7)))
            ),
            models.CheckConstraint(name="a_rule_looks_a_year_ahead", condition=Q(days=None) | Q(days__lte=366)),
            models.CheckConstraint(name="a_rule_of_hours_is_of_one_day", condition=Q(hours=None) | Q(hours__lte=24)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.which} for {self.patient_id or 'all'}"


class OwnWords(models.Model):
    """A text the clinic writes otherwise than we do. Only the allowed variables get past the action that keeps it."""

    kind = models.CharField(max_length=16, choices=Message.Kind.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    language = models.CharField(max_length=10)
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    text = models.TextField(_("text"), max_length=1200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "channel", "language"], name="a_kind_has_one_text_in_a_language"),
            models.CheckConstraint(name="own_words_say_something", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.channel} in {self.language}"


class ContactPreferenceQuerySet(models.QuerySet["ContactPreference"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(patient__in=Patient.objects.visible_to(user))


class ContactPreference(models.Model):
    """How one patient wants to be reached. Empty means as the clinic does it."""

    patient = models.OneToOneField(Patient, models.CASCADE, primary_key=True, related_name="contact_preference")
    channel = models.CharField(_("best by"), max_length=8, choices=Channel.choices, blank=True)
    fallback = models.CharField(_("if that fails"), max_length=8, choices=Channel.choices, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    earliest = models.TimeField(_("not before"), null=True, blank=True)
    latest = models.TimeField(_("not after"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[is_a_time_zone])
    # Address by address: a bounce or a number that is somebody else's now. The desk asks the patient and clears it.
    doubtful_email = models.CharField(max_length=64, blank=True)  # digest of the address that is in doubt
    doubtful_mobile = models.CharField(max_length=64, blank=True)
    doubted_at = models.DateTimeField(null=True)

    objects = ContactPreferenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="the_fallback_is_another_channel", condition=Q(fallback="") | ~Q(fallback=F("channel"))
            ),
            models.CheckConstraint(
                name="hours_to_be_reached_are_in_order",
                condition=Q(earliest=None) | Q(latest=None) | Q(latest__gt=F("earliest")),
            ),
            models.CheckConstraint(
                name="a_doubt_says_when",
                condition=Q(doubtful_email="", doubtful_mobile="") | Q(doubted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.patient_id)

    @property
    def zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.time_zone) if self.time_zone else None


class OptOutQuerySet(models.QuerySet["OptOut"]):
    def visible_to(self, user: User) -> Self:
        """STOP from a number that nobody has belongs to no patient: the desk sees it, patients do not."""
        if user.may(Permission.MESSAGE_VIEW):
            return self
        return self.filter(patient__in=Patient.objects.visible_to(user))


class OptOut(models.Model):
    """STOP and START, as they were said. Rows are only added; the last one about an address or a patient counts."""

    class How(models.TextChoices):
        REPLY = "reply", _("Answered a message")
        LINK = "link", _("Pressed the link in a message")
        PORTAL = "portal", _("In the portal")
        DESK = "desk", _("Told the desk")
        PROVIDER = "provider", _("Told the phone or mail company")

    channel = models.CharField(max_length=8, choices=[(it.value, it.label) for it in _BY_WIRE])
    # The patient, where we know one; several who share a number have a row each, with the same proof.
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, blank=True, related_name="opt_outs")
    address_digest = models.CharField(max_length=64, blank=True)  # keyed; empty where the patient spoke, not a number
    address_hint = models.CharField(max_length=20, blank=True)
    is_out = models.BooleanField()  # False: wants messages again
    how = models.CharField(max_length=10, choices=How.choices)
    inbound = models.ForeignKey("InboundText", models.PROTECT, null=True, blank=True, related_name="opt_outs")
    proof = models.CharField(max_length=160, blank=True)  # the word they sent, the event's id; nothing about health
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")  # null: by text, link or provider
    at = models.DateTimeField()

    objects = OptOutQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="an_opt_out_is_of_somebody", condition=Q(patient__isnull=False) | ~Q(address_digest="")
            ),
            models.CheckConstraint(
                name="a_stop_has_proof", condition=Q(by__isnull=False) | Q(inbound__isnull=False) | ~Q(proof="")
            ),
        ]
        indexes = [
            models.Index(fields=["channel", "address_digest", "-at"], name="opt_out_of_an_address"),
            models.Index(fields=["patient", "channel", "-at"], name="opt_out_of_a_patient"),
        ]
        triggers = [pgtrigger.Protect(name="an_opt_out_stays", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{'stop' if self.is_out else 'start'} {self.channel} {self.address_hint}"
