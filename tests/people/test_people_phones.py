"""Whose phone it is: remembered for a month, shared with others, or left lying about."""

import re
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from factories import a_portal_patient

from people.models import Clinic, User

NOW = 1_790_000_000
MINUTE, HOUR, DAY = 60, 3600, 86_400
CONFIRM = "/signin/code/confirm/"


@pytest.fixture
def leila(db: None) -> User:
    account = a_portal_patient().user
    assert account
    return account


def signs_in(leila: User, **said: str) -> tuple[Client, Any]:
    phone = Client()
    phone.post("/signin/code/", {"email": leila.email})
    code = re.search(r"\b\d{4}-\d{4}\b", mail.outbox[-1].body)
    assert code
    return phone, phone.post(CONFIRM, {"code": code[0]} | said)


def is_in(phone: Client) -> bool:
    return phone.get("/account/").status_code == 200


def test_ones_own_phone_is_remembered_for_thirty_days_however_long_it_lies_about(demo: Clinic, leila: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        phone, answer = signs_in(leila)
        assert answer.cookies["sessionid"]["max-age"] == 30 * DAY
        clock.shift(29 * DAY)
        assert is_in(phone)
        clock.shift(2 * DAY)
        assert not is_in(phone)


def test_a_shared_phone_forgets_within_ten_minutes_and_when_the_browser_closes(demo: Clinic, leila: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        phone, answer = signs_in(leila, is_shared="on")
        assert answer.cookies["sessionid"]["max-age"] == ""
        clock.shift(9 * MINUTE)
        assert is_in(phone)
        clock.shift(11 * MINUTE)
        assert not is_in(phone)


def test_nothing_of_a_shared_phone_is_kept_for_the_next_sign_in(demo: Clinic, leila: User) -> None:
    phone, _answer = signs_in(leila, is_shared="on")

    assert phone.session["is_shared_phone"] is True
    assert "remembered_until" not in phone.session
    assert phone.get("/account/passkey/").status_code == 404


def test_the_page_of_signing_in_says_that_nobody_touched_the_last_one(demo: Clinic, leila: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        phone, _answer = signs_in(leila, is_shared="on")
        assert is_in(phone)
        stranger = Client().get("/signin/code/").content.decode()
        clock.shift(11 * MINUTE)
        asked = phone.get("/account/", follow=True).content.decode()
        again = phone.get("/signin/code/", headers={"accept-language": "es"}).content.decode()

    assert "nobody touched the page for 10 minutes." in asked
    assert "nadie tocó la página durante 10 minutos." in again
    assert "nobody touched" not in stranger
    assert "hidden data-draft-kept" in stranger


def test_who_is_neither_remembered_nor_idle_is_out_after_a_working_day(demo: Clinic, receptionist: User) -> None:
    desk = Client()
    desk.force_login(receptionist)
    with time_machine.travel(NOW, tick=False):
        assert is_in(desk)
        for began, stays in ((NOW - 12 * HOUR + MINUTE, True), (NOW - 12 * HOUR, False)):
            session = desk.session
            session["began_at"] = began
            session.save()
            assert is_in(desk) is stays


def test_a_page_for_patients_sends_strangers_straight_to_the_code(demo: Clinic) -> None:
    assert Client().get("/me/visits/").url == "/signin/code/?next=/me/visits/"
    hidden = Client().get("/me/visits/", headers={"HX-Request": "true", "HX-Current-URL": "http://x/me/plan/"})
    assert hidden["HX-Redirect"] == "/signin/code/?next=/me/plan/"


@pytest.mark.parametrize(
    "path", ["/signin/", "/signin/code/", "/help/urgent/", "/a/x/", "/o/x/", "/f/x/", "/t/x/", "/"]
)
def test_no_page_at_all_is_stored_by_a_browser(path: str, demo: Clinic) -> None:
    assert "no-store" in Client().get(path)["Cache-Control"]


def test_signing_out_makes_a_patients_browser_throw_away_what_it_kept(
    demo: Clinic, leila: User, receptionist: User
) -> None:
    phone, _answer = signs_in(leila)
    desk = Client()
    desk.force_login(receptionist)

    left = phone.post("/signout/")
    assert (left["Clear-Site-Data"], left["Location"]) == ('"cache", "storage"', "/signin/code/")
    assert not desk.post("/signout/").has_header("Clear-Site-Data")
    assert not is_in(phone)


def test_after_the_code_a_patient_is_offered_a_passkey_and_only_soon_after(demo: Clinic, leila: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        phone, answer = signs_in(leila)
        offered = phone.get("/account/").content.decode()
        soon = phone.get("/account/passkey/").content.decode()
        clock.shift(2 * HOUR)
        later = phone.get("/account/passkey/").content.decode()
        refused = phone.post("/account/passkey/", {"name": "x", "credential": "{}"})

    assert answer.url == "/"
    assert "Use your fingerprint or face" in offered
    assert "Use this phone" in soon
    assert "You signed in a while ago." in later
    assert refused.url == "/account/passkey/"


def test_staff_add_their_passkeys_where_their_second_factor_is(demo: Clinic, receptionist: User) -> None:
    desk = Client()
    desk.force_login(receptionist)

    assert desk.get("/account/passkey/").status_code == 404
