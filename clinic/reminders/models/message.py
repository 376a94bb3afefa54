"""The outbox: one row for each thing we owe somebody to say, and one for each try at saying it."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models import Appointment
from clinic.reminders.rules.wording import REASONS, WHAT_TO_DO
from patients.models import Patient
from people.models import User
from people.rules.permissions import Permission
from programs.models import Plan

_POST_TAKES = timedelta(days=3)


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> Self:
        return self if user.may(Permission.MESSAGE_VIEW) else self.none()

    def by_wire(self) -> Self:
        """That leave by themselves. A letter waits for somebody to print it."""
        return self.exclude(channel=Message.Channel.LETTER)

    def due(self, now: datetime) -> Self:
        return self.by_wire().filter(state=Message.State.READY, due_at__lte=now, not_before__lte=now).order_by("due_at")

    def too_late(self, now: datetime) -> Self:
        """Of no use to anybody any more. All of them are due, which spares reading what is to come."""
        return self.filter(state=Message.State.READY, due_at__lte=now, not_after__lte=now)

    def left_lying(self, now: datetime) -> Self:
        """Taken by a worker that has said nothing for longer than its lease."""
        return self.filter(state__in=[Message.State.CLAIMED, Message.State.HANDING], lease_until__lt=now)

    def overdue(self, now: datetime) -> Self:
        """Should have left by now, whatever holds it up."""
        return self.by_wire().filter(state=Message.State.READY, due_at__lt=now)

    def to_print(self, now: datetime) -> Self:
        """Letters that are due and still help."""
        letters = self.filter(channel=Message.Channel.LETTER, state=Message.State.READY)
        return letters.filter(due_at__lte=now, not_after__gt=now)

    def for_ledger(self) -> Self:
        """Everything a list of messages prints, in one query."""
        return self.select_related("patient", "staff", "appointment__site", "instead_of")

    def news(self) -> Self:
        """That tell a patient when to come, for the first time or anew."""
        return self.filter(kind__in=[Message.Kind.BOOKED, Message.Kind.MOVED])

    def of_patient(self, patient_id: uuid.UUID) -> Self:
        return self.filter(patient_id=patient_id)

    def needing_a_person(self) -> Self:
        """Nobody knows whether it came, or it certainly did not."""
        return self.filter(state__in=[Message.State.UNKNOWN, Message.State.FAILED])

    def to_call(self, now: datetime) -> Self:
        """Of visits to come whose patients did not hear it by any way. A letter counts only where it comes in time."""
        by_post = models.Q(channel=Message.Channel.LETTER, not_after__lt=now + _POST_TAKES)
        goes = Message.objects.filter(instead_of=models.OuterRef("pk"), state__in=[*Message.OPEN, Message.State.SENT])
        did_not = models.Q(state__in=[Message.State.FAILED, Message.State.UNKNOWN])
        did_not |= models.Q(state=Message.State.SUPPRESSED, reason__in=list(WHAT_TO_DO))
        is_so = models.Q(starts_at=models.F("appointment__starts_at"), appointment__cancelled_at=None)
        is_so |= models.Q(kind=Message.Kind.CANCELLED, appointment__cancelled_at__isnull=False)
        rows = self.filter(did_not, is_so, kind__in=ABOUT_A_VISIT, patient__isnull=False, not_after__gt=now)
        # Who wants no mail asked for nobody's call about what was agreed on the phone, or is not news.
        unasked = models.Q(reason__in=["opted_out", "declined"], kind__in=[Message.Kind.BOOKED, Message.Kind.REMINDER])
        return rows.exclude(unasked).exclude(models.Exists(goes.exclude(by_post)))

    def not_sent(self) -> Self:
        return self.filter(state__in=[Message.State.SUPPRESSED, Message.State.EXPIRED])

    def coming(self) -> Self:
        return self.filter(state=Message.State.READY)

    def begun(self, now: datetime) -> Self:
        """Whose time has come, whatever became of them."""
        return self.exclude(state=Message.State.READY, due_at__gt=now)

    def health(self, *, now: datetime, since: datetime) -> dict[str, Any]:
        """Whether messages go out: the oldest that should have left, and what went wrong since `since`."""
        since_then = models.Q(due_at__gte=since, due_at__lte=now)
        is_late = models.Q(state=Message.State.READY, due_at__lt=now) & ~models.Q(channel=Message.Channel.LETTER)
        return self.filter(
            models.Q(state__in=Message.OPEN) | since_then | models.Q(state=Message.State.UNKNOWN)
        ).aggregate(
            oldest_overdue=models.Min("due_at", filter=is_late),
            overdue=models.Count("pk", filter=is_late),
            unknown=models.Count("pk", filter=models.Q(state=Message.State.UNKNOWN)),
            sent=models.Count("pk", filter=since_then & models.Q(state=Message.State.SENT)),
            suppressed=models.Count("pk", filter=since_then & models.Q(state=Message.State.SUPPRESSED)),
            failed=models.Count("pk", filter=since_then & models.Q(state=Message.State.FAILED)),
        )

    def about_visit(self, visit_id: uuid.UUID) -> Self:
        return self.filter(appointment_id=visit_id)


class Message(models.Model):
    class Kind(models.TextChoices):
        BOOKED = "booked", _("Visit booked")
        MOVED = "moved", _("Visit moved")
        CANCELLED = "cancelled", _("Visit cancelled")
        REMINDER = "reminder", _("Visit reminder")
        OFFER = "offer", _("Free time offered")
        MISSED = "missed", _("Visit missed")
        FORM = "form", _("Form to fill in")
        EXERCISE = "exercise", _("Exercise reminder")
        POSTURE = "posture", _("Break reminder")
        PREPARATION = "preparation", _("How to get ready")
        AFTERCARE = "aftercare", _("After the visit")
        MEASURES_DUE = "measures_due", _("Questions to answer")
        NEXT_DUE = "next_due", _("Next visit due")
        REASSESSMENT = "reassessment", _("Look again due")
        RECALL = "recall", _("Invitation to come again")
        PLAN_CHANGED = "plan_changed", _("Plan changed")
        ANSWER = "answer", _("Message to read")
        ALERT = "alert", _("Alert to the clinic")

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("Text message")
        PUSH = "push", _("On the phone’s screen")
        LETTER = "letter", _("Printed letter")

    class State(models.TextChoices):
        READY = "ready", _("Waiting")
        CLAIMED = "claimed", _("Being sent")
        HANDING = "handing", _("Being handed over")
        SENT = "sent", _("Sent")
        UNKNOWN = "unknown", _("Perhaps sent")
        SUPPRESSED = "suppressed", _("Not sent")
        EXPIRED = "expired", _("Too late to send")
        FAILED = "failed", _("Could not be sent")

    OPEN = (State.READY, State.CLAIMED, State.HANDING)
    SETTLED = (State.SENT, State.UNKNOWN, State.SUPPRESSED, State.EXPIRED, State.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # What it is about, in words that are the same each time the planner looks: "visit:<id>@<start>".
    # It holds the start, not a revision: editing a note must not send again, moving the visit must.
    occasion = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.EMAIL)
    # The indexes below begin with these; a second one for each would only make planning slow.
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, blank=True, related_name="messages", db_index=False)
    staff = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    appointment = models.ForeignKey(
        Appointment, models.CASCADE, null=True, blank=True, related_name="messages", db_index=False
    )
    starts_at = models.DateTimeField(null=True, blank=True)  # of the visit when this was planned
    plan = models.ForeignKey(Plan, models.CASCADE, null=True, blank=True, related_name="messages", db_index=False)
    due_at = models.DateTimeField()
    not_before = models.DateTimeField()  # quiet hours and back-off move this, never due_at
    not_after = models.DateTimeField()  # a reminder that comes after the visit helps nobody
    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    reason = models.CharField(max_length=60, blank=True)  # why it was suppressed, expired or failed
    lease_until = models.DateTimeField(null=True, blank=True)
    token = models.PositiveBigIntegerField(default=0)  # fencing: a worker that lost its lease cannot write
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)  # when the channel took it; a letter: when it was printed
    delivered_at = models.DateTimeField(null=True, blank=True)  # when the provider said that it arrived
    # Of the last hand-over. The address itself is nowhere here: it is compared by a keyed digest and shown by its end.
    language = models.CharField(max_length=10, blank=True)
    address_digest = models.CharField(max_length=64, blank=True)
    address_hint = models.CharField(max_length=20, blank=True)  # such as "…17" or "l…@example.org"
    # On another channel, because that one could not bring it.
    instead_of = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="replaced_by", db_index=False
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-due_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["occasion", "kind", "channel", "patient", "staff"],
                nulls_distinct=False,
                name="a_thing_is_said_once_to_each",
            ),
            models.CheckConstraint(
                name="a_message_has_one_recipient",
                condition=models.Q(patient__isnull=False, staff=None) | models.Q(patient=None, staff__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["instead_of"],
                condition=models.Q(instead_of__isnull=False),
                name="a_message_is_replaced_once",
            ),
            models.CheckConstraint(
                name="a_message_does_not_replace_itself", condition=~models.Q(instead_of=models.F("id"))
            ),
            models.CheckConstraint(
                name="only_what_was_sent_is_delivered", condition=models.Q(delivered_at=None) | models.Q(state="sent")
            ),
        ]
        indexes = [
            models.Index(fields=["-due_at"], name="message_by_when_due"),
            models.Index(fields=["due_at"], condition=models.Q(state="ready"), name="message_ready"),
            models.Index(
                fields=["lease_until"], condition=models.Q(state__in=["claimed", "handing"]), name="message_under_lease"
            ),
            models.Index(fields=["patient", "-due_at"], name="message_of_a_patient"),
            models.Index(fields=["appointment", "-due_at"], name="message_of_a_visit"),
            models.Index(
                fields=["plan", "kind", "-due_at"], condition=models.Q(plan__isnull=False), name="message_of_a_plan"
            ),
            models.Index(fields=["staff"], condition=models.Q(staff__isnull=False), name="message_of_staff"),
            models.Index(fields=["patient", "-sent_at"], condition=models.Q(state="sent"), name="message_sent_to"),
            models.Index(
                fields=["-due_at"], condition=models.Q(state__in=["unknown", "failed"]), name="message_needs_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.occasion}"

    @property
    def mail_id(self) -> str:
        """The Message-ID header: the same at every try, so that a mailbox can drop a twin."""
        return f"<{self.id}@rebalance-clinic>"

    @property
    def reason_in_words(self) -> str:
        return str(REASONS.get(self.reason, self.reason))

    @property
    def what_to_do(self) -> str:
        """For somebody at the desk; "" where there is nothing to do."""
        return str(WHAT_TO_DO.get(self.reason, "")) if self.reason and not self.is_overtaken else ""

    @property
    def may_be_resent(self) -> bool:
        return self.state in self.SETTLED and not self.is_overtaken

    @property
    def is_written(self) -> bool:
        """False for one that follows from a visit and will be written down some days before it leaves."""
        return not self._state.adding

    @property
    def may_be_stopped(self) -> bool:
        return self.is_written and self.state == self.State.READY and not self.is_overtaken

    @property
    def is_overtaken(self) -> bool:
        """What it says about a visit is not so any more. If it still waits, it is closed when its turn comes."""
        visit = self.appointment
        if visit is None:
            return False
        if self.kind == self.Kind.CANCELLED:
            return visit.is_standing
        return visit.starts_at != self.starts_at or not visit.is_standing


ABOUT_A_VISIT = (Message.Kind.BOOKED, Message.Kind.MOVED, Message.Kind.CANCELLED, Message.Kind.REMINDER)


class Attempt(models.Model):
    """One hand-over to a channel, written before it is tried."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="tries")
    token = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=20, blank=True)  # sent, refused, unreachable; empty while in doubt
    note = models.CharField(max_length=120, blank=True)
    provider = models.CharField(max_length=20, blank=True)  # such as "smtp" or "twilio"
    provider_ref = models.CharField(max_length=120, blank=True)  # what the provider calls it

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["message", "token"], name="a_token_is_handed_over_once"),
            models.UniqueConstraint(
                fields=["provider", "provider_ref"],
                condition=~models.Q(provider_ref=""),
                name="a_provider_reference_names_one_try",
            ),
        ]
        triggers = [pgtrigger.Protect(name="an_attempt_is_never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.message_id} {self.outcome}"
