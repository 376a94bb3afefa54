"""Linh's visit with Sara at ten, for every module about the page of a visit."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from visit_cast import TEN, a_follow_up, by, signed_in, the_cast

from clinic.appointments.models import Appointment, Resource
from patients.models import Patient


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
