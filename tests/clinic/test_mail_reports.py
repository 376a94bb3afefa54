"""Mail over a provider, and what becomes of it afterwards: it arrives, comes back, or is not wanted."""

import io
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from factories import NOW, a_patient
from mail_cast import ADDRESS, SECRET, Provider, came_back, complained, tells
from outbox_cast import a_visit, at, look
from portal_cast import it_is

from clinic.checks import refuse_unsafe_start
from clinic.reminders.actions import bounces, wishes
from clinic.reminders.actions.addresses import digest
from clinic.reminders.models import Attempt, ContactPreference, DeliveryReceipt, Message, OptOut
from clinic.reminders.rules import bounce_notices, mail_accounts

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with Provider() as provider, it_is(NOW):
        account = mail_accounts.of("anymail+postmark://?server_token=t+1&webhook_secret=" + SECRET, timeout=1)
        settings.EMAIL_PROVIDER, settings.EMAIL_BACKEND = account.provider, account.backend
        settings.ANYMAIL = dict(account.settings) | {"POSTMARK_API_URL": provider.url}
        yield provider


@pytest.fixture
def owed() -> None:
    a_visit(at(22, 10), booked_at=NOW, patient=a_patient(email=ADDRESS))


def the_message() -> Message:
    return Message.objects.get(kind="booked", channel="email")


def state() -> tuple[str, str, bool]:
    message = the_message()
    return message.state, message.reason, message.delivered_at is not None


def reads(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    call_command("read_bounce")


def test_a_mail_goes_by_a_provider_that_does_not_watch_who_reads_it(provider: Provider, owed: None) -> None:
    look(NOW)

    [mail] = provider.taken
    attempt = Attempt.objects.get()
    headers = {it["Name"]: it["Value"] for it in mail["Headers"]}
    assert (mail["To"], mail["TrackOpens"], mail["TrackLinks"]) == (ADDRESS, False, "None")
    assert headers["Message-ID"] == the_message().mail_id
    assert mail["Metadata"] == {"message": str(the_message().pk)}
    assert (attempt.provider, attempt.provider_ref, state()[0]) == ("postmark", "pm-1", "sent")


@pytest.mark.parametrize(
    ("answer", "becomes", "note"),
    [
        ((401, 10), ("ready", "unreachable"), "401"),
        ((429, 0), ("ready", "put_off"), "429"),
        ((422, 406), ("failed", "blocked"), ""),
        ((422, 405), ("ready", "put_off"), "422"),
        ((500, 0), ("handing", ""), "500"),
        ((0, 0), ("handing", ""), "ConnectionError"),
    ],
)
def test_what_a_provider_answers_decides_whether_it_is_tried_again(
    provider: Provider, owed: None, answer: tuple[int, int], becomes: tuple[str, str], note: str
) -> None:
    provider.answers = [answer]

    look(NOW)

    assert (state()[:2], Attempt.objects.get().note) == (becomes, note)


def test_a_provider_that_is_not_there_has_taken_nothing(provider: Provider, owed: None, settings: Any) -> None:
    settings.ANYMAIL = settings.ANYMAIL | {"POSTMARK_API_URL": "http://127.0.0.1:9/"}

    look(NOW)

    assert state()[:2] == ("ready", "unreachable")


def test_the_provider_tells_what_became_of_a_mail_in_any_order_and_twice(provider: Provider, owed: None) -> None:
    look(NOW)
    delivered = {"DeliveredAt": "2026-09-14T12:00:00Z"}

    codes = {tells("Delivery", **delivered), tells("Delivery", **delivered), tells("Bounce", Type="Transient", ID=5)}

    assert codes == {200}
    assert state() == ("sent", "", True)
    assert DeliveryReceipt.objects.count() == 2  # a mail that arrived was put off before: told too late


def test_an_address_that_bounces_afterwards_is_doubted_and_its_owner_asked(provider: Provider, owed: None) -> None:
    look(NOW)

    tells("Delivery", DeliveredAt="2026-09-14T12:00:00Z")
    for _ in range(2):
        tells("Bounce", Type="HardBounce", ID=7, BouncedAt="2026-09-14T12:01:00Z")
    tells("Delivery", DeliveredAt="2026-09-14T12:02:00Z")

    assert state() == ("failed", "bounced", False)
    assert bounces.sweep(now=NOW) == 1
    assert ContactPreference.objects.get().doubtful_email == digest(ADDRESS)


def test_who_reports_our_mail_as_junk_gets_no_more(provider: Provider, owed: None) -> None:
    look(NOW)

    tells("SpamComplaint", Type="SpamComplaint", ID=9, BouncedAt="2026-09-14T12:01:00Z")

    assert wishes.is_out("email", digest(ADDRESS))
    assert OptOut.objects.get().proof == "postmark complained 9"


def test_who_does_not_know_the_secret_is_not_heard(
    provider: Provider, owed: None, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    look(NOW)
    hard = {"Type": "HardBounce", "ID": 7}

    codes = [tells("Bounce", secret=secret, **hard) for secret in ("", "postmark:wrong", "x")]
    cache.set("tries:forged-mail:127.0.0.1", 60, 60)
    codes.append(tells("Bounce", secret="", **hard))
    codes.append(tells("Bounce", sid="somebody-elses", **hard))
    codes.append(tells("Nonsense", RecordType=["x"]))
    settings.ANYMAIL = {key: value for key, value in settings.ANYMAIL.items() if key != "WEBHOOK_SECRET"}
    codes.append(tells("Bounce", **hard))
    settings.EMAIL_PROVIDER = ""
    codes.append(tells("Bounce", **hard))

    assert codes == [403, 403, 403, 429, 200, 400, 404, 404]
    assert state() == ("sent", "", False)
    assert not DeliveryReceipt.objects.exists()
    assert ADDRESS not in caplog.text


@pytest.mark.parametrize(
    ("notice", "becomes"),
    [
        ({}, ("failed", "bounced", False)),
        ({"whole": True, "status": "5.7.1"}, ("failed", "blocked", False)),
        ({"status": "4.4.7"}, ("failed", "undelivered", False)),
        ({"status": "5.2.2"}, ("failed", "undelivered", False)),
        ({"action": "delayed", "status": "4.4.1"}, ("sent", "", False)),
        ({"action": "delivered", "status": "2.0.0"}, ("sent", "", True)),
        ({"action": "relayed"}, ("sent", "", False)),
        ({"to": "somebody@example.org"}, ("sent", "", False)),  # a forger does not know to whom it went
    ],
)
def test_a_mail_that_comes_back_says_why(
    owed: None, monkeypatch: pytest.MonkeyPatch, notice: dict[str, Any], becomes: tuple[str, str, bool]
) -> None:
    with it_is(NOW):
        look(NOW)
        for _ in range(2):
            reads(came_back(the_message().mail_id, **notice), monkeypatch)

    assert state() == becomes
    assert DeliveryReceipt.objects.count() <= 1


def test_a_junk_report_by_mail_stops_what_goes_there(owed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with it_is(NOW + timedelta(minutes=5)):
        look(NOW)
        reads(complained(the_message().mail_id, to="somebody@example.org"), monkeypatch)
        assert not OptOut.objects.exists()
        reads(complained(the_message().mail_id), monkeypatch)

    assert wishes.is_out("email", digest(ADDRESS))
    assert OptOut.objects.get().how == "provider"


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff\xfe", b"Subject: Out of office\n\nback on Monday", came_back("<other@elsewhere>"),
     came_back("<x>").replace(b"--part", b"--trap"), came_back("<x>")[:300]],
)  # fmt: skip
def test_any_other_mail_to_that_address_is_passed_over(raw: bytes) -> None:
    assert bounce_notices.read(raw) == []


def test_an_account_with_a_provider_that_cannot_be_is_refused_without_its_secret() -> None:
    for url in ("anymail+pigeon://?api_key=sesame", "anymail+postmark://"):
        with pytest.raises(ValueError, match="EMAIL_URL") as refused:
            mail_accounts.of(url, timeout=1)
        assert "sesame" not in str(refused.value)


def test_a_provider_whose_key_is_missing_stops_the_start(settings: Any) -> None:
    account = mail_accounts.of("anymail+postmark://?server_tokn=sesame", timeout=1)
    settings.EMAIL_PROVIDER, settings.EMAIL_BACKEND = account.provider, account.backend
    settings.ANYMAIL = dict(account.settings)

    with pytest.raises(ImproperlyConfigured, match="POSTMARK_SERVER_TOKEN") as refused:
        refuse_unsafe_start()

    assert "sesame" not in str(refused.value)
