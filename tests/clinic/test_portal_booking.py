"""What is due is booked at home: by the clinic's own rules, in plain words, and for some minutes it can be undone."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from booking_cast import at
from django.db import connection
from django.test.utils import CaptureQueriesContext
from due_cast import BOOK, POSTURE, a_time, sent, session_of, shown, times
from factories import NOW, a_clinician, a_device, a_portal_patient, a_room
from plan_cast import an_open_flag
from portal_cast import A_DAY, Portal, a_portal, it_is, signed_in

from clinic.appointments.actions import booking
from clinic.appointments.models import Appointment, BookingPolicy
from clinic.appointments.rules.status import Status
from people.models import AuditEvent
from programs.models import ServiceSetting

pytestmark = pytest.mark.django_db
MOST_QUERIES = 34


@pytest.fixture
def portal() -> Portal:
    portal = a_portal()
    a_device()
    a_room("Laser room", "room_laser")
    return portal


def test_what_is_due_is_booked_with_book_a_time_and_yes(portal: Portal) -> None:
    what = str(session_of(portal).pk)

    assert f"{BOOK}?what={what}" in shown(portal, "/me/visits/")
    offer = a_time(portal, what)
    asked = shown(portal, what=what, offer=offer)
    status, _html = sent(portal, what, offer)

    assert "Book this visit?" in asked
    assert "You can change or cancel it here until 24 hours before." in asked
    visit = Appointment.objects.get(session=what)
    assert (status, visit.patient, visit.status) == (302, portal.leila, "booked")
    assert visit.news_at == NOW + timedelta(minutes=3)
    assert AuditEvent.objects.get(deed="appointment.booked", object_id=str(visit.pk)).by == portal.leila.user
    assert f"{BOOK}?what={what}" not in shown(portal, "/me/visits/")


def test_a_second_tap_on_yes_is_the_same_visit(portal: Portal) -> None:
    what, key = str(session_of(portal).pk), str(uuid4())
    offer = a_time(portal, what)

    for _ in range(2):
        assert sent(portal, what, offer, request_key=key)[0] == 302

    assert Appointment.objects.filter(session=what).count() == 1


def test_while_a_clinician_has_to_look_no_time_is_shown_and_nobody_reads_why(portal: Portal) -> None:
    what = str(session_of(portal, "laser_therapy").pk)
    offer = a_time(portal, what)
    an_open_flag(portal.leila)

    html = shown(portal, what=what)
    status, refused = sent(portal, what, offer)

    assert times(html) == []
    assert "Please call us first" in html
    assert status == 409
    for page in (html, refused):
        assert "We want to speak with you before this visit." in page
        assert [word for word in ("fever", "linician check", "flag", "unsafe") if word in page] == []
    assert not Appointment.objects.filter(session=what).exists()


def test_a_day_too_near_another_treatment_is_not_shown_and_not_given(portal: Portal) -> None:
    """Laser is given with a day between."""
    first, second = portal.plan.sessions.filter(modality="laser_therapy").order_by("due_on")[:2]
    assert sent(portal, str(first.pk), a_time(portal, str(first.pk)))[0] == 302
    taken = Appointment.objects.get(session=first).local_start.date()

    days = {offer.partition("T")[0] for offer in times(shown(portal, what=str(second.pk)))}

    assert f"{taken:%Y%m%d}" not in days


def test_somebody_elses_session_and_what_is_not_due_cannot_be_booked(portal: Portal) -> None:
    what = str(session_of(portal).pk)
    offer = a_time(portal, what)
    other = signed_in(a_portal_patient(family_name="Other").user)

    with it_is(NOW):
        answer = other.post(BOOK, {"what": what, "offer": offer})
        assert "Nothing is due" in other.get(BOOK).content.decode()
    ServiceSetting.objects.create(code=POSTURE, self_booking=False, changed_at=NOW, changed_by=portal.rosa)
    status, refused = sent(portal, what, offer)

    assert (answer.status_code, status) == (409, 409)
    assert "This visit cannot be booked here. Please call the clinic." in refused
    assert not Appointment.objects.filter(session=what).exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"portal_notice_hours": 400}, "That is too soon to be booked here."),
        ({"horizon_days": 1}, "further ahead than the clinic books"),
    ],
)
def test_the_clinics_own_rules_hold_for_a_time_made_up_by_hand(
    change: dict[str, int], words: str, portal: Portal
) -> None:
    what = str(session_of(portal).pk)
    offer = times(shown(portal, what=what))[-1]
    BookingPolicy.objects.create(**change)

    status, html = sent(portal, what, offer)

    assert (status, words in html) == (409, True)


def test_no_session_is_booked_before_it_is_due(portal: Portal) -> None:
    soon, later = portal.plan.sessions.filter(modality=POSTURE).order_by("due_from")
    soon.delete()

    days = {offer.partition("T")[0] for offer in times(shown(portal, what=str(later.pk)))}
    early = a_time(portal, str(later.pk)).replace(f"{later.due_from:%Y%m%d}", f"{NOW.date() + A_DAY:%Y%m%d}")

    assert min(days) >= f"{later.due_from:%Y%m%d}"
    assert sent(portal, str(later.pk), early)[0] == 409


def test_a_time_that_somebody_took_is_said_and_the_others_are_still_there(portal: Portal) -> None:
    what = str(session_of(portal).pk)
    offer = a_time(portal, what)
    portal.book(at(9, day=15), a_portal_patient(family_name="Quick"))
    starts = Appointment.objects.get(patient__family_name="Quick").starts_at
    offer = re.sub(r"^[^~]+", f"{starts:%Y%m%dT%H%M}", offer)

    status, html = sent(portal, what, offer)

    assert status == 409
    assert "Somebody else took that time a moment ago." in html
    assert times(html)


def test_with_whom_she_was_last_comes_first_and_others_are_a_tap_away(portal: Portal) -> None:
    what = str(session_of(portal).pk)
    a_clinician("Omar Nasser")
    rows = Appointment.objects.filter(pk=portal.visit.pk)
    rows.update(service_code=POSTURE, status=Status.DONE, starts_at=NOW - A_DAY, ends_at=NOW - A_DAY / 2)

    mine, everybody = shown(portal, what=what), shown(portal, what=what, people="all")

    assert "with <bdi>Sara Haddad</bdi>" in mine
    assert "See other people" in mine
    assert "See other people" not in everybody


def test_without_any_free_time_there_are_ways_on(portal: Portal) -> None:
    what = str(session_of(portal).pk)
    portal.room.is_active = False
    portal.room.save()

    html = shown(portal, what=what)

    assert "There is no free time in the next three weeks" in html
    assert "Tell me if a time opens" in html
    assert "tel:" in html


def test_a_look_at_the_plan_again_is_due_around_its_day(portal: Portal) -> None:
    checkpoint = portal.plan.checkpoints.order_by("due_on")[0]
    assert "review" not in [it.code for it in _due(portal)]  # one is booked
    booking.cancel(portal.visit, reason="x", by=portal.rosa, now=NOW)
    soon = {it.code: it for it in _due(portal)}

    assert soon["review"].due_from == checkpoint.due_on - timedelta(days=7)
    assert sent(portal, "review", a_time(portal, "review"))[0] == 302
    assert "review" not in [it.code for it in _due(portal)]


def _due(portal: Portal) -> list[Any]:
    with it_is(NOW):
        found: list[Any] = portal.client.get(BOOK).context["due"]
    return found


def test_the_page_of_times_costs_the_same_for_one_clinician_and_for_four(portal: Portal) -> None:
    client, what, costs = portal.client, str(session_of(portal).pk), []
    with it_is(NOW):
        client.get(BOOK, {"what": what})
        for more in (0, 3):
            for nth in range(more):
                a_clinician(f"Helper {nth}")
            with CaptureQueriesContext(connection) as asked:
                client.get(BOOK, {"what": what})
            costs.append(len(asked))

    assert costs[0] == costs[1] <= MOST_QUERIES
