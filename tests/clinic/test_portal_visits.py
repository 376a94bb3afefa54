"""Saying yes, choosing another time, calling off, signed in."""

from datetime import timedelta

import pytest
from booking_cast import at
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from factories import NOW, a_portal_patient
from portal_cast import A_DAY, THURSDAY, Portal, a_portal, it_is, signed_in

from clinic.appointments.actions import availability, booking
from clinic.appointments.models import Appointment, BookingPolicy
from people.models import AuditEvent

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20


@pytest.fixture
def portal() -> Portal:
    return a_portal()


def url_of(visit: Appointment) -> str:
    return reverse("portal:visit_change", args=[visit.pk])


def an_offer(portal: Portal) -> availability.Offer:
    offers = availability.free_times(
        portal.visit.service, patient=portal.leila, first=at(0, day=18).date(), days=1, now=NOW, clinician=portal.sara
    )
    return offers[0]


def test_a_patient_says_yes_to_a_visit(portal: Portal) -> None:
    with it_is(NOW):
        answer = portal.client.post(
            url_of(portal.visit), {"do": "confirm", "revision": portal.visit.revision}, follow=True
        )

    assert portal.stored().status == "confirmed"
    assert "You said you will be there." in answer.content.decode()
    assert AuditEvent.objects.get(deed="appointment.confirmed").by == portal.leila.user


def test_a_patient_moves_a_visit_to_a_free_time_with_the_same_clinician(portal: Portal) -> None:
    offer = an_offer(portal)
    with it_is(NOW):
        choices = portal.client.get(url_of(portal.visit)).content.decode()
        question = portal.client.get(url_of(portal.visit), {"offer": offer.code}).content.decode()
        asked_only = portal.stored().starts_at
        typed = {"do": "move", "offer": offer.code, "revision": portal.visit.revision}
        portal.client.post(url_of(portal.visit), typed)

    assert "Friday 18 September" in choices
    assert "You keep the old time until the new one is certain." in question
    assert asked_only == THURSDAY
    assert (portal.stored().starts_at, portal.stored().clinician) == (offer.starts_at, portal.sara)


def test_a_time_taken_meanwhile_leaves_the_old_one_standing(portal: Portal) -> None:
    offer = an_offer(portal)
    portal.book(offer.starts_at, a_portal_patient(family_name="Quick"))

    with it_is(NOW):
        typed = {"do": "move", "offer": offer.code, "revision": portal.visit.revision}
        html = portal.client.post(url_of(portal.visit), typed).content.decode()

    assert "There is a problem" in html
    assert "Choose another time" in html
    assert portal.stored().starts_at == THURSDAY


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

    for url in (url_of(portal.visit), portal.link):
        with it_is(NOW):
            html = portal.client.post(url, {"do": "confirm", "revision": seen}).content.decode()

        assert "changed this visit a moment ago" in html
        assert portal.stored().status == "booked"


def test_a_patient_calls_a_visit_off_after_being_asked(portal: Portal) -> None:
    with it_is(NOW):
        question = portal.client.get(url_of(portal.visit), {"cancel": "1"}).content.decode()
        asked_only = portal.what_stands()
        portal.client.post(url_of(portal.visit), {"do": "cancel", "revision": portal.visit.revision})

    assert "Cancel your visit?" in question
    assert asked_only == ("booked", portal.visit.revision, 3)
    assert portal.what_stands()[0::2] == ("cancelled", 0)


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
    assert portal.what_stands() == ("booked", portal.visit.revision, 3)


@pytest.mark.parametrize(("hours", "may"), [(30, True), (48, False)])
def test_how_late_a_patient_may_change_a_visit_is_the_clinics_own_rule(hours: int, may: bool, portal: Portal) -> None:
    BookingPolicy.objects.create(change_until_hours=hours)
    with it_is(THURSDAY - timedelta(hours=36)):
        shown = portal.client.get(url_of(portal.visit)).content.decode()
        refused = portal.client.post(url_of(portal.visit), {"do": "cancel", "revision": portal.visit.revision})

    assert ("Cancel this visit" in shown) is may
    assert ("Your visit is less than 48 hours away." in shown) is not may
    assert portal.stored().status == ("cancelled" if may else "booked")
    assert may or "less than 48 hours away" in refused.content.decode()


@pytest.mark.parametrize("code", ["", "rubbish", "20260918T1300"])
def test_an_address_made_up_by_hand_moves_nothing(code: str, portal: Portal) -> None:
    with it_is(NOW):
        answer = portal.client.post(
            url_of(portal.visit), {"do": "move", "offer": code, "revision": portal.visit.revision}
        )

    assert answer.status_code == 404
    assert portal.stored().starts_at == THURSDAY


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


def test_another_patient_never_reaches_my_visit_by_its_id(portal: Portal) -> None:
    other = signed_in(a_portal_patient(family_name="Other").user)

    with it_is(NOW):
        for url in (url_of(portal.visit), reverse("portal:exercise", args=[portal.plan.exercises.all()[0].pk])):
            assert other.get(url).status_code == 404
            for do in ("confirm", "cancel", "move", "tick", "undo"):
                assert other.post(url, {"do": do, "revision": portal.visit.revision}).status_code == 404

    assert portal.what_stands() == ("booked", portal.visit.revision, 3)


def test_another_patient_sees_nothing_of_mine_on_her_own_pages(portal: Portal) -> None:
    other = signed_in(a_portal_patient(family_name="Other", given_name="Mara").user)

    with it_is(NOW):
        for name in ("today", "plan", "visits", "settings"):
            html = other.get(reverse(f"portal:{name}")).content.decode()
            assert [it for it in ("Leila", "17 September", "Calm and protect", "belly") if it in html] == [], name
