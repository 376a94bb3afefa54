"""My visits in my own calendar: at an address that nobody guesses, until I take it back."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient
from icalendar import Calendar
from portal_cast import THURSDAY, Portal, a_portal, it_is

from clinic.appointments.actions import booking
from clinic.reminders.models import CalendarFeed
from people.models import AuditEvent

pytestmark = pytest.mark.django_db
PAGE = "/me/calendar/"


@pytest.fixture
def portal() -> Portal:
    return a_portal()


def an_address(portal: Portal) -> str:
    client = portal.client
    with it_is(NOW):
        client.post(PAGE, {"do": "make"})
        page = client.get(PAGE).content.decode()
    address = page.split('type="url" readonly value="')[1].split('"')[0]
    assert f"webcal://{address.partition('://')[2]}" in page
    return address[address.index("/calendar/") :]


def events(answer: Any) -> dict[str, dict[str, str]]:
    assert answer.status_code == 200
    return {
        str(it["UID"]).partition("@")[0]: {"at": it.start.isoformat()}
        | {name: str(it[name]) for name in ("SEQUENCE", "STATUS", "SUMMARY")}
        for it in Calendar.from_ical(answer.content).walk("VEVENT")
    }


def test_a_visit_that_moves_moves_in_the_calendar_and_a_cancelled_one_goes(portal: Portal) -> None:
    address, uid = an_address(portal), str(portal.visit.pk)
    later = portal.book(THURSDAY + timedelta(days=7))
    with it_is(NOW):
        before = events(Client().get(address))[uid]
    moved_to = THURSDAY - timedelta(hours=1)
    booking.move(
        portal.visit, starts_at=moved_to, resources=(portal.sara, portal.room), revision=0, by=portal.rosa, now=NOW
    )
    booking.cancel(later, reason="other", by=portal.rosa, now=NOW)

    with it_is(NOW):
        answer = Client().get(address)

    after = events(answer)
    assert before == {
        "at": THURSDAY.isoformat(),
        "SEQUENCE": "0",
        "STATUS": "CONFIRMED",
        "SUMMARY": "Visit at Northgate",
    }
    assert after[uid]["at"] == moved_to.isoformat()
    assert int(after[uid]["SEQUENCE"]) > int(before["SEQUENCE"])
    assert after[str(later.pk)]["STATUS"] == "CANCELLED"
    assert len(after) == 2


def test_the_calendar_says_nothing_about_health_and_nothing_of_others(portal: Portal) -> None:
    address = an_address(portal)
    other = portal.book(THURSDAY + timedelta(days=1), a_patient(given_name="Zebedee"))

    with it_is(NOW):
        file = Client().get(address).content.decode()

    visit = portal.visit
    for hidden in (portal.leila.family_name, portal.leila.given_name, portal.sara.name, visit.service_code, "Zebedee"):
        assert hidden.lower() not in file.lower()
    assert str(other.pk) not in file
    assert "METHOD" not in file
    assert "12 Elm Street" in file


def test_an_address_taken_back_answers_like_one_that_never_was(portal: Portal) -> None:
    first, second = an_address(portal), an_address(portal)
    with it_is(NOW):
        assert Client().get(second).status_code == 200
        portal.client.post(PAGE, {"do": "revoke"})

        answers = [Client().get(url) for url in (first, second, "/calendar/" + "x" * 43 + ".ics")]

    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert CalendarFeed.objects.working().count() == 0
    deeds = AuditEvent.objects.filter(deed__startswith="calendar.").order_by("pk").values_list("deed", flat=True)
    assert [deed.removeprefix("calendar.") for deed in deeds] == ["made", "made", "read", "revoked"]
    assert second.split("/")[-1].removesuffix(".ics") not in str(list(CalendarFeed.objects.values()))


def test_a_closed_record_has_no_calendar(portal: Portal) -> None:
    address = an_address(portal)
    portal.leila.archived_at = NOW
    portal.leila.save()

    assert Client().get(address).status_code == 404


def test_a_calendar_that_has_it_already_is_told_so(portal: Portal) -> None:
    address = an_address(portal)
    with it_is(NOW):
        first = Client().get(address)
        again = Client().get(address, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert first["Cache-Control"] == "private, no-cache"
    assert first["Content-Type"] == "text/calendar; charset=utf-8"


def test_guessing_and_flooding_are_answered_with_wait(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    address = an_address(portal)

    feed = CalendarFeed.objects.working().get()
    for what, times in [("calendar-guess:127.0.0.1", 29), (f"calendar:{feed.pk}", 119)]:
        cache.set(f"tries:{what}", times, 60)

    guesses = [Client().get(f"/calendar/{n}.ics").status_code for n in range(2)]
    with it_is(NOW):
        reads = [Client().get(address).status_code for _ in range(2)]

    assert (guesses, reads) == ([404, 429], [200, 429])
    assert address not in caplog.text  # the address is the key: no log may hold it


def test_after_signing_in_there_is_a_file_of_one_visit_and_of_all(portal: Portal) -> None:
    portal.book(THURSDAY + timedelta(days=7))
    others = portal.book(THURSDAY + timedelta(days=1), a_patient())
    client = portal.client

    with it_is(NOW):
        assert len(events(client.get("/me/calendar/visits.ics"))) == 2
        assert set(events(client.get(reverse("portal:visit_file", args=[portal.visit.pk])))) == {str(portal.visit.pk)}
        assert client.get(reverse("portal:visit_file", args=[others.pk])).status_code == 404
        assert Client().get("/me/calendar/visits.ics").status_code == 302


def test_a_new_secret_key_asks_for_a_new_address_and_keeps_the_old_one_working(portal: Portal, settings: Any) -> None:
    address = an_address(portal)
    client = portal.client
    feed = CalendarFeed.objects.working().get()

    CalendarFeed.objects.filter(pk=feed.pk).update(token_digest="0" * 64)  # as if made under another key
    with it_is(NOW):
        page = client.get(PAGE).content.decode()

    assert "Make my address" in page
    assert Client().get(address).status_code == 404
