"""What somebody tries who has a patient's phone, an old session, or a link that is not theirs."""

import logging
import re
from importlib import import_module
from typing import Any
from urllib.parse import quote

import pytest
from architecture.test_matrix import DOORS, GUARDED, somebody_elses
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from factories import a_portal_patient
from portal_cast import signed_in

from people.models import User
from people.rules.permissions import Permission

__all__ = ["somebody_elses"]
PORTAL = [door for door in GUARDED if door.permission in {None, Permission.OWN_RECORD}]
LINKS = [door for door in DOORS if {"token", "key"} & set(door.keys)]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SECRET = "Hidden-Secret_0123456789"


def test_no_answer_to_a_patient_stays_in_a_store_or_tells_where_she_comes_from(somebody_elses: dict[str, Any]) -> None:
    client = signed_in(a_portal_patient().user)
    client.raise_request_exception = False
    kept = {}
    for door in (it for it in PORTAL if not it.keys):
        answer = client.get(door.url(somebody_elses))
        kept[door.name] = "no-store" in answer.get("Cache-Control", ""), answer["Referrer-Policy"]

    assert len(kept) >= 15
    assert set(kept.values()) == {(True, "same-origin")}, kept


@pytest.mark.parametrize("door", LINKS, ids=lambda door: door.name)
def test_the_secret_of_a_link_is_neither_kept_nor_logged(
    door: Any, somebody_elses: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    handler = next(it for it in logging.getLogger().handlers if type(it).__name__ == "StreamHandler" and it.filters)
    url = door.url(somebody_elses | {"token": SECRET, "key": SECRET})

    with caplog.at_level(logging.DEBUG):
        answer = Client().get(url)
        logging.getLogger("django.request").warning("Not Found: %s", url)

    for record in caplog.records:
        handler.filter(record)
        assert SECRET not in handler.format(record)
    assert "***" in handler.format(caplog.records[-1])
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("door", [door for door in LINKS if door.keys == ("token",)], ids=lambda door: door.name)
def test_no_answer_helps_to_guess_a_link(door: Any, db: None) -> None:
    tries = ["x" * 10, "x" * 300, SECRET, f"{SECRET}:{'a' * 43}", "%00%00%00%00", "é" * 9, "0" * 32]

    answers = [(it, Client().get(door.url({"token": it}))) for it in tries]
    # A page may say again where it was asked for, and its form has a token that is new each time.
    said = {
        (it.status_code, re.sub(rb"[A-Za-z0-9]{64}", b"", it.content.replace(quote(token).encode(), b"")))
        for token, it in answers
    }

    assert len(said) == 1


def test_an_old_session_opens_nothing_after_signing_out_anywhere_or_being_closed(db: None) -> None:
    patient = a_portal_patient()
    assert patient.user
    here, elsewhere = Client(), Client()
    for device in (here, elsewhere):
        device.force_login(patient.user, backend=BACKEND)
        assert device.get("/me/").status_code == 200
    stolen = elsewhere.cookies[settings.SESSION_COOKIE_NAME].value

    elsewhere.post(reverse("account_logout"))
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = stolen

    assert thief.get("/me/").status_code == 302
    User.objects.filter(pk=patient.user.pk).update(is_active=False)
    assert here.get("/me/").status_code == 302, "at the next click, not when the session ends"


def test_signing_out_everywhere_ends_the_other_phone_at_its_next_click(db: None) -> None:
    patient = a_portal_patient()
    assert patient.user
    here, elsewhere = Client(), Client()
    for device in (here, elsewhere):
        device.post("/signin/code/", {"email": patient.user.email})
        code = re.search(r"^[A-Z0-9-]{4,}$", mail.outbox[-1].body, re.MULTILINE)
        assert code
        device.post("/signin/code/confirm/", {"code": code[0]})
        assert device.get("/me/").status_code == 200

    here.post(reverse("usersessions_list"))

    assert (here.get("/me/").status_code, elsewhere.get("/me/").status_code) == (200, 302)


def test_a_session_that_an_attacker_prepared_is_not_the_one_that_is_signed_in(db: None) -> None:
    patient = a_portal_patient()
    assert patient.user
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store["planted"] = "x"
    store.save()
    victim = Client()
    victim.cookies[settings.SESSION_COOKIE_NAME] = store.session_key

    victim.force_login(patient.user, backend=BACKEND)

    attacker = Client()
    attacker.cookies[settings.SESSION_COOKIE_NAME] = store.session_key
    assert victim.get("/me/").status_code == 200
    assert attacker.get("/me/").status_code == 302
