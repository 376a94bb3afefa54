"""Messages on the patient's own screen: sealed for one browser, signed as ours, and given up where nobody is."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from factories import NOW, a_portal_patient
from outbox_cast import a_visit, at, look
from portal_cast import it_is, signed_in
from push_cast import Browser, PushService

from clinic.checks import refuse_unsafe_start
from clinic.reminders.channels import sealing
from clinic.reminders.models import Attempt, ContactPreference, Message, PushSubscription
from clinic.reminders.rules import push_services
from patients.models import Patient
from people.models import AuditEvent

pytestmark = pytest.mark.django_db
PAGE = "/me/screens/"
SERVICES = ("127.0.0.1",)


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    with PushService() as service, it_is(NOW):
        settings.PUSH_KEY, settings.PUSH_SERVICES, settings.PUSH_TIMEOUT = sealing.new_key(), SERVICES, 10
        settings.CLINIC_URL = "https://ngc.example"
        yield service


@pytest.fixture
def leila() -> Patient:
    patient = a_portal_patient()
    ContactPreference.objects.create(patient=patient, channel="push")
    return patient


def turn_on(leila: Patient, service: PushService, browser: Browser, *, path: str = "/p/1", **changes: str) -> Any:
    given = {"endpoint": f"{service.url}{path}", "device": "Firefox, Android", **browser.gives}
    return signed_in(leila.user).post(PAGE, given | changes, follow=True)


def a_booking_is_told(leila: Patient) -> Message:
    a_visit(at(22, 10), booked_at=NOW, patient=leila)
    look(NOW)
    return Message.objects.get(kind="booked", channel="push")


def test_the_example_of_the_standard_is_sealed_byte_by_byte() -> None:
    sealed = sealing.sealed(
        b"When I grow up, I want to be a watermelon",
        public_key="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        auth_secret="BTBZMqHH6r4Tts7J_aSIgg",
        key=sealing.own_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        salt=sealing.decoded("DGv6ra1nlYgDCS1FRnbzlw"),
    )

    # RFC 8291, 5.
    assert sealing.coded(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_push_service_knows_us_by_our_signature() -> None:
    key = sealing.own_key(sealing.new_key())

    header = sealing.signed(key, service="https://push.example", contact="mailto:clinic@example.org", now=NOW)

    token, known = (part.split("=", 1)[1] for part in header.removeprefix("vapid ").split(", "))
    said, _, signature = token.rpartition(".")
    raw = sealing.decoded(signature)
    halves = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sealing.decoded(known))
    public.verify(encode_dss_signature(*halves), said.encode(), ec.ECDSA(hashes.SHA256()))
    claims = json.loads(base64.urlsafe_b64decode(said.split(".")[1] + "=="))
    assert claims["aud"] == "https://push.example"
    assert NOW.timestamp() < claims["exp"] <= (NOW + timedelta(days=1)).timestamp()


@pytest.mark.parametrize(
    ("endpoint", "may_be"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", True),
        ("https://wns2-par02p.notify.windows.com/w/?token=x", True),
        ("http://fcm.googleapis.com/x", False),
        ("https://fcm.googleapis.com:8443/x", False),
        ("https://fcm.googleapis.com@evil.example/x", False),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("https://notify.windows.com.evil.example/x", False),
        ("http://169.254.169.254/latest/meta-data/", False),
        ("http://127.0.0.1:5432/", False),
        ("https://[::1", False),
    ],
)
def test_a_browser_cannot_have_us_call_whom_it_likes(endpoint: str, may_be: bool) -> None:
    assert push_services.is_one(endpoint) is may_be


def test_what_shows_on_a_locked_screen_says_when_and_nothing_else(leila: Patient, service: PushService) -> None:
    browser = Browser()
    turn_on(leila, service, browser)

    message = a_booking_is_told(leila)

    [(path, headers, body)] = service.taken
    shown = browser.shows(body)
    assert (path, message.state) == ("/p/1", "sent")
    assert (shown["title"], shown["body"]) == ("Northgate", "Your visit is booked for Tuesday 22 September at 10:00am.")
    assert shown["url"].startswith("https://ngc.example/a/")
    assert (shown["tag"], headers["Topic"], headers["Content-Encoding"]) == (
        message.pk.hex,
        message.pk.hex,
        "aes128gcm",
    )
    assert int(headers["TTL"]) > 3600
    assert len(body) == 16 + 4 + 1 + 65 + 1024 + 16  # however much it says
    assert leila.family_name not in str(shown)


def test_a_screen_that_is_gone_is_given_up_and_mail_says_it_instead(leila: Patient, service: PushService) -> None:
    turn_on(leila, service, Browser())
    service.answers = [410]

    message = a_booking_is_told(leila)
    look(NOW + timedelta(seconds=30))

    assert (message.state, message.reason) == ("failed", "no_push")
    assert PushSubscription.objects.get().gone_at == NOW
    assert Message.objects.get(instead_of=message).channel == "email"
    assert AuditEvent.objects.filter(deed="screen.gone").count() == 1


def test_one_screen_of_two_is_enough(leila: Patient, service: PushService) -> None:
    turn_on(leila, service, Browser())
    turn_on(leila, service, Browser(), path="/p/2")
    service.answers = [404, 201]

    assert a_booking_is_told(leila).state == "sent"
    assert PushSubscription.objects.working().get().last_sent_at == NOW


def test_a_busy_service_is_asked_again_and_a_silent_one_gets_the_same_message(
    leila: Patient, service: PushService
) -> None:
    turn_on(leila, service, Browser())
    service.answers = [503, 0]

    message = a_booking_is_told(leila)
    assert (message.state, message.reason) == ("ready", "put_off")
    look(NOW + timedelta(seconds=30))
    message.refresh_from_db()
    assert message.state == "handing"  # nobody knows; the lease runs out by itself
    look(NOW + timedelta(seconds=91))

    message.refresh_from_db()
    assert message.state == "sent"
    assert {headers["Topic"] for _, headers, _ in service.taken} == {message.pk.hex}
    assert list(Attempt.objects.values_list("outcome", "note")) == [("put_off", "503"), ("", "0"), ("sent", "")]


def test_a_patient_turns_a_phone_on_and_off(leila: Patient, service: PushService) -> None:
    on = turn_on(leila, service, Browser()).content.decode()
    again = turn_on(leila, service, Browser()).content.decode()
    kept = PushSubscription.objects.get()
    client = signed_in(leila.user)

    off = client.post(PAGE, {"do": "off", "screen": kept.pk}, follow=True).content.decode()
    client.post(PAGE, {"do": "off", "screen": kept.pk})

    assert "Turned on." in on
    assert "Firefox, Android" in again
    assert "Turned off." in off
    assert "Firefox, Android" not in off
    deeds = AuditEvent.objects.filter(deed__startswith="screen.").order_by("pk").values_list("deed", flat=True)
    assert list(deeds) == ["screen.turned_on", "screen.turned_on", "screen.turned_off"]


@pytest.mark.parametrize(
    "changes",
    [{"endpoint": "https://evil.example/x"}, {"public_key": "AAAA"}, {"auth_secret": "short"}, {"endpoint": ""}],
)
def test_what_no_browser_gives_is_refused(leila: Patient, service: PushService, changes: dict[str, str]) -> None:
    page = turn_on(leila, service, Browser(), **changes).content.decode()

    assert "This browser cannot show our messages." in page
    assert not PushSubscription.objects.exists()


def test_a_shared_computer_shows_what_is_for_whoever_turned_it_on_last(leila: Patient, service: PushService) -> None:
    other = a_portal_patient(given_name="Ari")
    turn_on(leila, service, Browser())
    turn_on(other, service, Browser())

    assert PushSubscription.objects.get().user == other.user
    page = signed_in(leila.user).post(PAGE, {"do": "off", "screen": PushSubscription.objects.get().pk}, follow=True)
    assert page.status_code == 200
    assert PushSubscription.objects.working().count() == 1


def test_without_a_key_there_are_no_messages_on_screens(leila: Patient, settings: Any) -> None:
    settings.PUSH_KEY = ""
    with it_is(NOW):
        page = signed_in(leila.user).get(PAGE).content.decode()

    assert "The clinic does not send messages this way." in page
    assert json.loads(Client().get("/me/screens/app.webmanifest").content)["start_url"] == "/me/"


@pytest.mark.parametrize(("name", "value"), [("PUSH_KEY", "sesame"), ("SMS_URL", "pigeon+https://a:sesame@b/?from=+1")])
def test_a_channel_that_cannot_be_used_stops_the_start_and_not_all_messages(
    settings: Any, name: str, value: str
) -> None:
    setattr(settings, name, value)

    with pytest.raises(ImproperlyConfigured, match=name) as refused:
        refuse_unsafe_start()

    assert "sesame" not in str(refused.value)
