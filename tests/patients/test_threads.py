"""Patients and the clinic write to each other: who reads it, once each, for good."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError, transaction
from factories import NOW, a_patient, a_portal_patient, a_user, the_clinic
from files_cast import a_png

from patients.actions import threads
from patients.actions.threads import Written
from patients.models import Attachment, Patient, Post, Thread
from patients.rules.attachments import NotAFileWeTake
from patients.rules.threads import (
    LONGEST,
    MOST_MESSAGES_A_DAY,
    Audience,
    NotWritten,
    Subject,
    TooManyMessages,
    answer_by,
    audience_of,
)
from people.models import AuditEvent, User
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed

pytestmark = pytest.mark.django_db
FRIDAY = date(2026, 9, 18)


@pytest.fixture
def leila() -> Patient:
    the_clinic()
    return a_portal_patient()


@pytest.fixture
def sara() -> User:
    return a_user(Role.CLINICIAN)


@pytest.fixture
def rosa() -> User:
    return a_user(Role.FRONT_DESK)


def written(text: str = "May I drive?", *, key: int = 1, **more: Any) -> Written:
    return Written(text=text, key=UUID(int=key), **more)


def begun(patient: Patient, subject: str = Subject.HEALTH, **more: Any) -> Thread:
    assert patient.user
    return threads.begin(patient, subject, written(**more), by=patient.user, now=NOW)


def test_only_visits_bills_and_the_website_are_for_the_desk() -> None:
    for_the_desk = {it for it in Subject if audience_of(it) == Audience.DESK}

    assert for_the_desk == {Subject.VISIT, Subject.BILL, Subject.ACCOUNT}


def test_an_answer_is_promised_in_working_days() -> None:
    assert answer_by(FRIDAY, working_days=2) == date(2026, 9, 22)
    assert answer_by(FRIDAY + timedelta(days=1), working_days=1) == date(2026, 9, 21)


def test_the_desk_reads_what_is_for_the_desk_and_nothing_about_health(leila: Patient, rosa: User, sara: User) -> None:
    health, bill = begun(leila), begun(leila, Subject.BILL, key=2)
    begun(a_portal_patient(), Subject.VISIT, key=3)

    mine = Thread.objects.filter(patient=leila)
    assert set(mine.visible_to(rosa)) == {bill}
    assert set(mine.visible_to(sara)) == {health, bill}
    assert leila.user
    assert set(Thread.objects.visible_to(leila.user)) == {health, bill}
    with pytest.raises(NotAllowed):
        threads.write(health, written("Yes", key=9), by=rosa, now=NOW)


def test_a_message_sent_twice_is_one(leila: Patient) -> None:
    first = begun(leila)
    again = begun(leila, text="May I drive? And swim?")
    other = begun(a_portal_patient())  # with the same key, guessed or stolen

    assert first == again != other
    assert Post.objects.filter(thread=first).count() == 1
    assert AuditEvent.objects.filter(deed="thread.begun", patient_id=leila.pk).count() == 1


def test_waiting_ends_with_an_answer_and_begins_with_the_first_question(leila: Patient, sara: User) -> None:
    thread = begun(leila)
    assert leila.user
    threads.write(thread, written("Hello?", key=2), by=leila.user, now=NOW + timedelta(hours=5))
    assert Thread.objects.get().waiting_since == NOW

    threads.write(thread, written("Yes.", key=3), by=sara, now=NOW + timedelta(hours=6))
    assert Thread.objects.get().waiting_since is None
    assert Thread.objects.with_unread().get().unread == 1
    assert threads.seen(thread, by=leila.user, now=NOW + timedelta(days=1)) == 1
    assert threads.seen(thread, by=leila.user, now=NOW + timedelta(days=2)) == 0

    threads.close(thread, by=sara, now=NOW + timedelta(days=3))
    threads.write(thread, written("One more thing.", key=4), by=leila.user, now=NOW + timedelta(days=4))
    kept = Thread.objects.get()
    assert (kept.is_closed, kept.waiting_since) == (False, NOW + timedelta(days=4))


def test_what_the_desk_passes_on_it_does_not_read_any_more(leila: Patient, rosa: User, sara: User) -> None:
    thread = begun(leila, Subject.VISIT)
    threads.assign(thread, rosa, by=rosa)

    threads.pass_on(thread, Audience.CLINICIANS, by=rosa)

    kept = Thread.objects.get()
    assert (kept.assigned_to, Thread.objects.visible_to(rosa).exists()) == (None, False)
    with pytest.raises(NotAllowed):
        threads.assign(thread, rosa, by=sara)
    assert threads.assign(thread, sara, by=sara).assigned_to == sara


def test_nothing_too_long_empty_or_endless_is_sent(leila: Patient) -> None:
    for text in ("", "  \n", "x" * (LONGEST + 1)):
        with pytest.raises(NotWritten):
            begun(leila, text=text)
    thread = begun(leila)
    assert leila.user
    for nth in range(MOST_MESSAGES_A_DAY - 1):
        threads.write(thread, written(key=nth + 2), by=leila.user, now=NOW)
    with pytest.raises(TooManyMessages):
        threads.write(thread, written(key=99), by=leila.user, now=NOW)


def test_a_file_that_is_not_taken_leaves_no_message(leila: Patient) -> None:
    with pytest.raises(NotAFileWeTake), transaction.atomic():
        begun(leila, files=[("x.png", b"<svg>")])
    assert not Thread.objects.exists()

    begun(leila, files=[("my neck.png", a_png())])
    kept = Attachment.objects.get()
    assert (kept.name, kept.file_name, bytes(kept.content)) == ("my neck.png", "attachment.png", a_png())


CHANGES: dict[str, Callable[[], object]] = {
    "text": lambda: Post.objects.update(text="No"),
    "delete": Attachment.objects.all().delete,
    "file": lambda: Attachment.objects.update(name="b"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_was_written_stays(leila: Patient, change: Callable[[], object]) -> None:
    begun(leila, files=[("a.png", a_png())])

    with pytest.raises(ProgrammingError), transaction.atomic():
        change()


def test_a_patient_without_a_record_of_their_own_reads_nothing() -> None:
    the_clinic()
    begun(a_portal_patient())
    stranger = a_user(Role.PATIENT)
    a_patient(user=stranger)

    assert not Thread.objects.visible_to(stranger).exists()
