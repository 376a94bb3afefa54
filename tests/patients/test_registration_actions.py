"""What registering guarantees, whichever door it comes through."""

import threading
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from factories import NOW, a_patient, a_portal_patient, a_user

from patients.actions import registration
from patients.models import Patient
from people.models import AuditEvent, User
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile, NotAllowed, Refused

BORN = date(1978, 3, 4)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_moment_make_one_patient() -> None:
    desk, made, start = a_user(), [], threading.Barrier(8)

    def click() -> None:
        try:
            start.wait()
            patient = registration.register(
                by=desk, now=NOW, request_key="one", given_name="Leila", family_name="Rahimi", email="leila@example.org"
            )
            made.append(patient.pk)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _n in range(8)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()

    assert (len(made), len(set(made))) == (8, 1)
    assert (Patient.objects.count(), User.objects.filter(role=Role.PATIENT).count()) == (1, 1)
    assert AuditEvent.objects.filter(deed="patient.registered").count() == 1


def test_the_clinic_number_is_given_by_the_database(db: None) -> None:
    desk = a_user()

    first, second = (registration.register(by=desk, now=NOW, given_name=name) for name in ("Ada", "Grace"))

    assert second.number > first.number
    assert first.clinic_number.startswith("RC-")


def test_a_staff_address_never_opens_a_patients_portal(db: None) -> None:
    desk = a_user()

    patient = registration.register(by=desk, now=NOW, given_name="Ada", email=desk.email)

    assert patient.user is None


def test_an_address_with_an_account_is_linked_to_it(db: None) -> None:
    mother = a_portal_patient()

    child = registration.register(
        by=a_user(), now=NOW, given_name="Ava", family_name="Moor", email=mother.email.upper()
    )

    assert child.user == mother.user
    assert child.portal_confirmed_at is None


def test_taking_the_address_away_closes_the_portal(db: None) -> None:
    patient = registration.correct(a_portal_patient(), by=a_user(), now=NOW, email="")

    assert (patient.user, patient.portal_confirmed_at) == (None, None)


def test_a_correction_that_keeps_the_address_keeps_the_portal(db: None) -> None:
    patient = registration.correct(a_portal_patient(), by=a_user(), now=NOW, city="Albany")

    assert patient.user is not None
    assert patient.portal_confirmed_at == NOW


def test_a_correction_that_changes_nothing_leaves_no_line(db: None) -> None:
    registration.correct(a_portal_patient(given_name="Leila"), by=a_user(), now=NOW, given_name="Leila ")

    assert not AuditEvent.objects.exists()


def test_only_what_the_screen_has_shown_is_overwritten(db: None) -> None:
    patient = a_patient(city="Albany")
    seen = registration.fingerprint(patient)
    registration.correct(patient, by=a_user(), now=NOW, city="Boston")

    with pytest.raises(ChangedMeanwhile):
        registration.correct(patient, by=a_user(), now=NOW, seen=seen, city="Buffalo")

    patient.refresh_from_db()
    assert patient.city == "Boston"


@pytest.mark.parametrize(
    "fields",
    [
        {"mobile": "12"},
        {"given_name": "", "family_name": ""},
        {"birth_date": NOW.date() + timedelta(1)},
        {"given_name": "😀"},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(db: None, fields: dict[str, object]) -> None:
    patient = a_patient(given_name="Leila")

    with pytest.raises(Refused):
        registration.correct(patient, by=a_user(), now=NOW, **fields)  # type: ignore[arg-type]

    patient.refresh_from_db()
    assert patient.given_name == "Leila"
    assert not AuditEvent.objects.exists()


def test_a_portal_is_confirmed_once_by_the_birth_date(db: None) -> None:
    patient = a_portal_patient(birth_date=BORN)
    Patient.objects.update(portal_confirmed_at=None)

    for _time in range(2):
        registration.confirm_identity(patient, birth_date=BORN, by=patient.user, now=NOW)

    patient.refresh_from_db()
    assert patient.portal_confirmed_at == NOW
    assert AuditEvent.objects.filter(deed="patient.identity_confirmed").count() == 1


@pytest.mark.parametrize("on_file", [date(1978, 4, 3), None])
def test_a_wrong_and_an_unknown_birth_date_are_refused_in_the_same_words(db: None, on_file: date | None) -> None:
    patient = a_portal_patient(birth_date=on_file)
    Patient.objects.update(portal_confirmed_at=None)

    with pytest.raises(Refused, match="Please check it, or call the clinic"):
        registration.confirm_identity(patient, birth_date=BORN, by=patient.user, now=NOW)


def test_nobody_confirms_somebody_elses_record(db: None) -> None:
    patient, stranger = a_portal_patient(birth_date=BORN), a_user(Role.PATIENT)

    with pytest.raises(NotAllowed):
        registration.confirm_identity(patient, birth_date=BORN, by=stranger, now=NOW)


def test_archiving_closes_the_portal_and_restoring_opens_it(db: None) -> None:
    patient = a_portal_patient()

    registration.archive(patient, by=a_user(), now=NOW)
    registration.archive(patient, by=a_user(), now=NOW)
    assert not Patient.objects.visible_to(patient.user).exists()

    registration.restore(patient, by=a_user(), now=NOW)
    assert Patient.objects.visible_to(patient.user).exists()
    assert AuditEvent.objects.filter(deed="patient.archived").count() == 1


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"given_name": "", "family_name": ""}, "a_patient_has_a_name"),
        ({"birth_date": BORN, "died_on": date(1970, 1, 1)}, "nobody_dies_before_birth"),
    ],
)
def test_the_database_refuses_what_no_person_can_be(db: None, fields: dict[str, object], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        a_patient(**fields)
