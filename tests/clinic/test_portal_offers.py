"""Saying yes or no to an offered time by its link, and the patient's own wish."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from booking_cast import at, service
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_portal_patient, a_room
from office_cast import text
from plan_cast import an_open_flag
from portal_cast import Portal, a_portal, it_is, signed_in
from pytest_django import DjangoAssertNumQueries
from waiting_cast import a_gap, states, who_fits

from clinic.appointments.actions import booking, offers, waitlist
from clinic.appointments.models import Appointment, SlotOffer, WaitlistEntry
from patients.models import Patient
from people.models import AuditEvent

pytestmark = pytest.mark.django_db

WISH = "portal:wish"


@pytest.fixture(autouse=True)
def _monday_morning() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def portal() -> Portal:
    return a_portal()


def wait(portal: Portal, patient: Patient, **fields: Any) -> WaitlistEntry:
    day = NOW.date()
    can_make = waitlist.CanMake(from_on=day, until_on=day + timedelta(days=20))
    code = fields.pop("service_code", "review")
    return waitlist.add(patient, code, can_make, by=portal.rosa, now=NOW, on=day, **fields)


def offered(portal: Portal, **patients: Patient) -> list[SlotOffer]:
    """Wednesday at ten, called off by somebody, offered to Leila (who would give up Thursday) and to others."""
    wait(portal, portal.leila, visit=portal.visit)
    for patient in patients.values():
        wait(portal, patient)
    freed = portal.book(at(10, day=16), a_patient())
    gap = a_gap(booking.cancel(freed, reason="", by=portal.rosa, now=NOW))
    made = offers.offer_out(who_fits(gap), by=portal.rosa, now=NOW)
    return sorted(made, key=lambda it: it.entry.patient_id != portal.leila.pk)


def link(offer: SlotOffer) -> str:
    return reverse("portal:offer", args=[offer.link_token])


def test_looking_at_an_offer_changes_nothing_and_says_nothing_clinical(portal: Portal, client: Client) -> None:
    (mine,) = offered(portal)

    page = client.get(link(mine))

    said = text(page)
    assert "A time is free, Leila" in said
    assert "Wednesday 16 September" in said
    assert "12 Elm Street" in said
    for hidden in ("Rahimi", "Review", "Sara", "Haddad", service().name):
        assert hidden not in said
    assert states(mine) == ["open"]
    assert AuditEvent.objects.filter(deed="waitlist.offer_opened").count() == 1


def test_a_yes_moves_the_later_visit_to_the_offered_time(portal: Portal, client: Client) -> None:
    (mine,) = offered(portal)

    answer = client.post(link(mine), {"do": "yes"}, follow=True)

    assert "It is yours, Leila" in text(answer)
    visit = Appointment.objects.get(pk=portal.visit.pk)
    assert (visit.starts_at, visit.status) == (at(10, day=16), "confirmed")
    assert "It is yours, Leila" in text(client.get(link(mine)))  # the link shows how it stands


def test_whoever_is_second_is_told_that_it_has_gone_and_of_three_more(portal: Portal, client: Client) -> None:
    mine, others = offered(portal, other=a_patient(email="o@example.org"))
    client.post(link(mine), {"do": "yes"})

    late = client.post(link(others), {"do": "yes"}, follow=True)

    said = text(late)
    assert "That time has gone" in said
    assert "Here are 3 more" in said
    assert "Call us to have one of them." in said
    assert "Call +1 202-555-0100" in said
    assert "You stay on our list." in said
    assert states(mine, others) == ["taken", "gone"]


def test_a_no_can_be_changed_into_a_yes_while_nobody_else_took_it(portal: Portal, client: Client) -> None:
    (mine,) = offered(portal)
    client.post(link(mine), {"do": "no"})
    page = text(client.get(link(mine)))
    client.post(link(mine), {"do": "yes"})

    assert "You said no. You may still take it." in page
    assert states(mine) == ["taken"]


def test_an_offer_that_has_lapsed_is_gone(portal: Portal, client: Client) -> None:
    (mine,) = offered(portal)

    with it_is(mine.lapses_at):
        answer = client.post(link(mine), {"do": "yes"}, follow=True)

    assert "That time has gone" in text(answer)
    assert Appointment.objects.get(pk=portal.visit.pk).starts_at == at(10, 30, day=17)


def test_old_and_unknown_links_are_answered_in_the_same_bytes(portal: Portal, client: Client) -> None:
    (mine,) = offered(portal)
    unknown = client.get(reverse("portal:offer", args=["no-such-token"]))
    forged = client.get(reverse("portal:offer", args=[f"{mine.pk.hex}:forged"]))
    of_a_visit = client.get(reverse("portal:offer", args=[portal.visit.link_token]))
    with it_is(mine.starts_at + timedelta(days=1)):
        old = client.get(link(mine))
    Patient.objects.filter(pk=portal.leila.pk).update(archived_at=NOW)
    closed = client.get(link(mine))

    answers = [unknown, forged, of_a_visit, old, closed]
    assert [it.status_code for it in answers] == [404] * 5
    assert len({it.content for it in answers}) == 1


def test_links_are_not_tried_without_end(portal: Portal, client: Client) -> None:
    url = reverse("portal:offer", args=["no-such-token"])

    assert [client.get(url).status_code for _ in range(121)][-2:] == [404, 429]


def test_who_needs_a_clinician_first_is_only_asked_to_call(portal: Portal, client: Client) -> None:
    a_room("Gym", "room_gym")
    wait(portal, portal.leila, service_code="exercise_program")
    freed = booking.cancel(portal.book(at(10, day=16), a_patient()), reason="", by=portal.rosa, now=NOW)
    (mine,) = offers.offer_out(who_fits(a_gap(freed)), by=portal.rosa, now=NOW)
    an_open_flag(portal.leila)

    answer = client.post(link(mine), {"do": "yes"})

    said = text(answer)
    assert "Please call us." in said
    assert "linician" not in said
    assert states(mine) == ["open"]


def test_a_patient_asks_for_a_sooner_time_and_takes_it_back(portal: Portal) -> None:
    client = portal.client
    page = client.get(reverse(WISH))
    typed = {"what": f"visit:{portal.visit.pk}", "weekdays": ["1", "2"], "half": "morning"}
    answer = client.post(reverse(WISH), typed, follow=True)
    entry = WaitlistEntry.objects.get()
    shown = text(client.get(reverse(WISH)))
    client.post(reverse(WISH), {"withdraw": str(entry.pk)})

    assert "Sooner than Thursday 17 September" in text(page)
    assert "You are on our list." in text(answer)
    assert (entry.visit, entry.weekdays, str(entry.latest), entry.added_by) == (
        portal.visit,
        [1, 2],
        "12:00:00",
        portal.leila.user,
    )
    assert "You keep your visit on Thursday 17 September until you take a sooner one." in shown
    assert WaitlistEntry.objects.get().closed_because == "withdrawn"


def test_a_patient_waits_for_what_the_plan_asks_for(portal: Portal) -> None:
    page = portal.client.get(reverse(WISH))
    choices = re.findall(r'value="(session:[^"]+)"', page.content.decode())

    portal.client.post(reverse(WISH), {"what": choices[0], "half": ""})

    entry = WaitlistEntry.objects.get()
    assert entry.session
    assert (f"session:{entry.session.pk}", entry.session.modality) == (choices[0], entry.service_code)


def test_a_wish_for_nothing_is_refused_in_words(portal: Portal) -> None:
    answer = portal.client.post(reverse(WISH), {"what": "visit:7"})

    assert answer.status_code == 409
    assert "There is a problem" in text(answer)
    assert not WaitlistEntry.objects.exists()


def test_nobody_takes_another_patient_off_the_list(portal: Portal) -> None:
    entry = wait(portal, portal.leila)
    stranger = a_portal_patient(family_name="Other")

    signed_in(stranger.user).post(reverse(WISH), {"withdraw": str(entry.pk)})

    assert WaitlistEntry.objects.waiting().get() == entry


def test_the_pages_ask_a_fixed_number_of_questions(
    portal: Portal, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mine, others = offered(portal, other=a_patient(email="o@example.org"))
    with django_assert_num_queries(4):
        client.get(link(others))
    offers.accept(mine, by=None, now=NOW)
    with django_assert_num_queries(12):  # one of them for the visit she would give up
        client.get(link(others))
