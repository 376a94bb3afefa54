"""Signing in: staff with a password, patients with a code, strangers not at all."""

import re
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse
from factories import a_portal_patient, a_user
from staff_cast import PASSWORD

from people.models import AuditEvent, Clinic, User
from people.rules.permissions import Role

ASK, CONFIRM = "/signin/code/", "/signin/code/confirm/"


def without_tokens(page: bytes, email: str) -> str:
    """The page as a stranger can compare it: its own CSRF tokens and the e-mail that was typed taken out."""
    text = re.sub(r"\b[A-Za-z0-9]{64}\b", "", page.decode())
    return text.replace(email, "EMAIL")


def the_code() -> str:
    found = re.search(r"\b\d{4}-\d{4}\b", mail.outbox[-1].body)
    assert found
    return found[0]


@pytest.fixture
def leila(db: None) -> User:
    account = a_portal_patient().user
    assert account
    return account


def ask_for_a_code(email: str) -> Client:
    browser = Client()
    answer = browser.post(ASK, {"email": email})
    assert (answer.status_code, answer.url) == (302, CONFIRM)
    return browser


def test_a_patient_signs_in_with_a_code_by_mail(demo: Clinic, leila: User) -> None:
    phone = ask_for_a_code(leila.email)

    answer = phone.post(CONFIRM, {"code": the_code().replace("-", " ")})

    assert (answer.status_code, answer.url) == (302, "/")
    assert phone.get("/account/").status_code == 200
    assert [event.deed for event in AuditEvent.objects.filter(by=leila)] == ["account.signed_in"]


def test_the_mail_with_the_code_says_nothing_else(demo: Clinic, leila: User) -> None:
    ask_for_a_code(leila.email)
    letter = mail.outbox[-1]

    assert letter.subject == "Your code"
    assert letter.from_email == "Northgate <clinic@example.org>"
    assert letter.body.startswith("Hello from Northgate,")
    assert "10 minutes" in letter.body
    assert not re.search(r"pain|spine|neck|clinic|treat|therap|injur|health|patient", letter.body, re.IGNORECASE)


def test_the_code_field_lets_a_phone_fill_it_in(demo: Clinic, leila: User) -> None:
    page = ask_for_a_code(leila.email).get(CONFIRM).content.decode()

    field = re.search(r'<input[^>]*name="code"[^>]*>', page)
    assert field
    assert 'autocomplete="one-time-code"' in field[0]
    assert 'inputmode="numeric"' in field[0]
    assert "onpaste" not in page


def test_nobody_can_tell_who_is_a_patient(demo: Clinic, leila: User, receptionist: User) -> None:
    closed = a_user(Role.PATIENT, is_active=False)
    seen = []
    for email in (leila.email, receptionist.email, closed.email, "nobody@example.org"):
        browser = Client()
        asked = browser.post(ASK, {"email": email}, follow=True)
        wrong = browser.post(CONFIRM, {"code": "1234-5678"})
        seen.append(
            (
                asked.redirect_chain,
                asked.status_code,
                without_tokens(asked.content, email),
                wrong.status_code,
                without_tokens(wrong.content, email),
            )
        )

    assert seen[1:] == [seen[0]] * 3


def test_everybody_who_asks_gets_one_mail_and_only_a_patient_gets_a_code(
    demo: Clinic, leila: User, receptionist: User
) -> None:
    for email in (leila.email, receptionist.email, "nobody@example.org"):
        ask_for_a_code(email)

    letters = {letter.to[0]: bool(re.search(r"\d{4}-\d{4}", letter.body)) for letter in mail.outbox}
    assert letters == {leila.email: True, receptionist.email: False, "nobody@example.org": False}
    assert len(mail.outbox) == 3


def test_an_empty_code_is_not_what_a_stranger_was_sent(demo: Clinic) -> None:
    browser = ask_for_a_code("nobody@example.org")

    for code in ("", "-", " "):
        browser.post(CONFIRM, {"code": code})

    assert browser.get("/account/").status_code == 302


def test_three_wrong_codes_and_the_right_one_is_worth_nothing(demo: Clinic, leila: User) -> None:
    phone = ask_for_a_code(leila.email)
    right = the_code()

    for _ in range(3):
        last = phone.post(CONFIRM, {"code": "0000-0000"})
    assert last.url == ASK
    phone.post(CONFIRM, {"code": right})

    assert phone.get("/account/").status_code == 302


def test_a_code_works_for_ten_minutes(demo: Clinic, leila: User) -> None:
    with time_machine.travel(1_790_000_000, tick=False) as clock:
        phone = ask_for_a_code(leila.email)
        right = the_code()
        clock.shift(601)
        phone.post(CONFIRM, {"code": right})

        assert phone.get("/account/").status_code == 302


def test_codes_for_one_address_cannot_be_asked_for_without_end(demo: Clinic, leila: User) -> None:
    for _ in range(3):
        ask_for_a_code(leila.email)

    refused = Client().post(ASK, {"email": leila.email})

    assert refused.status_code == 200
    assert len(mail.outbox) == 3


def test_limits_are_kept_where_every_web_server_sees_them(demo: Clinic, leila: User) -> None:
    from django.conf import settings

    ask_for_a_code(leila.email)

    assert "redis" in settings.CACHES["default"]["BACKEND"]
    assert cache._cache.get_client().keys("*request_login_code*")  # type: ignore[attr-defined]


def test_a_dead_mail_server_tells_nothing_either(demo: Clinic, leila: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    known, unknown = (Client().post(ASK, {"email": email}) for email in (leila.email, "nobody@example.org"))

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url) == (302, CONFIRM)


def test_staff_sign_in_with_a_password(demo: Clinic, receptionist: User) -> None:
    desk = Client()

    answer = desk.post("/signin/", {"login": receptionist.email.upper(), "password": PASSWORD})

    assert (answer.status_code, answer.url) == (302, "/")
    assert UserSession.objects.filter(user=receptionist).count() == 1


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(demo: Clinic, receptionist: User) -> None:
    pages = []
    for email in (receptionist.email, "nobody@example.org"):
        answer = Client().post("/signin/", {"login": email, "password": "wrong"})
        pages.append((answer.status_code, without_tokens(answer.content, email)))

    assert pages[0] == pages[1]


def test_guessing_a_password_is_stopped(demo: Clinic, receptionist: User) -> None:
    desk = Client()
    for _ in range(5):
        desk.post("/signin/", {"login": receptionist.email, "password": "wrong"})

    desk.post("/signin/", {"login": receptionist.email, "password": PASSWORD})

    assert desk.get("/account/").status_code == 302


def test_whoever_was_let_go_is_refused_at_the_next_click(demo: Clinic, receptionist: User, owner: User) -> None:
    from people.actions import staff

    desk = Client()
    desk.post("/signin/", {"login": receptionist.email, "password": PASSWORD})
    assert desk.get("/account/").status_code == 200

    staff.deactivate(receptionist, by=owner)

    assert desk.get("/account/").status_code == 302
    assert UserSession.objects.filter(user=receptionist).count() == 0
    again = Client().post("/signin/", {"login": receptionist.email, "password": PASSWORD})
    assert again.url == reverse("account_inactive")


def test_a_new_password_signs_out_every_other_device(demo: Clinic, receptionist: User) -> None:
    here, elsewhere = Client(), Client()
    for device in (here, elsewhere):
        device.post("/signin/", {"login": receptionist.email, "password": PASSWORD})

    new = {"oldpassword": PASSWORD, "password1": "quite another long one", "password2": "quite another long one"}
    here.post(reverse("account_change_password"), new)

    assert elsewhere.get("/account/").status_code == 302


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(demo: Clinic, receptionist: User) -> None:
    Client().post("/signin/password/", {"email": receptionist.email})
    link = re.search(r"http://testserver(/signin/password/\S+)", mail.outbox[-1].body)
    assert link
    desk = Client()
    new = {"password1": "quite another long one", "password2": "quite another long one"}

    page = desk.get(link[1], follow=True)
    desk.post(page.redirect_chain[-1][0], new)

    assert User.objects.get(pk=receptionist.pk).check_password("quite another long one")
    assert "no longer works" in Client().get(link[1], follow=True).content.decode()


def test_a_patient_cannot_give_themself_a_password(demo: Clinic, leila: User) -> None:
    asked = Client().post("/signin/password/", {"email": leila.email})
    unknown = Client().post("/signin/password/", {"email": "nobody@example.org"})

    assert (asked.status_code, asked.url) == (unknown.status_code, unknown.url)
    assert [("http" in letter.body, letter.subject) for letter in mail.outbox] == [(False, "About signing in")] * 2


def test_there_is_no_page_to_sign_up(demo: Clinic) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")


def test_somebody_signs_out_their_other_devices(demo: Clinic, receptionist: User) -> None:
    here, elsewhere = Client(), Client()
    for device in (here, elsewhere):
        device.post("/signin/", {"login": receptionist.email, "password": PASSWORD})

    here.post(reverse("usersessions_list"))

    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


@pytest.mark.parametrize("place", ["account_login", "account_request_login_code", "account_reset_password"])
def test_the_sign_in_pages_obey_the_strict_policy(demo: Clinic, place: str) -> None:
    answer = Client().get(reverse(place))

    assert "script-src" not in answer["Content-Security-Policy"] or "unsafe" not in answer["Content-Security-Policy"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*(src=|application/json))", answer.content.decode())
    assert not re.search(r"\sstyle=|\son[a-z]+=", answer.content.decode())
