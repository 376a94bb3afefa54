"""The wall around one request of a patient: who stands in it, its door, and what is left of it afterwards."""

from datetime import timedelta

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from factories import a_portal_patient, a_user

from clinic.bench.isolation import Person, forgetful, interleaved, kept_by_the_session
from patients.models import Helper, Intake, Patient
from people.actions import wall
from people.rules.permissions import Role


def a_role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (name,) = cursor.fetchone() or ("",)
    return str(name)


def test_the_door_shuts_behind_whoever_goes_through(db: None) -> None:
    roles = []

    def answer() -> None:
        roles.append(a_role())
        with wall.seen_by_the_clinic(), wall.seen_by_the_clinic():
            roles.append(a_role())
        with pytest.raises(ValueError, match="no"), wall.seen_by_the_clinic():
            raise ValueError("no")
        roles.append(a_role())
        with pytest.raises(Exception, match="syntax"), transaction.atomic(), wall.seen_by_the_clinic():
            connection.cursor().execute("no statement")
        roles.append(a_role())

    before = a_role()
    wall.answered(a_user(Role.PATIENT), answer)

    assert roles == [wall.PORTAL, before, wall.PORTAL, wall.PORTAL]
    assert a_role() == before


def test_a_request_is_about_one_record_of_one_account(db: None) -> None:
    mine, other = a_portal_patient(), a_portal_patient(given_name="Zebedee")
    assert mine.user is not None
    assert other.user is not None
    another = other.user

    def answer() -> list[Patient]:
        wall.open_only(mine.pk)
        wall.open_only(mine.pk)
        with pytest.raises(wall.WrongSide):
            wall.open_only(other.pk)
        with pytest.raises(wall.WrongSide):
            wall.answered(another, list)
        return list(Patient.objects.all())

    assert wall.answered(mine.user, answer) == [mine]


def test_a_helper_sees_the_record_that_is_open_and_only_while_they_help(db: None) -> None:
    helped, helper, now = a_portal_patient(), a_user(Role.PATIENT), timezone.now()
    form = Intake.objects.create(patient=helped, started_at=now)
    help_ = Helper.objects.create(
        patient=helped, user=helper, name="Nadia", relation="parent", may=["forms"], added_by=helped.user, added_at=now,
        ends_at=now + timedelta(days=1),
    )  # fmt: skip

    def found() -> tuple[list[Patient], list[Intake]]:
        return list(Patient.objects.all()), list(Intake.objects.all())

    def opened() -> tuple[list[Patient], list[Intake]]:
        wall.open_only(helped.pk)
        return found()

    assert wall.answered(helper, found) == ([helped], [])
    assert wall.answered(helper, opened) == ([helped], [form])
    Helper.objects.filter(pk=help_.pk).update(ended_at=now, ended_by=helped.user)
    assert wall.answered(helper, found) == ([], [])


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_one_upon_the_other_none_finds_what_another_left() -> None:
    people, now = [], timezone.now()
    for n in range(6):
        patient = a_portal_patient(given_name=f"Canary{n}")
        assert patient.user
        Intake.objects.create(patient=patient, started_at=now)
        people.append(Person(patient, patient.user, patient.given_name, patient.pk, ""))

    found = interleaved(people, 160, forgetful)
    control = interleaved(people, 160, kept_by_the_session)

    assert (found.requests, found.leaks, found.left_over) == (160, 0, 0)
    assert found.rows > 160
    assert control.leaks > 0, "what stays in the connection is found by whoever comes next"


@pytest.mark.django_db(transaction=True)
def test_a_request_that_postgresql_undid_is_answered_again() -> None:
    user, tries = a_user(Role.PATIENT), []

    def answer() -> str:
        tries.append(a_role())
        if len(tries) == 1:
            raise OperationalError from psycopg.errors.DeadlockDetected()
        return "done"

    assert wall.answered(user, answer) == "done"
    assert tries == [wall.PORTAL] * 2
    assert a_role() != wall.PORTAL


@pytest.mark.django_db(transaction=True)
def test_the_wall_costs_a_request_two_queries() -> None:
    patient = a_portal_patient()
    assert patient.user

    with CaptureQueriesContext(connection) as asked:
        wall.answered(patient.user, lambda: wall.open_only(patient.pk))

    assert len([it for it in asked.captured_queries if it["sql"] not in {"BEGIN", "COMMIT"}]) == 2


@pytest.mark.parametrize("change", ["role = 'owner'", "is_active = false", "email = 'x@example.org'"])
def test_nobody_makes_herself_somebody_else(change: str, db: None) -> None:
    user = a_user(Role.PATIENT)

    def answer() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE people_user SET {change} WHERE id = %s", [user.pk])

    with pytest.raises(ProgrammingError, match="permission denied"):
        wall.answered(user, answer)
