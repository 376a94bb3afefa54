"""What comes back from outside: answers, receipts; and the keys that we hand out: links, feeds, subscriptions."""

import uuid
from datetime import datetime
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models import Appointment, SlotOffer
from clinic.reminders.models.message import Attempt, Message
from patients.models import Patient
from people.models import User
from people.rules.permissions import Permission


class InboundTextQuerySet(models.QuerySet["InboundText"]):
    def visible_to(self, user: User) -> Self:
        return self if user.may(Permission.MESSAGE_VIEW) else self.none()

    def to_look_at(self) -> Self:
        """That nobody could act on without reading them."""
        return self.filter(needs_a_person=True, handled_at=None)


class InboundText(models.Model):
    """A text somebody sent us, as it came. What was understood stays; only who dealt with it may still be added."""

    class Meaning(models.TextChoices):
        YES = "yes", _("Will come")
        NO = "no", _("Cannot come")
        CHANGE = "change", _("Wants another time")
        STOP = "stop", _("Wants no more texts")
        START = "start", _("Wants texts again")
        HELP = "help", _("Asks what this is")
        OTHER = "other", _("Something else")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.CharField(max_length=20)
    provider_id = models.CharField(max_length=120)  # the same text told twice is one row
    address_digest = models.CharField(max_length=64)
    address_hint = models.CharField(max_length=20)
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, blank=True, related_name="texts_received")
    message = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="answers")
    body = models.TextField(max_length=1600)  # may hold anything: never logged, never in the audit trail
    meaning = models.CharField(max_length=8, choices=Meaning.choices)
    outcome = models.CharField(max_length=40, blank=True)  # code of what followed, such as "confirmed" or "no_visit"
    needs_a_person = models.BooleanField(default=False)
    received_at = models.DateTimeField()
    handled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    handled_at = models.DateTimeField(null=True)

    objects = InboundTextQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_id"], name="a_text_is_received_once"),
            models.CheckConstraint(
                name="a_text_that_was_dealt_with_says_who",
                condition=Q(handled_at=None, handled_by=None) | Q(handled_at__isnull=False, handled_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "-received_at"], name="text_of_a_patient"),
            models.Index(
                fields=["-received_at"], condition=Q(needs_a_person=True, handled_at=None), name="text_to_look_at"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="a_text_is_never_lost", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="a_text_stays_as_it_came",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "to_jsonb(OLD) - '{message_id,handled_by_id,handled_at}'::text[]"
                    " IS DISTINCT FROM to_jsonb(NEW) - '{message_id,handled_by_id,handled_at}'::text[]"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meaning} from {self.address_hint}"


class DeliveryReceipt(models.Model):
    """What a provider said became of a message. Only added: out of order, twice or forged, the rows tell."""

    class Status(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        DELIVERED = "delivered", _("Delivered")
        DEFERRED = "deferred", _("Put off")
        UNDELIVERED = "undelivered", _("Not delivered")
        BOUNCED = "bounced", _("No such address")
        BLOCKED = "blocked", _("Stopped by the phone or mail company")
        COMPLAINED = "complained", _("Reported as unwanted")

    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=160)
    # A receipt may come before we have written down the reference: then it is found by that later.
    provider_ref = models.CharField(max_length=120)
    attempt = models.ForeignKey(Attempt, models.CASCADE, null=True, related_name="receipts")
    status = models.CharField(max_length=12, choices=Status.choices)
    code = models.CharField(max_length=40, blank=True)  # the provider's; never an address
    happened_at = models.DateTimeField()  # by the provider's clock
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["received_at"]
        constraints = [models.UniqueConstraint(fields=["provider", "event_id"], name="an_event_is_told_once")]
        indexes = [models.Index(fields=["provider", "provider_ref"], name="receipt_by_reference")]
        triggers = [pgtrigger.Protect(name="a_receipt_stays", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.status} {self.provider_ref}"


class ShortLinkQuerySet(models.QuerySet["ShortLink"]):
    def open_at(self, now: datetime) -> Self:
        return self.filter(expires_at__gt=now, revoked_at=None)


class ShortLink(models.Model):
    """The link in a text, short enough for one: opens one visit or one offer, until it expires."""

    class Opens(models.TextChoices):
        VISIT = "visit", _("A visit")
        FORM = "form", _("The form before a visit")
        OFFER = "offer", _("A free time")

    # SHA-256 of what stands in the link: whoever reads this table cannot open any.
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    opens = models.CharField(max_length=6, choices=Opens.choices)
    appointment = models.ForeignKey(Appointment, models.CASCADE, null=True, related_name="short_links")
    offer = models.ForeignKey(SlotOffer, models.CASCADE, null=True, related_name="short_links")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="short_links")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    first_opened_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ShortLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_link_opens_one_thing",
                condition=Q(opens__in=["visit", "form"], appointment__isnull=False, offer=None)
                | Q(opens="offer", appointment=None, offer__isnull=False),
            ),
            models.CheckConstraint(
                name="a_link_expires_after_it_was_made", condition=Q(expires_at__gt=models.F("made_at"))
            ),
            models.UniqueConstraint(
                fields=["message", "opens"], condition=Q(message__isnull=False), name="a_message_holds_a_link_once"
            ),
        ]

    def __str__(self) -> str:
        return f"link to {self.opens} {self.appointment_id or self.offer_id}"


class PushSubscriptionQuerySet(models.QuerySet["PushSubscription"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(user=user)

    def working(self) -> Self:
        return self.filter(gone_at=None)


class PushSubscription(models.Model):
    """One browser of one account that wants messages on its screen (RFC 8030)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="push_subscriptions")
    endpoint = models.URLField(max_length=1000)
    endpoint_digest = models.CharField(max_length=64, unique=True, editable=False)  # a b-tree holds no such long text
    public_key = models.CharField(max_length=120)  # p256dh, base64url
    auth_secret = models.CharField(max_length=40)
    device = models.CharField(max_length=80, blank=True)  # as the patient tells it apart, such as "Firefox on Android"
    made_at = models.DateTimeField()
    last_sent_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)  # taken back, or the push service answered 404 or 410

    objects = PushSubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["user"], condition=Q(gone_at=None), name="push_of_an_account")]

    def __str__(self) -> str:
        return f"push of {self.user_id}"


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def visible_to(self, user: User) -> Self:
        if user.may(Permission.OWN_RECORD):
            return self.filter(patient__in=Patient.objects.visible_to(user))
        return self.filter(staff=user)

    def working(self) -> Self:
        return self.filter(revoked_at=None)


class CalendarFeed(models.Model):
    """The address at which a calendar program fetches the visits of a patient, or of a clinician."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, null=True, related_name="calendar_feeds")
    staff = models.ForeignKey(User, models.CASCADE, null=True, related_name="calendar_feeds")
    token_digest = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    last_read_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.CheckConstraint(
                name="a_feed_is_of_one_person",
                condition=Q(patient__isnull=False, staff=None) | Q(patient=None, staff__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["patient", "staff"],
                condition=Q(revoked_at=None),
                nulls_distinct=False,
                name="a_person_has_one_feed_that_works",
            ),
        ]

    def __str__(self) -> str:
        return f"feed of {self.patient_id or self.staff_id}"
