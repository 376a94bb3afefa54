"""Patients and the clinic write to each other."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from patients.models import Attachment, Patient, Post, Thread
from patients.rules import attachments, threads
from patients.rules.attachments import NotAFileWeTake
from patients.rules.threads import Audience, TooManyMessages
from people.actions import audit
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import NotAllowed

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A message as it was typed. `key` comes with the form: the same key is the same message."""

    text: str
    key: UUID
    files: Sequence[tuple[str, bytes]] = ()  # what the sender calls each, and what is in it


@transaction.atomic
def begin(patient: Patient, subject: str, written: Written, *, by: User, now: datetime) -> Thread:
    """A new conversation, begun by the patient or by the clinic. Sent twice, it is one.

    Raises `NotWritten`, `NotAFileWeTake` and `TooManyMessages`.
    """
    sent = _sent_before(patient, written)
    if sent is not None:
        return sent.thread
    thread = Thread(patient=patient, subject=subject, audience=threads.audience_of(subject), opened_at=now, last_at=now)
    _refuse_unless_readable(thread, by)
    _refuse_unless_sendable(patient, written, by=by, now=now)
    thread.save(force_insert=True)
    _add(thread, written, by=by, now=now)
    audit.record(by, "thread.begun", thread, subject=subject, files=len(written.files))
    return thread


@transaction.atomic
def write(thread: Thread, written: Written, *, by: User, now: datetime) -> Post:
    """One more message. What the patient writes opens a closed conversation again. Sent twice, it is one.

    Raises `NotWritten`, `NotAFileWeTake`, `TooManyMessages`, and `NotAllowed` for staff who may not read it.
    """
    patient = thread.patient
    sent = _sent_before(patient, written)
    if sent is not None:
        return sent
    kept = _locked(thread)
    _refuse_unless_readable(kept, by)
    _refuse_unless_sendable(patient, written, by=by, now=now)
    post = _add(kept, written, by=by, now=now)
    audit.record(by, "thread.answered" if post.is_ours else "thread.written", kept, files=len(written.files))
    return post


@transaction.atomic
def seen(thread: Thread, *, by: User, now: datetime) -> int:
    """The patient, or a helper, has the clinic's messages before their eyes. How many of them were new."""
    news = Post.objects.filter(thread=thread, is_ours=True, read_at=None).update(read_at=now)
    if news:
        audit.record(by, "thread.read", thread, messages=news)
    return news


@transaction.atomic
def assign(thread: Thread, to: User | None, *, by: User) -> Thread:
    """Say who answers. Raises `NotAllowed` for somebody who may not read it."""
    kept = _locked(thread)
    _refuse_unless_readable(kept, by)
    if to is not None:
        _refuse_unless_readable(kept, to)
    if kept.assigned_to_id != (to and to.pk):
        kept.assigned_to = to
        kept.save(update_fields=["assigned_to"])
        audit.record(by, "thread.assigned", kept, to=str(to.pk) if to else "")
    return kept


@transaction.atomic
def pass_on(thread: Thread, audience: str, *, by: User) -> Thread:
    """Let others read it: the desk finds something about health in it, or a clinician nothing but a date.

    Raises `NotAllowed` for who may not read it; the desk that passes it on will not see it any more.
    """
    kept = _locked(thread)
    _refuse_unless_readable(kept, by)
    if kept.audience != audience:
        kept.audience, kept.assigned_to = Audience(audience), None
        kept.save(update_fields=["audience", "assigned_to"])
        audit.record(by, "thread.passed_on", kept, to=audience)
    return kept


@transaction.atomic
def close(thread: Thread, *, by: User, now: datetime) -> Thread:
    """Nothing is left to say. It stays readable, and the patient may write again. Pressed twice it is once."""
    kept = _locked(thread)
    _refuse_unless_readable(kept, by)
    if kept.closed_at is None:
        kept.closed_at, kept.closed_by, kept.waiting_since = now, by, None
        kept.save(update_fields=["closed_at", "closed_by", "waiting_since"])
        audit.record(by, "thread.closed", kept)
    return kept


def _add(thread: Thread, written: Written, *, by: User, now: datetime) -> Post:
    kept = [(attachments.shown_name(name), attachments.cleaned(content)) for name, content in written.files]
    _refuse_if_full(thread.patient, sum(len(it.content) for _name, it in kept))
    post = Post.objects.create(
        thread=thread, key=_key(thread.patient, written), text=written.text.strip(), by=by,
        is_ours=by.is_staff_member, at=now,
    )  # fmt: skip
    for name, it in kept:
        Attachment.objects.create(
            post=post, name=name, kind=it.kind, ending=it.ending, size=len(it.content), content=it.content,
            digest=hashlib.sha256(it.content).hexdigest(),
        )  # fmt: skip
    thread.last_at, thread.closed_at, thread.closed_by = now, None, None
    # Of several messages in a row the first says since when they wait.
    thread.waiting_since = None if post.is_ours else thread.waiting_since or now
    thread.save(update_fields=["last_at", "closed_at", "closed_by", "waiting_since"])
    return post


def _sent_before(patient: Patient, written: Written) -> Post | None:
    # One message after the other: a second tap waits here and then finds the first.
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    return Post.objects.select_related("thread").filter(key=_key(patient, written)).first()


def _key(patient: Patient, written: Written) -> UUID:
    """A key that somebody else used says nothing here: each patient's are their own."""
    return uuid5(patient.pk, str(written.key))


def _locked(thread: Thread) -> Thread:
    return Thread.objects.select_for_update(of=("self",), no_key=True).select_related("patient").get(pk=thread.pk)


def _refuse_unless_readable(thread: Thread, user: User) -> None:
    needed = Permission.RECORD_VIEW if thread.audience == Audience.CLINICIANS else Permission.CONTACT_VIEW
    if user.is_staff_member and not user.may(needed):
        raise NotAllowed(_("Only a clinician reads and answers this."))


def _refuse_unless_sendable(patient: Patient, written: Written, *, by: User, now: datetime) -> None:
    threads.refuse_unless_sendable(written.text, files=len(written.files))
    if by.is_staff_member:
        return
    today = Post.objects.filter(thread__patient=patient, is_ours=False, at__gt=now - _A_DAY).count()
    if today >= threads.MOST_MESSAGES_A_DAY:
        raise TooManyMessages(_("You have written many messages today. Please call us."))


def _refuse_if_full(patient: Patient, more: int) -> None:
    if more:
        held = Attachment.objects.filter(post__thread__patient=patient).aggregate(all=Sum("size"))["all"] or 0
        if held + more > attachments.MOST_OF_A_PATIENT:
            raise NotAFileWeTake(_("We cannot keep more files of yours. Please bring them to your visit."))
