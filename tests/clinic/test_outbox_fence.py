"""Claims, leases and the fence: who may hand a message over, and what a dead worker leaves behind."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from factories import NOW, a_patient, a_user
from outbox_cast import a_visit, at, cancel, look, move

from clinic.reminders.actions import delivery, outbox, outcomes, planning, second_thoughts
from clinic.reminders.models import Attempt, Message
from people.models import AuditEvent
from people.rules.refusal import ChangedMeanwhile

State = Message.State


def a_claimed_message() -> Message:
    a_visit(at(22, 10), booked_at=NOW)
    planning.plan(now=NOW)
    (message,) = outbox.claim(now=NOW)
    return message


@pytest.mark.django_db
def test_a_message_is_claimed_by_one_worker() -> None:
    message = a_claimed_message()

    assert message.state == State.CLAIMED
    assert message.token == 1
    assert outbox.claim(now=NOW) == []


@pytest.mark.django_db
def test_a_visit_moved_between_claim_and_fence_is_not_announced_at_its_old_time() -> None:
    message = a_claimed_message()
    move(message.appointment, at(23, 10), now=NOW)

    assert not outbox.fence(message, now=NOW)
    message.refresh_from_db()
    assert (message.state, message.reason, message.attempts) == (State.SUPPRESSED, "moved", 0)


@pytest.mark.django_db
def test_a_visit_cancelled_between_claim_and_fence_is_not_announced() -> None:
    message = a_claimed_message()
    cancel(message.appointment, now=NOW)

    assert not outbox.fence(message, now=NOW)
    message.refresh_from_db()
    assert (message.state, message.reason) == (State.SUPPRESSED, "cancelled")


@pytest.mark.django_db
def test_the_fence_lets_a_message_go_once_and_writes_it_down_first() -> None:
    message = a_claimed_message()

    assert outbox.fence(message, now=NOW)
    assert not outbox.fence(message, now=NOW)
    assert list(Attempt.objects.values_list("token", "outcome")) == [(1, "")]


@pytest.mark.django_db
def test_a_worker_back_from_the_dead_can_neither_send_nor_say_what_came_of_it() -> None:
    zombie = a_claimed_message()
    outbox.sweep(now=NOW + timedelta(seconds=61))
    (newer,) = outbox.claim(now=NOW + timedelta(seconds=61))

    assert not outbox.fence(zombie, now=NOW + timedelta(seconds=62))
    assert outbox.fence(newer, now=NOW + timedelta(seconds=62))
    assert not outbox.settle(outcomes.sent(zombie, now=NOW + timedelta(seconds=63)), now=NOW)
    assert not outbox.settle(outcomes.refused(zombie, reason="bounced"), now=NOW)
    assert not outbox.settle(outcomes.put_off(zombie, now=NOW), now=NOW)
    newer.refresh_from_db()
    assert newer.state == State.HANDING


@pytest.mark.django_db
def test_a_worker_that_died_before_handing_over_loses_nothing_and_sends_nothing_twice() -> None:
    a_claimed_message()

    look(NOW + timedelta(seconds=30))
    assert len(mail.outbox) == 0  # still under lease
    look(NOW + timedelta(seconds=61))

    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_after_one_silence_a_mail_goes_again_under_the_same_id_and_after_two_a_person_decides() -> None:
    message = a_claimed_message()
    outbox.fence(message, now=NOW)
    outbox.sweep(now=NOW + timedelta(seconds=61))
    (again,) = outbox.claim(now=NOW + timedelta(seconds=61))
    outbox.fence(again, now=NOW + timedelta(seconds=61))

    outbox.sweep(now=NOW + timedelta(seconds=122))

    again.refresh_from_db()
    assert again.mail_id == message.mail_id
    assert (again.state, again.reason, again.attempts) == (State.UNKNOWN, "in_doubt", 2)
    assert outbox.claim(now=NOW + timedelta(days=1)) == []


@pytest.mark.django_db
def test_late_news_of_success_spares_a_twin_while_nobody_else_has_claimed() -> None:
    message = a_claimed_message()
    outbox.fence(message, now=NOW)
    outbox.sweep(now=NOW + timedelta(seconds=61))  # back to ready

    assert outbox.settle(outcomes.sent(message, now=NOW + timedelta(seconds=62)), now=NOW)
    assert outbox.claim(now=NOW + timedelta(seconds=63)) == []


@pytest.mark.django_db
def test_what_would_come_too_late_is_closed() -> None:
    message = a_claimed_message()

    assert not outbox.fence(message, now=message.not_after)
    message.refresh_from_db()
    assert (message.state, message.reason) == (State.EXPIRED, "too_late")


@pytest.mark.django_db
def test_one_message_that_cannot_be_written_does_not_hold_up_the_others() -> None:
    a_visit(at(22, 10), booked_at=NOW, patient=a_patient(email="first@example.org", given_name="Broken"))
    a_visit(at(22, 12), booked_at=NOW + timedelta(seconds=1), patient=a_patient(email="second@example.org"))
    planning.plan(now=NOW + timedelta(seconds=1))
    Message.objects.filter(patient__given_name="Broken", kind="booked").update(kind="offer")  # there is no such offer
    now = NOW + timedelta(seconds=2)

    delivery.deliver_due(clock=lambda: now, until=now + timedelta(minutes=1))

    assert [message.to for message in mail.outbox] == [["second@example.org"]]
    assert Message.objects.get(kind="offer").reason == "not_written"


@pytest.mark.django_db
def test_the_desk_can_send_again_and_stop() -> None:
    receptionist, message = a_user(), a_claimed_message()
    second_thoughts.stop(message, by=receptionist, now=NOW)

    assert not outbox.fence(message, now=NOW)  # the worker that held it is fenced off
    with pytest.raises(ChangedMeanwhile):
        second_thoughts.stop(message, by=receptionist, now=NOW)

    second_thoughts.resend(message, by=receptionist, now=NOW)
    look(NOW)
    assert len(mail.outbox) == 1
    second_thoughts.resend(message, by=receptionist, now=NOW)
    look(NOW)
    assert len(mail.outbox) == 2
    with pytest.raises(second_thoughts.TooLateToSend):
        second_thoughts.resend(message, by=receptionist, now=message.not_after)
    deeds = AuditEvent.objects.filter(by=receptionist).order_by("pk").values_list("deed", flat=True)
    assert list(deeds) == ["message.stopped", "message.resent", "message.resent"]


@pytest.mark.django_db
def test_what_is_on_its_way_is_not_sent_again() -> None:
    message = a_claimed_message()
    outbox.fence(message, now=NOW)

    with pytest.raises(ChangedMeanwhile):
        second_thoughts.resend(message, by=a_user(), now=NOW)


@pytest.mark.django_db
def test_the_database_itself_keeps_a_thing_from_being_owed_twice() -> None:
    message = a_claimed_message()
    twin = Message.objects.get(pk=message.pk)
    twin.pk = None

    with pytest.raises(IntegrityError, match="a_thing_is_said_once_to_each"), transaction.atomic():
        twin.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_two_hundred_messages_once_each() -> None:
    patient = a_patient(email="leila@example.org")
    for n in range(200):
        a_visit(at(22, 10) + timedelta(hours=n), patient=patient, booked_at=NOW)

    def work() -> None:
        try:
            planning.plan(now=NOW)
            delivery.deliver_due(clock=lambda: NOW, until=NOW + timedelta(minutes=1))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    counts = Counter(letter.extra_headers["Message-ID"] for letter in mail.outbox)
    assert len(counts) == 200
    assert set(counts.values()) == {1}
    assert set(Message.objects.filter(kind="booked").values_list("state", "token")) == {(State.SENT, 1)}
