"""A patient comes to another meeting of her class: the old place is kept until the new one is certain."""

from datetime import timedelta

import pytest
from booking_cast import at
from class_cast import ClassCast, a_class_cast
from django.test import Client
from django.urls import reverse
from factories import NOW, a_portal_patient
from portal_cast import it_is, signed_in

from clinic.appointments.models import Appointment, GroupSession
from people.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> ClassCast:
    return a_class_cast()


@pytest.fixture
def seat(cast: ClassCast) -> Appointment:
    """Leila's place on Thursday at nine."""
    [group] = cast.create(at(9, day=17))
    return cast.seat(group, a_portal_patient())


def door(seat: Appointment) -> tuple[Client, str]:
    return signed_in(seat.patient.user), reverse("portal:visit_change", args=[seat.pk])


def where(seat: Appointment) -> tuple[GroupSession | None, int | None, int]:
    fresh = Appointment.objects.get(pk=seat.pk)
    return fresh.group, fresh.seat, fresh.revision


def test_she_sees_the_other_meetings_with_a_place_and_takes_one_after_being_asked(
    cast: ClassCast, seat: Appointment
) -> None:
    [friday] = cast.create(at(9, day=18))
    [full] = cast.create(at(14, day=18), places=2)
    [soon] = cast.create(at(9))  # before the notice that the clinic asks for
    for _ in range(2):
        cast.seat(full)
    client, url = door(seat)

    with it_is(at(8)):
        shown = client.get(url)
        question = client.get(url, {"class": str(friday.pk)}).content.decode()
        asked_only = where(seat)
        client.post(url, {"do": "move", "class": str(friday.pk), "revision": seat.revision})

    assert [it.group for it in shown.context["classes"]] == [friday]
    assert "Friday 18 September, 9:00am" in shown.content.decode()
    assert str(soon.pk) not in shown.content.decode()
    assert "You keep the old time until the new one is certain." in question
    assert asked_only == (seat.group, 1, 0)
    assert where(seat) == (friday, 1, 1)
    assert AuditEvent.objects.get(deed="appointment.moved").by == seat.patient.user


@pytest.mark.parametrize("which", ["full", "soon", "cancelled"])
def test_a_meeting_that_cannot_be_had_any_more_leaves_her_where_she_was(
    cast: ClassCast, seat: Appointment, which: str
) -> None:
    [other] = cast.create(at(9, day=14 if which == "soon" else 18), places=2)
    if which == "full":
        for _ in range(2):
            cast.seat(other)
    if which == "cancelled":
        GroupSession.objects.filter(pk=other.pk).update(cancelled_at=NOW)
    client, url = door(seat)

    with it_is(at(8)):
        answer = client.post(url, {"do": "move", "class": str(other.pk), "revision": seat.revision})

    assert answer.status_code == (404 if which == "cancelled" else 200)
    assert which == "cancelled" or "There is a problem" in answer.content.decode()
    assert where(seat) == (seat.group, 1, 0)


def test_an_address_made_up_by_hand_seats_nobody(cast: ClassCast, seat: Appointment) -> None:
    [friday] = cast.create(at(9, day=18))
    client, url = door(seat)
    other = signed_in(a_portal_patient(family_name="Other").user)

    with it_is(NOW):
        codes = [
            who.post(url, {"do": "move", "class": asked, "revision": seat.revision}).status_code
            for who, asked in ((client, "rubbish"), (client, str(seat.group_id)), (other, str(friday.pk)))
        ]
        no_times = client.post(url, {"do": "move", "offer": "20260918T1300", "revision": seat.revision}).status_code

    assert [*codes, no_times] == [404] * 4
    assert where(seat) == (seat.group, 1, 0)


def test_a_meeting_that_overlaps_the_one_she_leaves_may_be_had(cast: ClassCast, seat: Appointment) -> None:
    later = GroupSession.objects.get(pk=seat.group_id)
    later.pk, later.starts_at, later.ends_at = None, at(9, 30, day=17), at(9, 30, day=17) + timedelta(minutes=45)
    later.save(force_insert=True)
    client, url = door(seat)

    with it_is(NOW):
        offered = [it.group.starts_at for it in client.get(url).context["classes"]]

    assert offered == [at(9, 30, day=17)]
