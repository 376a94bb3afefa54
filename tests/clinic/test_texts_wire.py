"""Handing a text over: what a broken line means at each step. A text is never given twice by itself."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from clinic.reminders.channels import sms
from clinic.reminders.channels.text import Account, Text
from clinic.reminders.channels.trouble import CalledOff, InDoubt, Refused, TryLater, Unreachable
from clinic.reminders.proving.sms_gateway import SmsGateway

TEXT = Text(
    to="+12025550117", body="Northgate: Leila, 10:30 & “more”", report_to="https://c.example/r/", valid_seconds=60
)

PATIENCE = 10  # seconds


@pytest.fixture
def gateway(settings: Any) -> Iterator[SmsGateway]:
    with SmsGateway() as gateway:
        settings.SMS_URL, settings.SMS_TIMEOUT = gateway.url, PATIENCE
        yield gateway


def yes() -> bool:
    return True


def a_while_ago() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=30)


def test_many_texts_go_over_one_line(gateway: SmsGateway) -> None:
    with sms.line() as line:
        sids = [line.hand_over(TEXT, go=yes) for _ in range(3)]

    assert [taken.sid for taken in gateway.taken] == sids
    assert (gateway.taken[0].to, gateway.taken[0].body) == (TEXT.to, TEXT.body)
    assert gateway.taken[0].report_to == "https://c.example/r/"
    assert gateway.lines == 1


@pytest.mark.parametrize(
    ("how", "trouble", "reason"),
    [
        ("busy", TryLater, "put_off"),
        ("stranger", Unreachable, "unreachable"),
        ("refuse:21610", Refused, "opted_out"),
        ("refuse:21211", Refused, "bad_number"),
        ("refuse:21614", Refused, "not_mobile"),
        ("refuse:21606", Unreachable, "unreachable"),  # our own number is wrong: hers is not
        ("refuse:99999", TryLater, "put_off"),
        ("error", InDoubt, ""),
        ("error_taken", InDoubt, ""),
        ("drop_before", InDoubt, ""),
        ("drop_after", InDoubt, ""),
        ("hang", InDoubt, ""),
    ],
)
def test_what_the_answer_means(
    gateway: SmsGateway, settings: Any, how: str, trouble: type[Exception], reason: str
) -> None:
    gateway.answers, gateway.hang_seconds = [how], 1.5
    settings.SMS_TIMEOUT = 1 if how == "hang" else PATIENCE

    with sms.line() as line:
        with pytest.raises(trouble) as caught:
            line.hand_over(TEXT, go=yes)
        sid = line.hand_over(TEXT, go=yes)

    assert type(caught.value) is trouble
    assert getattr(caught.value, "reason", "") == reason
    assert "0117" not in str(caught.value)
    assert gateway.taken[-1].sid == sid
    assert gateway.tried == 2


def test_nothing_leaves_when_it_is_called_off_at_the_last_step(gateway: SmsGateway) -> None:
    with sms.line() as line, pytest.raises(CalledOff):
        line.hand_over(TEXT, go=lambda: False)

    assert gateway.tried == 0


def test_not_a_byte_leaves_before_it_may_and_then_all_of_them_do(settings: Any) -> None:
    """Whoever is stopped in between, and goes on when the text is another worker's, has sent all of it or nothing."""
    settings.SMS_TIMEOUT = 0.5
    heard: Queue[bytes] = Queue()
    with ExitStack() as ends, socket.create_server(("127.0.0.1", 0)) as server:
        settings.SMS_URL = f"twilio+http://sid:secret@127.0.0.1:{server.getsockname()[1]}/?from=%2B12025550100"

        def go() -> bool:
            other = ends.enter_context(server.accept()[0])
            other.settimeout(0.2)
            with pytest.raises(TimeoutError):
                other.recv(1)
            other.settimeout(PATIENCE)
            Thread(target=lambda: heard.put(other.recv(65_536)), daemon=True).start()
            return True

        with sms.line() as line, pytest.raises(InDoubt):
            line.hand_over(TEXT, go=go)
        first = heard.get(timeout=PATIENCE)

    assert first.startswith(b"POST ")
    assert b"To=%2B12025550117" in first


def test_a_line_that_was_hung_up_while_idle_is_opened_again(gateway: SmsGateway) -> None:
    with sms.line() as line:
        line.hand_over(TEXT, go=yes)
        gateway.hang_up_all()
        line.open()
        line.hand_over(TEXT, go=yes)

    assert len(gateway.taken) == 2


def test_without_a_gateway_nothing_is_in_doubt(settings: Any) -> None:
    with SmsGateway() as gone:
        settings.SMS_URL = gone.url
    with sms.line() as line, pytest.raises(Unreachable):
        line.hand_over(TEXT, go=yes)


def test_what_became_of_a_doubtful_text_can_be_asked(gateway: SmsGateway) -> None:
    gateway.answers = ["drop_after", "drop_before"]
    other = Text(to=TEXT.to, body="another")
    with sms.line() as line:
        for text in (TEXT, other):
            with pytest.raises(InDoubt):
                line.hand_over(text, go=yes)

        [found] = line.look_up(TEXT, since=a_while_ago())
        assert (found.sid, found.status) == (gateway.taken[0].sid, "sent")
        assert line.look_up(other, since=a_while_ago()) == []
        assert line.look_up(TEXT, since=datetime.now(UTC) + timedelta(hours=1)) == []  # an older one, of the same words


def test_where_the_provider_cannot_tell_nobody_guesses(gateway: SmsGateway) -> None:
    with sms.line() as line:
        gateway.take({"To": TEXT.to, "Body": "x"})
        gateway.is_redacting = True
        with pytest.raises(TryLater, match="redacted"):
            line.look_up(TEXT, since=a_while_ago())

        gateway.is_redacting = False
        for _ in range(60):
            gateway.take({"To": TEXT.to, "Body": "x"})
        with pytest.raises(TryLater, match="cut off"):
            line.look_up(TEXT, since=a_while_ago())


@pytest.mark.parametrize(
    "url",
    [
        "twilio+https://AC1:secret@api.twilio.com/",
        "twilio+https://api.twilio.com/?from=+15550100",
        "https://AC1:secret@api.twilio.com/?from=+15550100",
        "twilio+http://AC1:secret@api.twilio.com/?from=+15550100",
        "pigeon+https://AC1:secret@api.example/?from=+15550100",
        "",
    ],
)
def test_settings_that_could_not_work_are_refused_without_telling_the_secret(url: str, settings: Any) -> None:
    settings.SMS_URL = url

    with pytest.raises(ImproperlyConfigured) as caught:
        sms.account()

    assert "secret" not in str(caught.value).replace("account's secret", "")


def test_the_secret_is_not_printed() -> None:
    account = Account.of("twilio+https://AC1:s%2Fcret@api.twilio.com/?service=MG9")

    assert (account.secret, account.sender, account.port) == ("s/cret", "MG9", None)
    assert "s/cret" not in repr(account)
