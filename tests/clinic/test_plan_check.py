"""A visit whose plan was to be looked at again: the desk reads that somebody must, a clinician where."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from booking_cast import Cast, a_cast, at, service
from django.urls import reverse
from factories import MONDAY, NOW, a_clinician, a_device, a_room, consents_signed
from office_cast import as_user
from plan_cast import a_plan
from portal_cast import it_is

from clinic.appointments.models import Appointment
from people.models import User
from programs.models import PlannedSession

pytestmark = pytest.mark.django_db
WORDS = "Clinician check needed before this visit can begin."


@pytest.fixture
def cast() -> Iterator[Cast]:
    with it_is(at(10)):
        yield a_cast()


@pytest.fixture
def doctor() -> User:
    user = a_clinician().user
    assert user is not None
    return user


@pytest.fixture
def visit(cast: Cast, doctor: User) -> Appointment:
    plan = a_plan(cast.leila, starts_on=MONDAY - timedelta(days=13), by=doctor, now=NOW)
    pieces = [cast.sara, a_room("Laser", "room_laser"), a_device("dev_laser_3b")]
    made = cast.book(at(10), service=service("laser_therapy"), resources=pieces)
    consents_signed(cast.leila, "laser_therapy")
    session = PlannedSession.objects.filter(plan=plan, modality="laser_therapy").first()
    Appointment.objects.filter(pk=made.pk).update(session=session, status="arrived", arrived_at=at(9, 55))
    return made


def called_in(visit: Appointment, by: User) -> str:
    url = reverse("appointments:status", args=[visit.pk])
    return as_user(by).post(url, {"status": "in_room", "was": "arrived"}, follow=True).content.decode()


def test_only_a_clinician_is_led_to_the_decision_and_then_the_visit_begins(
    cast: Cast, doctor: User, visit: Appointment
) -> None:
    door = reverse("programs:look", args=[visit.patient_id])

    at_the_desk, to_the_clinician = called_in(visit, cast.rosa), called_in(visit, doctor)
    as_user(doctor).post(door, {"decision": "go_on", "reason": "Sleeps through.", "seen": 1})
    begun = called_in(visit, cast.rosa)

    assert WORDS in at_the_desk
    assert door not in at_the_desk
    assert WORDS in to_the_clinician
    assert door in to_the_clinician
    assert WORDS not in begun
    assert Appointment.objects.get(pk=visit.pk).status == "in_room"
