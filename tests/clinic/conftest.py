"""Who is there in the tests of the clinic: at the desk, in the office, and Linh at ten for the page of a visit."""

from collections.abc import Iterator

import pytest
import time_machine
from board_cast import NOON
from booking_cast import Cast, a_cast
from django.test import Client
from factories import NOW, a_portal_patient, a_user, the_clinic
from office_cast import as_user
from race_cast import CLIENTS, Race
from visit_cast import TEN, a_follow_up, by, signed_in, the_cast

from clinic.appointments.models import Appointment, Resource
from patients.models import Patient
from people.models import Clinic, User
from people.rules.permissions import Role


@pytest.fixture
def monday_morning() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def monday_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def northgate(db: None) -> Clinic:
    return the_clinic()


@pytest.fixture
def cast(db: None) -> Cast:
    return a_cast()


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
    return client


@pytest.fixture
def owner(db: None) -> User:
    return a_user(Role.OWNER, name="Ines Ferreira")


@pytest.fixture
def office(owner: User) -> Client:
    return as_user(owner)


@pytest.fixture
def ten_o_clock() -> Iterator[None]:
    with time_machine.travel(TEN, tick=False):
        yield


@pytest.fixture
def linh_and_sara() -> tuple[Patient, Resource]:
    return the_cast()


@pytest.fixture
def linh(linh_and_sara: tuple[Patient, Resource]) -> Patient:
    return linh_and_sara[0]


@pytest.fixture
def sara(linh_and_sara: tuple[Patient, Resource]) -> Resource:
    return linh_and_sara[1]


@pytest.fixture
def visit(linh: Patient, sara: Resource) -> Appointment:
    return a_follow_up(linh, sara)


@pytest.fixture
def screen(sara: Resource) -> Client:
    return signed_in(by(sara))


@pytest.fixture
def leila(sara: Resource) -> Patient:
    return a_portal_patient(given_name="Leila", family_name="Rahimi")


@pytest.fixture
def race() -> Iterator[Race]:
    running = Race(CLIENTS)
    yield running
    running.stop()
