"""Saying yes and calling off by the link in a message, without signing in."""

from datetime import timedelta

import pytest
from django.test import Client
from factories import NOW
from portal_cast import A_DAY, THURSDAY, Portal, a_portal, it_is

from people.models import AuditEvent
from programs.rules.rulebook import rulebook

pytestmark = pytest.mark.django_db


@pytest.fixture
def portal() -> Portal:
    return a_portal()


def test_the_link_shows_when_and_where_and_nothing_clinical(portal: Portal) -> None:
    with it_is(NOW):
        html = Client().get(portal.link).content.decode()

    for shown in ("Leila", "Thursday 17 September", "10:30am", "12 Elm Street", "Booked.", "I will be there"):
        assert shown in html
    assert "not said" not in html  # who booked it has said that she comes
    words = {portal.visit.service.name, portal.leila.family_name, portal.sara.name, portal.plan.name}
    words |= {it.name for it in rulebook().modalities.values()}
    assert [word for word in words if word.lower() in html.lower()] == []


def test_the_link_says_yes_without_signing_in(portal: Portal) -> None:
    with it_is(NOW):
        answer = Client().post(portal.link, {"do": "confirm", "revision": portal.visit.revision}, follow=True)

    assert "You said you will be there." in answer.content.decode()
    assert portal.stored().status == "confirmed"
    assert AuditEvent.objects.get(deed="appointment.confirmed_by_link").by is None


def test_the_link_calls_off_only_after_asking(portal: Portal) -> None:
    client = Client()
    with it_is(NOW):
        question = client.get(portal.link, {"cancel": "1"}).content.decode()
        asked_only = portal.what_stands()
        answer = client.post(portal.link, {"do": "cancel", "revision": portal.visit.revision}, follow=True)

    assert "Change or cancel your visit?" in question
    assert asked_only[0] == "booked"
    assert "This visit is cancelled." in answer.content.decode()
    assert portal.what_stands()[0::2] == ("cancelled", 0)


def test_a_mail_scanner_that_opens_the_link_changes_nothing(portal: Portal) -> None:
    before = portal.what_stands()

    with it_is(NOW):
        for query in ("", "?do=confirm", "?do=cancel", "?cancel=1"):
            Client().get(portal.link + query)
            Client().head(portal.link + query)

    assert portal.what_stands() == before


def test_on_the_last_day_the_link_does_not_call_off(portal: Portal) -> None:
    with it_is(THURSDAY - timedelta(hours=23)):
        shown = Client().get(portal.link).content.decode()
        Client().post(portal.link, {"do": "cancel", "revision": portal.visit.revision})

    assert "Please call" in shown
    assert portal.stored().status == "booked"


def test_a_link_too_old_and_one_that_never_was_answer_in_the_same_bytes(portal: Portal) -> None:
    token = portal.visit.link_token
    with it_is(portal.stored().ends_at + A_DAY + timedelta(seconds=1)):
        answers = [
            Client().get(f"/{door}/{it}/")
            for door in ("a", "f")
            for it in (token, "never-was", token[:-2] + "xx", portal.visit.pk.hex)
        ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert "This link has stopped working" in answers[0].content.decode()


def test_the_link_of_a_patient_who_has_died_stops_working(portal: Portal) -> None:
    portal.leila.died_on = NOW.date()
    portal.leila.save()

    with it_is(NOW):
        assert Client().get(portal.link).status_code == 404


def test_a_changed_letter_in_the_link_opens_nothing(portal: Portal) -> None:
    token = portal.visit.link_token
    for place in (0, len(token) // 2, len(token) - 1):
        other = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with it_is(NOW):
            assert Client().get(f"/a/{other}/").status_code == 404


def test_who_tries_links_all_day_is_asked_to_wait(portal: Portal) -> None:
    client = Client()
    with it_is(NOW):
        codes = [client.get("/a/guess/").status_code for _ in range(121)]

    assert codes[:120] == [404] * 120
    assert codes[120] == 429
