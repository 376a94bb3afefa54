"""A patient's page at the desk: archived, deceased, let into the portal, and who may open it."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from factories import a_patient, a_portal_patient, the_clinic
from registration_cast import deeds, signed_in_as

from patients.models import Patient, RedFlag
from people.models import AuditEvent, User
from people.rules.permissions import Role


def test_an_archived_patient_is_taken_back(desk: Client) -> None:
    patient = a_patient()

    desk.post(reverse("patients:archive", args=[patient.pk]))
    assert not Patient.objects.current().exists()
    assert "This patient is archived" in desk.get(reverse("patients:patient", args=[patient.pk])).content.decode()

    desk.post(reverse("patients:restore", args=[patient.pk]))
    assert Patient.objects.current().exists()
    assert [deed for deed in deeds() if deed != "patient.opened"] == ["patient.archived", "patient.restored"]


def test_a_death_is_recorded_said_on_the_page_and_taken_back(desk: Client) -> None:
    patient = a_patient(birth_date=date(1950, 1, 1))

    desk.post(reverse("patients:death", args=[patient.pk]), {"died_on": "2026-02-03"})
    page = desk.get(reverse("patients:patient", args=[patient.pk])).content.decode()

    assert "Deceased" in page
    assert "(76y)" in page
    assert f"{reverse('appointments:book')}?patient=" not in page

    desk.post(reverse("patients:death", args=[patient.pk]), {"alive": "1"})
    patient.refresh_from_db()
    assert patient.died_on is None
    assert deeds().count("patient.death_recorded") == deeds().count("patient.death_taken_back") == 1


@pytest.mark.parametrize(
    ("day", "said"), [("1900-01-01", "before the birth date"), ("2999-01-01", "in the future"), ("", "required")]
)
def test_a_death_that_cannot_be_is_refused(desk: Client, day: str, said: str) -> None:
    patient = a_patient()

    page = desk.post(reverse("patients:death", args=[patient.pk]), {"died_on": day}).content.decode()

    assert said in page
    assert not Patient.objects.exclude(died_on=None).exists()


def test_the_front_desk_learns_that_a_check_is_needed_and_never_why(desk: Client) -> None:
    patient = a_patient()
    RedFlag.objects.create(patient=patient, code="rf_fever", urgency="same_day", raised_at=patient.registered_at)

    for_desk = desk.get(reverse("patients:patient", args=[patient.pk])).content.decode()
    for_clinician = signed_in_as(Role.CLINICIAN).get(reverse("patients:patient", args=[patient.pk])).content.decode()

    assert "Clinician check needed" in for_desk
    assert "fever" not in for_desk
    assert reverse("patients:record", args=[patient.pk]) not in for_desk
    assert reverse("patients:record", args=[patient.pk]) in for_clinician


def test_the_page_says_how_the_portal_stands(desk: Client) -> None:
    staff = User.objects.filter(role=Role.FRONT_DESK)[0]
    said = {
        "There is no e-mail": a_patient(email=""),
        "belongs to somebody who works here": a_patient(email=staff.email.upper()),
        "cannot sign in yet": a_patient(email="imported@example.org"),
        "Open since 14-Sep-2026": a_portal_patient(),
        "asks for the birth date once": a_portal_patient(birth_date=None),
    }
    Patient.objects.filter(birth_date=None).update(portal_confirmed_at=None)

    for words, patient in said.items():
        assert words in desk.get(reverse("patients:patient", args=[patient.pk])).content.decode()


def test_an_imported_patient_is_given_portal_access(desk: Client) -> None:
    patient = a_patient(email="imported@example.org")

    desk.post(reverse("patients:portal_access", args=[patient.pk]))
    desk.post(reverse("patients:portal_access", args=[patient.pk]))

    patient.refresh_from_db()
    assert User.objects.get(patients=patient).email == "imported@example.org"
    assert deeds().count("patient.account_changed") == 1


def test_a_mother_and_her_child_share_an_account_and_see_each_other_on_the_page(desk: Client) -> None:
    mother, child = (
        a_patient(given_name="Leila", email="home@example.org"),
        a_patient(given_name="Ava", email="Home@example.org"),
    )

    for each in (mother, child):
        desk.post(reverse("patients:portal_access", args=[each.pk]))
    page = desk.get(reverse("patients:patient", args=[mother.pk])).content.decode()

    assert set(User.objects.get(email="home@example.org").patients.all()) == {mother, child}
    assert child.clinic_number in page


def test_every_opening_leaves_a_line(desk: Client) -> None:
    patient = a_patient()

    desk.get(reverse("patients:patient", args=[patient.pk]))

    event = AuditEvent.objects.get()
    assert (event.deed, event.patient_id, event.detail) == ("patient.opened", patient.pk, {"page": "patients:patient"})


@pytest.mark.parametrize("name", ["list", "register", "matches"])
def test_patients_are_told_that_the_desks_pages_do_not_exist(db: None, name: str) -> None:
    client = signed_in_as(Role.PATIENT)

    assert [
        client.get(reverse(f"patients:{name}")).status_code,
        client.post(reverse(f"patients:{name}")).status_code,
    ] == [404, 404]


@pytest.mark.parametrize("name", ["patient", "edit", "archive", "restore", "death", "portal_access"])
def test_patients_cannot_reach_even_their_own_admin_page(db: None, name: str) -> None:
    the_clinic()
    patient = a_portal_patient()
    client = Client()
    client.force_login(patient.user)

    assert client.get(reverse(f"patients:{name}", args=[patient.pk])).status_code == 404
    assert client.post(reverse(f"patients:{name}", args=[patient.pk])).status_code == 404
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("name", ["matches", "archive", "restore", "death", "portal_access"])
def test_nothing_changes_by_following_a_link(desk: Client, name: str) -> None:
    args = [] if name == "matches" else [a_patient().pk]

    assert desk.get(reverse(f"patients:{name}", args=args)).status_code == 405


def test_the_page_costs_the_same_for_a_household_of_one_and_of_ten(
    desk: Client, django_assert_num_queries: Any
) -> None:
    patient = a_patient(email="home@example.org")
    desk.get(reverse("patients:patient", args=[patient.pk]))  # the session's first write

    for _household in (1, 10):
        with django_assert_num_queries(10):
            desk.get(reverse("patients:patient", args=[patient.pk]))
        for _n in range(9):
            a_patient(email="home@example.org")
