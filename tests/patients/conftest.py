"""Leila with her phone and the form she has begun; and somebody at the desk."""

from pathlib import Path

import pytest
from django.test import Client
from factories import NOW, a_portal_patient, the_clinic
from form_cast import signed_in
from import_cast import WriteFile
from registration_cast import signed_in_as

from patients.actions import intake as intakes
from patients.models import Intake, Patient


@pytest.fixture
def leila(db: None) -> Patient:
    the_clinic(emergency_number="112")
    return a_portal_patient()


@pytest.fixture
def phone(leila: Patient) -> Client:
    return signed_in(leila)


@pytest.fixture
def form(leila: Patient) -> Intake:
    assert leila.user
    return intakes.start(leila, by=leila.user, now=NOW)


@pytest.fixture
def desk(db: None) -> Client:
    return signed_in_as()


@pytest.fixture
def a_file(tmp_path: Path) -> WriteFile:
    def write(*lines: str, encoding: str = "utf-8", name: str = "list.csv") -> Path:
        path = tmp_path / name
        path.write_bytes("\r\n".join(lines).encode(encoding))
        return path

    return write
