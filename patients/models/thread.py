"""What patients and the clinic write to each other (FHIR Communication)."""

import uuid
from typing import Self

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.patient import Patient
from patients.rules.threads import Audience, Subject
from people.models import User
from people.rules.permissions import Permission


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, user: User) -> Self:
        """Clinicians read all of them; the desk only what is for the desk; a patient what is theirs."""
        if user.may(Permission.RECORD_VIEW):
            return self
        if user.may(Permission.CONTACT_VIEW):
            return self.filter(audience=Audience.DESK)
        if user.may(Permission.OWN_RECORD):
            return self.filter(patient__in=Patient.objects.visible_to(user))
        return self.none()

    def waiting(self) -> Self:
        """That somebody at the clinic has to answer, the longest wait first."""
        return self.filter(waiting_since__isnull=False).order_by("waiting_since")

    def for_pages(self) -> Self:
        return self.select_related("patient", "assigned_to", "closed_by")

    def with_unread(self) -> Self:
        """How many of the clinic's messages the patient has not opened."""
        unread = models.Q(posts__is_ours=True, posts__read_at=None)
        return self.annotate(unread=models.Count("posts", filter=unread))


class Thread(models.Model):
    """One conversation about one thing. It is closed, never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="threads")
    subject = models.CharField(_("about"), max_length=12, choices=Subject.choices)
    audience = models.CharField(_("read by"), max_length=12, choices=Audience.choices)
    opened_at = models.DateTimeField()
    last_at = models.DateTimeField()  # of the newest message
    # Since when the patient waits for an answer; empty when the clinic wrote last.
    waiting_since = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    unread: int  # of the clinic's messages, where `with_unread` was asked

    objects = ThreadQuerySet.as_manager()

    class Meta:
        ordering = ["-last_at"]
        indexes = [
            models.Index(fields=["patient", "-last_at"], name="thread_of_a_patient"),
            models.Index(
                fields=["audience", "waiting_since"],
                condition=models.Q(waiting_since__isnull=False),
                name="thread_that_waits",
            ),
            models.Index(fields=["audience", "-last_at"], name="thread_by_last_message"),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_closed_thread_says_who",
                condition=models.Q(closed_at=None, closed_by=None)
                | models.Q(closed_at__isnull=False, closed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="nobody_waits_in_a_closed_thread",
                condition=models.Q(closed_at=None) | models.Q(waiting_since=None),
            ),
        ]
        triggers = [pgtrigger.Protect(name="a_thread_is_never_lost", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"thread of {self.patient_id}"

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


class Post(models.Model):
    """One message. What was written stays; only when the patient first read it is added."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    thread = models.ForeignKey(Thread, models.PROTECT, related_name="posts")
    # Comes with the form: pressed twice, or sent again on a bad line, it is one message.
    key = models.UUIDField(unique=True, editable=False)
    text = models.TextField(_("message"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    is_ours = models.BooleanField()  # written at the clinic
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)  # by the patient, or a helper, first

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            models.Index(
                fields=["thread"], condition=models.Q(is_ours=True, read_at=None), name="post_the_patient_has_to_read"
            )
        ]
        constraints = [models.CheckConstraint(name="a_message_says_something", condition=~models.Q(text=""))]
        triggers = [
            pgtrigger.Protect(name="a_post_is_never_lost", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="a_post_stays_as_it_was_written",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.read_at IS NOT NULL OR to_jsonb(OLD) - 'read_at' IS DISTINCT FROM to_jsonb(NEW) - 'read_at'"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"post in {self.thread_id}"


class AttachmentManager(models.Manager["Attachment"]):
    def get_queryset(self) -> models.QuerySet["Attachment"]:
        """Without the bytes: a list of messages must not carry its pictures."""
        return super().get_queryset().defer("content")


class Attachment(models.Model):
    """A picture or a PDF that came with a message, cleaned (rules.attachments). In the database: it is backed
    up, refused and erased with the rest, and no web server can hand it out by itself."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    post = models.ForeignKey(Post, models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=80)  # what the sender called it: shown, never used as a path
    kind = models.CharField(max_length=40)  # media type, by content
    ending = models.CharField(max_length=8)
    size = models.PositiveIntegerField()  # bytes
    digest = models.CharField(max_length=64)  # SHA-256
    content = models.BinaryField()

    objects = AttachmentManager()

    class Meta:
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(name="an_attachment_stays_as_it_came", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.post_id}"

    @property
    def file_name(self) -> str:
        """Ours, not the sender's: it lies in a folder that others open."""
        return f"attachment.{self.ending}"
