"""A lot is called back: every patient who was given it is found, however the lot was typed, in one query."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from factories import a_clinician, a_patient, the_clinic
from pytest_django import DjangoAssertNumQueries
from visit_cast import TEN, by, signed_in

from clinic.appointments.models import Resource
from patients.models import Assessment, Patient
from people.models import AuditEvent
from programs.models import TreatmentGiven

pytestmark = pytest.mark.django_db
URL = reverse("programs:recall")


@pytest.fixture
def doctor(db: None) -> Resource:
    the_clinic()
    return a_clinician("Dr Okafor", profession="physician_interventional")


def given(doctor: Resource, patient: Patient | None = None, **said: Any) -> TreatmentGiven:
    patient, at = patient or a_patient(), said.pop("at", TEN)
    note = Assessment.objects.create(patient=patient, author=by(doctor), started_at=at)
    whole: dict[str, Any] = {
        "modality": "prp", "technique": "prp_ligament", "lot": "K-2231", "expires_on": date(2027, 1, 1),
        "regions": ["nuchal_ligament:middle"], "dose": {"ml": 3}, "by": by(doctor), "at": at,
    }  # fmt: skip
    return TreatmentGiven.objects.create(patient=patient, assessment=note, **whole | said)


def look(doctor: Resource, **asked: str) -> str:
    with time_machine.travel(TEN, tick=False):
        return signed_in(by(doctor)).get(URL, asked).content.decode()


def test_everybody_who_was_given_the_lot_is_found_however_it_was_typed(doctor: Resource) -> None:
    marta = a_patient(family_name="Silva", email="marta@example.org")
    for lot in ("K-2231", "k 2231", "K2231"):
        given(doctor, marta, lot=lot)
    given(doctor, a_patient(family_name="Chen"), modality="prolotherapy", technique="prolo_ligament")
    given(doctor, a_patient(family_name="Other"), lot="K-2232")
    given(doctor, a_patient(family_name="Skipped"), was_skipped=True)

    found = look(doctor, lot=" k-2231 ")

    assert "<b>2 patients</b>, 4 sessions" in found
    assert "mailto:marta@example.org" in found
    assert "Chen" in found
    assert not {"Other", "Skipped"} & set(found.replace(",", " ").split())


def test_a_product_is_found_between_two_days_of_the_clinics_calendar(doctor: Resource) -> None:
    late = TEN.replace(hour=3, minute=30) + timedelta(days=1)  # still the 14th in New York
    given(doctor, a_patient(family_name="Evening"), at=late)
    given(doctor, a_patient(family_name="Morning"), at=late + timedelta(hours=6))

    found = look(doctor, product="prp", first="2026-09-14", last="2026-09-14")

    assert "Evening" in found
    assert "Morning" not in found
    assert "Type the lot, or choose the product" in look(doctor, product="prp", first="2026-09-14")
    assert "The last day lies before the first." in look(doctor, product="prp", first="2026-09-14", last="2026-09-01")
    assert "Check the year." in look(doctor, product="prp", first="0001-01-01", last="9999-12-31")


def test_every_look_leaves_a_line_and_one_for_each_patient_found(doctor: Resource) -> None:
    row = given(doctor)

    look(doctor, lot="K-2231")

    line = AuditEvent.objects.get(deed="recall.looked_up")
    assert (line.by, line.detail) == (by(doctor), {"shown_as": "page", "patients": 1, "sessions": 1})
    assert AuditEvent.objects.get(deed="patient.found_by_recall").patient_id == row.patient_id
    assert not AuditEvent.objects.filter(detail__icontains="2231").exists()


def test_the_spreadsheet_never_holds_a_formula(doctor: Resource) -> None:
    given(doctor, a_patient(family_name="=HYPERLINK(1)", given_name="Ola", mobile="+12025550143"), lot="-K1")

    sheet = list(csv.reader(io.StringIO(look(doctor, lot="K1", **{"as": "csv"}).removeprefix("\ufeff"))))

    assert len(sheet) == 2
    cells = sheet[1]
    assert cells[1].startswith("'=HYPERLINK(1)")
    assert (cells[3], cells[7]) == ("'+12025550143", "'-K1")
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_on_paper_it_is_only_the_list(doctor: Resource) -> None:
    given(doctor, a_patient(family_name="Silva"))

    paper = look(doctor, lot="K-2231", **{"as": "print"})

    assert "Lot K-2231" in paper
    assert "Silva" in paper
    assert 'name="lot"' not in paper


@pytest.mark.parametrize("count", [1, 25])
def test_all_patients_and_sessions_of_a_lot_are_one_query(
    doctor: Resource, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        given(doctor)

    with django_assert_num_queries(1):
        found = list(TreatmentGiven.objects.of_lot("k2231").for_recall())
        assert len({(row.patient.full_name, row.by.name) for row in found}) == count
    screen = signed_in(by(doctor))
    screen.get(URL, {"lot": "x"})
    with django_assert_num_queries(9):
        screen.get(URL, {"lot": "K-2231"})
