"""Saying yes, choosing another time, calling off: signed in, and by the link in a message."""

from datetime import timedelta

import pytest
from booking_cast import at
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from factories import NOW, a_portal_patient
from portal_cast import A_DAY, THURSDAY, Portal, a_portal, it_is, signed_in

from clinic.appointments.actions import availability, booking
from clinic.appointments.models import Appointment, BookingPolicy
from people.models import AuditEvent
from programs.rules.rulebook import rulebook

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20


@pytest.fixture
def portal() -> Portal:
    return a_portal()


def url_of(visit: Appointment) -> str:
    return reverse("portal:visit_change", args=[visit.pk])


def link_of(visit: Appointment) -> str:
    return reverse("portal:link", args=[visit.link_token])


def an_offer(portal: Portal) -> availability.Offer:
    offers = availability.free_times(
        portal.visit.service, patient=portal.leila, first=at(0, day=18).date(), days=1, now=NOW, clinician=portal.sara
    )
    return offers[0]


def fresh(portal: Portal) -> Appointment:
    return Appointment.objects.get(pk=portal.visit.pk)


def what_stands(portal: Portal) -> tuple[str, int, int]:
    visit = fresh(portal)
    return visit.status, visit.revision, visit.holds.count()


def test_a_patient_says_yes_to_a_visit(portal: Portal) -> None:
    with it_is(NOW):
        answer = portal.client.post(
            url_of(portal.visit), {"do": "confirm", "revision": portal.visit.revision}, follow=True
        )

    assert fresh(portal).status == "confirmed"
    assert "You said you will be there." in answer.content.decode()
    assert AuditEvent.objects.get(deed="appointment.confirmed").by == portal.leila.user


def test_a_patient_moves_a_visit_to_a_free_time_with_the_same_clinician(portal: Portal) -> None:
    offer = an_offer(portal)
    with it_is(NOW):
        choices = portal.client.get(url_of(portal.visit)).content.decode()
        question = portal.client.get(url_of(portal.visit), {"offer": offer.code}).content.decode()
        asked_only = fresh(portal).starts_at
        typed = {"do": "move", "offer": offer.code, "revision": portal.visit.revision}
        portal.client.post(url_of(portal.visit), typed)

    assert "Friday 18 September" in choices
    assert "You keep the old time until the new one is certain." in question
    assert asked_only == THURSDAY
    assert (fresh(portal).starts_at, fresh(portal).clinician) == (offer.starts_at, portal.sara)


def test_a_time_taken_meanwhile_leaves_the_old_one_standing(portal: Portal) -> None:
    offer = an_offer(portal)
    portal.book(offer.starts_at, a_portal_patient(family_name="Quick"))

    with it_is(NOW):
        typed = {"do": "move", "offer": offer.code, "revision": portal.visit.revision}
        html = portal.client.post(url_of(portal.visit), typed).content.decode()

    assert "There is a problem" in html
    assert "Choose another time" in html
    assert fresh(portal).starts_at == THURSDAY


def test_a_yes_to_a_time_the_clinic_has_moved_since_does_not_count(portal: Portal) -> None:
    seen = portal.visit.revision
    booking.move(
        portal.visit,
        starts_at=THURSDAY + A_DAY,
        resources=(portal.sara, portal.room),
        revision=seen,
        by=portal.rosa,
        now=NOW,
    )

    for url in (url_of(portal.visit), link_of(portal.visit)):
        with it_is(NOW):
            html = portal.client.post(url, {"do": "confirm", "revision": seen}).content.decode()

        assert "changed this visit a moment ago" in html
        assert fresh(portal).status == "booked"


def test_a_patient_calls_a_visit_off_after_being_asked(portal: Portal) -> None:
    with it_is(NOW):
        question = portal.client.get(url_of(portal.visit), {"cancel": "1"}).content.decode()
        asked_only = what_stands(portal)
        portal.client.post(url_of(portal.visit), {"do": "cancel", "revision": portal.visit.revision})

    assert "Cancel your visit?" in question
    assert asked_only == ("booked", portal.visit.revision, 3)
    assert what_stands(portal)[0::2] == ("cancelled", 0)


@pytest.mark.parametrize("do", ["cancel", "move"])
def test_on_the_last_day_the_patient_is_asked_to_call(do: str, portal: Portal) -> None:
    offer = an_offer(portal)
    with it_is(THURSDAY - timedelta(hours=23)):
        shown = portal.client.get(url_of(portal.visit)).content.decode()
        typed = {"do": do, "offer": offer.code, "revision": portal.visit.revision}
        refused = portal.client.post(url_of(portal.visit), typed).content.decode()

    assert "Please call" in shown
    assert "Cancel this visit" not in shown
    assert "Please call us" in refused
    assert what_stands(portal) == ("booked", portal.visit.revision, 3)


@pytest.mark.parametrize(("hours", "may"), [(30, True), (48, False)])
def test_how_late_a_patient_may_change_a_visit_is_the_clinics_own_rule(hours: int, may: bool, portal: Portal) -> None:
    BookingPolicy.objects.create(change_until_hours=hours)
    with it_is(THURSDAY - timedelta(hours=36)):
        shown = portal.client.get(url_of(portal.visit)).content.decode()
        refused = portal.client.post(url_of(portal.visit), {"do": "cancel", "revision": portal.visit.revision})

    assert ("Cancel this visit" in shown) is may
    assert ("Your visit is less than 48 hours away." in shown) is not may
    assert fresh(portal).status == ("cancelled" if may else "booked")
    assert may or "less than 48 hours away" in refused.content.decode()


@pytest.mark.parametrize("code", ["", "rubbish", "20260918T1300"])
def test_an_address_made_up_by_hand_moves_nothing(code: str, portal: Portal) -> None:
    with it_is(NOW):
        answer = portal.client.post(
            url_of(portal.visit), {"do": "move", "offer": code, "revision": portal.visit.revision}
        )

    assert answer.status_code == 404
    assert fresh(portal).starts_at == THURSDAY


def test_a_longer_visit_is_shown_only_times_that_hold_all_of_it(portal: Portal) -> None:
    longer = booking.move(
        portal.visit,
        starts_at=THURSDAY,
        resources=(portal.sara, portal.room),
        revision=portal.visit.revision,
        by=portal.rosa,
        now=NOW,
        minutes=60,
    )
    first, second = at(9, day=18), at(9, 45, day=18)
    portal.book(second, a_portal_patient(family_name="Next"))

    with it_is(NOW):
        days = {it.on: it.offers for it in portal.client.get(url_of(longer)).context["found"].days}

    friday = {it.starts_at: it.ends_at - it.starts_at for it in days[first.date()]}
    assert first not in friday
    assert set(friday.values()) == {timedelta(minutes=60)}


def test_the_list_of_visits_costs_the_same_for_one_and_for_many(portal: Portal) -> None:
    client, costs = portal.client, []
    with it_is(NOW):
        client.get("/me/visits/")
        for visits in (1, 12):
            with CaptureQueriesContext(connection) as asked:
                html = client.get("/me/visits/").content.decode()
            costs.append(len(asked))
            assert html.count("visitcard") == visits
            for n in range(12 - visits):
                portal.book(at(14, 0, day=18) + timedelta(days=7 * n))

    assert costs[0] == costs[1] <= MOST_QUERIES


def test_with_nothing_booked_the_page_says_what_is_due(portal: Portal) -> None:
    booking.cancel(portal.visit, reason="x", by=portal.rosa, now=NOW)

    with it_is(NOW):
        html = portal.client.get("/me/visits/").content.decode()

    assert "No visits booked" in html
    assert "Due and not booked yet" in html
    assert '<span class="muted">due now</span>' in html  # from today on: nothing to wait for


# The link in a message


def test_the_link_shows_when_and_where_and_nothing_clinical(portal: Portal) -> None:
    with it_is(NOW):
        html = Client().get(link_of(portal.visit)).content.decode()

    for shown in ("Leila", "Thursday 17 September", "10:30am", "12 Elm Street", "Booked.", "I will be there"):
        assert shown in html
    assert "not said" not in html  # who booked it has said that she comes
    words = {portal.visit.service.name, portal.leila.family_name, portal.sara.name, portal.plan.name}
    words |= {it.name for it in rulebook().modalities.values()}
    assert [word for word in words if word.lower() in html.lower()] == []


def test_the_link_says_yes_without_signing_in(portal: Portal) -> None:
    with it_is(NOW):
        answer = Client().post(link_of(portal.visit), {"do": "confirm", "revision": portal.visit.revision}, follow=True)

    assert "You said you will be there." in answer.content.decode()
    assert fresh(portal).status == "confirmed"
    assert AuditEvent.objects.get(deed="appointment.confirmed_by_link").by is None


def test_the_link_calls_off_only_after_asking(portal: Portal) -> None:
    client = Client()
    with it_is(NOW):
        question = client.get(link_of(portal.visit), {"cancel": "1"}).content.decode()
        asked_only = what_stands(portal)
        answer = client.post(link_of(portal.visit), {"do": "cancel", "revision": portal.visit.revision}, follow=True)

    assert "Change or cancel your visit?" in question
    assert asked_only[0] == "booked"
    assert "This visit is cancelled." in answer.content.decode()
    assert what_stands(portal)[0::2] == ("cancelled", 0)


def test_a_mail_scanner_that_opens_the_link_changes_nothing(portal: Portal) -> None:
    before = what_stands(portal)

    with it_is(NOW):
        for query in ("", "?do=confirm", "?do=cancel", "?cancel=1"):
            Client().get(link_of(portal.visit) + query)
            Client().head(link_of(portal.visit) + query)

    assert what_stands(portal) == before


def test_on_the_last_day_the_link_does_not_call_off(portal: Portal) -> None:
    with it_is(THURSDAY - timedelta(hours=23)):
        shown = Client().get(link_of(portal.visit)).content.decode()
        Client().post(link_of(portal.visit), {"do": "cancel", "revision": portal.visit.revision})

    assert "Please call" in shown
    assert fresh(portal).status == "booked"


def test_a_link_too_old_and_one_that_never_was_answer_in_the_same_bytes(portal: Portal) -> None:
    token = portal.visit.link_token
    with it_is(fresh(portal).ends_at + A_DAY + timedelta(seconds=1)):
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
        assert Client().get(link_of(portal.visit)).status_code == 404


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


def test_another_patient_never_reaches_my_visit_by_its_id(portal: Portal) -> None:
    other = signed_in(a_portal_patient(family_name="Other").user)

    with it_is(NOW):
        for url in (url_of(portal.visit), reverse("portal:exercise", args=[portal.plan.exercises.all()[0].pk])):
            assert other.get(url).status_code == 404
            for do in ("confirm", "cancel", "move", "tick", "undo"):
                assert other.post(url, {"do": do, "revision": portal.visit.revision}).status_code == 404

    assert what_stands(portal) == ("booked", portal.visit.revision, 3)


def test_another_patient_sees_nothing_of_mine_on_her_own_pages(portal: Portal) -> None:
    other = signed_in(a_portal_patient(family_name="Other", given_name="Mara").user)

    with it_is(NOW):
        for name in ("today", "plan", "visits", "settings"):
            html = other.get(reverse(f"portal:{name}")).content.decode()
            assert [it for it in ("Leila", "17 September", "Calm and protect", "belly") if it in html] == [], name
