"""Passkeys in a real browser, under the strict policy, with a key that Chromium makes up."""

import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import environ
import psycopg
import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import connection
from django.urls import reverse
from factories import a_portal_patient, a_user, the_clinic
from playwright.sync_api import Page, sync_playwright
from stack import browser_options

from people.models import AuditEvent
from people.rules.permissions import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery staple"


@pytest.fixture
def screen() -> Iterator[tuple[Page, list[str]]]:
    """A page of Chromium with a platform key, and every script or policy that its console complained of."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**browser_options())
        page = chromium.new_page()
        complaints: list[str] = []
        page.on(
            "console", lambda line: complaints.append(line.text) if "Content Security Policy" in line.text else None
        )
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        key = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        key |= {"isUserVerified": True, "automaticPresenceSimulation": True}
        session.send("WebAuthn.addVirtualAuthenticator", {"options": key})
        yield page, complaints
        chromium.close()


@pytest.fixture
def _nobody_stays_connected() -> Iterator[None]:
    """A browser that closes in mid-answer leaves the server connected, and the database cannot be dropped."""
    yield
    connection.close()
    admin = environ.Env.db_url_config(os.environ["DATABASE_ADMIN_URL"])
    with psycopg.connect(
        dbname=admin["NAME"], user=admin["USER"], password=admin["PASSWORD"], host=unquote(admin["HOST"]),
        port=admin["PORT"] or None, autocommit=True,
    ) as database:  # fmt: skip
        here = [connection.settings_dict["NAME"]]
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", here)


@pytest.mark.usefixtures("_nobody_stays_connected")
def test_staff_add_a_passkey_and_sign_in_with_nothing_but_it(
    live_server: Any, screen: tuple[Page, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Playwright's loop runs in this thread; Django would refuse the database to it.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    page, complaints = screen
    the_clinic(is_demo=False)
    manager = a_user(Role.MANAGER, password=PASSWORD)
    home = live_server.url

    page.goto(f"{home}/setup/staff/")
    page.get_by_label("E-mail").fill(manager.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**{reverse('mfa_index')}")
    page.goto(home + reverse("mfa_add_webauthn"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url(f"**{reverse('mfa_add_webauthn')}**")
    page.get_by_label("Name").fill("Desk")
    assert page.get_by_label("without a password").is_checked()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(f"**{reverse('mfa_view_recovery_codes')}")
    page.goto(f"{home}/setup/staff/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{home}/signin/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: "/signin" not in url)
    page.goto(f"{home}/setup/staff/")

    assert page.get_by_role("heading", level=1).inner_text() == "Staff"
    assert complaints == []
    assert Authenticator.objects.filter(user=manager, type=Authenticator.Type.WEBAUTHN).count() == 1
    assert AuditEvent.objects.filter(by=manager, deed="account.webauthn_added").count() == 1


@pytest.mark.usefixtures("_nobody_stays_connected")
def test_a_patient_uses_her_fingerprint_instead_of_the_next_code_and_is_never_asked_for_both(
    live_server: Any, screen: tuple[Page, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    connection.close()  # beside Playwright's loop Django keeps one of its own, which the test before has ended
    page, complaints = screen
    the_clinic(is_demo=False)
    leila = a_portal_patient().user
    assert leila

    def asks_for_a_code() -> None:
        page.goto(f"{live_server.url}/signin/code/")
        page.get_by_label("E-mail").fill(leila.email)
        page.get_by_role("button", name="Send me a code").click()
        code = re.search(r"\d{4}-\d{4}", mail.outbox[-1].body)
        assert code
        page.get_by_label("Code").fill(code[0])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/signin" not in url)

    asks_for_a_code()
    page.get_by_role("link", name="Use your fingerprint or face").click()
    page.get_by_label("Name").fill("My phone")
    page.get_by_role("button", name="Use this phone").click()
    page.get_by_role("heading", name="My phone").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signin/**")
    page.goto(f"{live_server.url}/signin/code/")
    page.get_by_role("button", name="Use my fingerprint or face").click()
    page.wait_for_url(lambda url: "/signin" not in url)
    signed_in_by_key = page.url
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signin/**")
    asks_for_a_code()

    assert signed_in_by_key.endswith("/me/")
    assert page.url.endswith("/me/")
    assert complaints == []
    assert AuditEvent.objects.filter(by=leila, deed="account.webauthn_added").count() == 1
