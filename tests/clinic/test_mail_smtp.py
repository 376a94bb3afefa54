"""Real SMTP on loopback, and a server that misbehaves in each way there is."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from factories import NOW, a_patient
from outbox_cast import PostOffice, a_visit, at, look
from pytest_django.fixtures import Settings

from clinic.reminders.channels.email import CalledOff, Line
from clinic.reminders.models import Attempt, Message

pytestmark = pytest.mark.django_db
State = Message.State
PATIENCE = 10  # seconds


@pytest.fixture(params=[False, True], ids=["step by step", "in one breath"])
def post(settings: Settings, request: pytest.FixtureRequest) -> Iterator[PostOffice]:
    with PostOffice(in_one_breath=request.param) as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", office.port, PATIENCE
        yield office


def a_confirmation_is_owed(**fields: str) -> None:
    a_visit(at(22, 10), booked_at=NOW, patient=a_patient(**{"email": "leila@example.org"} | fields))


def the_message() -> Message:
    return Message.objects.get(kind="booked", channel="email")


def outcomes() -> list[tuple[str, str]]:
    return list(Attempt.objects.values_list("outcome", "note"))


def test_a_mail_arrives_with_its_headers(post: PostOffice) -> None:
    a_confirmation_is_owed(given_name="Zoë", email="zoe@example.org")

    look(NOW)

    (mail,) = post.accepted
    assert mail["Message-ID"] == the_message().mail_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["To"] == "zoe@example.org"
    assert mail["From"].startswith("Northgate <")
    assert "Zoë" in mail.get_body(("plain",)).get_content()
    assert (the_message().state, the_message().sent_at, outcomes()) == (State.SENT, NOW, [("sent", "")])


def test_many_mails_go_over_one_connection(post: PostOffice) -> None:
    for hour in range(25):
        a_visit(at(22, 10) + timedelta(hours=hour), booked_at=NOW)

    look(NOW)

    assert len(post.accepted) == 25
    assert len(set(post.ids)) == 25
    assert post.spoken_to == 1


def test_a_server_that_is_busy_is_asked_again_after_a_pause(post: PostOffice) -> None:
    post.answers = ["451 busy", "450 busy"]
    a_confirmation_is_owed()

    look(NOW)
    assert (the_message().state, the_message().reason) == (State.READY, "put_off")
    look(NOW + timedelta(seconds=29))
    assert post.tried == 1
    look(NOW + timedelta(seconds=30))
    look(NOW + timedelta(seconds=149))
    assert post.tried == 2
    look(NOW + timedelta(seconds=150))

    assert (the_message().state, the_message().attempts) == (State.SENT, 3)
    assert outcomes() == [("put_off", "451"), ("put_off", "450"), ("sent", "")]


def test_an_address_that_does_not_exist_is_not_tried_again(post: PostOffice) -> None:
    post.answer_to_recipient = "550 no such user"
    a_confirmation_is_owed()

    look(NOW)
    look(NOW + timedelta(days=1))

    assert (the_message().state, the_message().reason, outcomes()) == (State.FAILED, "bounced", [("refused", "550")])


def test_after_an_address_that_is_refused_the_next_mail_goes_over_the_same_line(post: PostOffice) -> None:
    post.strangers = {"leila@example.org"}
    a_confirmation_is_owed()
    a_visit(at(22, 15), booked_at=NOW + timedelta(seconds=1), patient=a_patient(email="omar@example.org"))

    look(NOW + timedelta(seconds=1))

    assert [mail["To"] for mail in post.accepted] == ["omar@example.org"]
    assert (outcomes(), post.spoken_to) == ([("refused", "550"), ("sent", "")], 1)


def test_a_sender_that_is_refused_is_not_the_patients_fault(post: PostOffice) -> None:
    post.answer_to_sender = "550 who are you?"
    a_confirmation_is_owed()

    look(NOW)
    assert (the_message().state, the_message().reason, outcomes()) == (State.READY, "put_off", [("put_off", "550")])
    post.answer_to_sender = "250 OK"
    look(NOW + timedelta(seconds=30))

    assert (the_message().state, post.spoken_to) == (State.SENT, 2)


def test_a_server_that_closes_the_line_after_a_no_has_said_no(post: PostOffice) -> None:
    post.answer_to_recipient, post.hangs_up = "550 no such user", True
    a_confirmation_is_owed()

    look(NOW)

    assert (the_message().state, the_message().reason, outcomes()) == (State.FAILED, "bounced", [("refused", "550")])


def test_a_line_that_starts_with_a_dot_ends_no_mail(post: PostOffice) -> None:
    letter = EmailMessage("Visit", "One.\n.\n.two\n..three\n", "clinic@example.org", ["leila@example.org"])

    with Line() as line:
        line.open()
        line.hand_over(letter, go=lambda: True)

    (mail,) = post.accepted
    assert mail.get_content().splitlines() == ["One.", ".", ".two", "..three"]


def test_what_is_called_off_at_the_last_step_is_not_sent_and_the_next_mail_goes_at_once(
    post: PostOffice, settings: Settings
) -> None:
    first, second = (EmailMessage("Visit", "Words", "a@example.org", [f"{it}@example.org"]) for it in ("leila", "omar"))

    def hand_over_both() -> None:
        with Line() as line:
            line.open()
            with pytest.raises(CalledOff):
                line.hand_over(first, go=lambda: False)
            line.open()
            line.hand_over(second, go=lambda: True)

    settings.EMAIL_TIMEOUT = 3 * PATIENCE  # the server would wait for the text, and we for what it says to a goodbye
    with ThreadPoolExecutor(1) as pool:
        pool.submit(hand_over_both).result(timeout=PATIENCE)

    assert [mail["To"] for mail in post.accepted] == ["omar@example.org"]


def test_a_mail_refused_after_its_text_is_not_tried_again_and_the_next_one_goes(post: PostOffice) -> None:
    post.answers = ["554 no"]
    a_confirmation_is_owed()
    a_visit(at(22, 15), booked_at=NOW + timedelta(seconds=1), patient=a_patient(email="omar@example.org"))

    look(NOW + timedelta(seconds=1))

    assert [mail["To"] for mail in post.accepted] == ["omar@example.org"]
    assert list(Message.objects.filter(kind="booked").order_by("due_at").values_list("state", flat=True)) == [
        "failed",
        "sent",
    ]


def test_a_server_that_takes_a_mail_and_falls_silent_gets_it_once_more_and_not_a_third_time(post: PostOffice) -> None:
    post.answers = ["silence", "silence"]
    a_confirmation_is_owed()

    for seconds in (0, 30, 61, 122, 200, 4000):
        look(NOW + timedelta(seconds=seconds))

    assert post.ids == [the_message().mail_id] * 2  # the same id: a mailbox may drop the twin
    assert (the_message().state, the_message().reason) == (State.UNKNOWN, "in_doubt")
    assert [outcome for outcome, _ in outcomes()] == ["", ""]


def test_a_server_that_answers_too_late_is_in_doubt_not_failed(post: PostOffice, settings: Settings) -> None:
    post.pace_seconds, settings.EMAIL_TIMEOUT = 1.5, 1
    a_confirmation_is_owed()

    look(NOW)

    assert the_message().state == State.HANDING
    assert outcomes() == [("", "SMTPServerDisconnected")]


def test_without_a_server_everything_waits_and_nothing_counts_as_tried(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    a_confirmation_is_owed()

    look(NOW)

    message = the_message()
    assert (message.state, message.reason, message.attempts) == (State.READY, "unreachable", 0)
    assert message.not_before == NOW + timedelta(seconds=30)

    with PostOffice() as office:
        settings.EMAIL_PORT = office.port
        look(NOW + timedelta(seconds=31))

    assert the_message().state == State.SENT


def test_an_address_that_cannot_stand_in_a_mail_is_refused_without_harm(post: PostOffice) -> None:
    a_confirmation_is_owed(email="leila@example.org\nBcc: all@example.org")

    look(NOW)

    assert (the_message().state, the_message().reason) == (State.FAILED, "bad_address")
    assert post.accepted == []
