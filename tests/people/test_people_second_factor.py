"""The second factor of staff: figures from an app, asked for, sealed and good once."""

import re
import time
from collections.abc import Iterator

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from staff_cast import PASSWORD

from people.models import AuditEvent, Clinic, User

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def digits_of_now(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


@pytest.fixture
def half_a_minute() -> Iterator[None]:
    """The clock stands, so that the figures which an app shows are those that are asked for."""
    with time_machine.travel(time.time(), tick=False):
        yield


@pytest.mark.usefixtures("half_a_minute")
def test_a_second_factor_is_asked_for_and_a_used_one_refused(real_clinic: Clinic, receptionist: User) -> None:
    TOTP.activate(receptionist, SECRET)
    first, second = Client(), Client()
    digits = digits_of_now(SECRET)

    asked = first.post("/signin/", {"login": receptionist.email, "password": PASSWORD})
    assert asked.url == "/signin/factor/"
    assert first.get("/account/").status_code == 302
    assert "mfa_webauthn_authenticate" in first.get("/signin/factor/").content.decode()
    assert first.post("/signin/factor/", {"code": "000000"}).status_code == 200
    assert first.post("/signin/factor/", {"code": digits}).url == "/"
    assert first.get("/account/").status_code == 200

    second.post("/signin/", {"login": receptionist.email, "password": PASSWORD})
    replayed = second.post("/signin/factor/", {"code": digits})

    assert replayed.status_code == 200
    assert second.get("/account/").status_code == 302


def test_the_secret_of_an_app_lies_sealed_and_only_a_key_of_ours_opens_it(
    receptionist: User, settings: Settings
) -> None:
    TOTP.activate(receptionist, SECRET)
    kept = Authenticator.objects.get(user=receptionist).data["secret"]
    old = settings.SECRET_KEY

    assert SECRET not in kept
    settings.SECRET_KEY = "another" * 10
    assert decrypt(kept) not in {SECRET, ""}
    settings.SECRET_KEY_FALLBACKS = [old]
    assert decrypt(kept) == SECRET
    assert decrypt(SECRET) == SECRET  # kept before secrets were sealed


@pytest.mark.usefixtures("half_a_minute")
@pytest.mark.django_db(transaction=True)
def test_somebody_sets_up_an_app_and_gets_recovery_codes(real_clinic: Clinic, receptionist: User) -> None:
    desk = Client()
    desk.post("/signin/", {"login": receptionist.email, "password": PASSWORD})
    page = reverse("mfa_activate_totp")

    asked = desk.get(page)
    assert asked.url.startswith(reverse("account_reauthenticate"))
    shown = desk.post(asked.url, {"password": PASSWORD}, follow=True)
    secret = re.search(r'class="secret">([A-Z2-7]+)<', shown.content.decode())
    assert secret
    done = desk.post(page, {"code": digits_of_now(secret[1])})

    assert done.url == reverse("mfa_view_recovery_codes")
    assert len(re.findall(r"<li><code>", desk.get(done.url).content.decode())) == 10
    assert desk.get("/account/").status_code == 200
    assert AuditEvent.objects.filter(by=receptionist, deed="account.totp_activated").count() == 1
    assert any("Northgate" in letter.body for letter in mail.outbox)
