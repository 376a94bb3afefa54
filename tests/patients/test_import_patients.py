"""Bringing in the patients of another system."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from factories import a_patient, a_user
from import_cast import PLAIN, WriteFile, bring_in, names

from patients.models import Identifier, Patient
from people.models import AuditEvent, User
from people.rules.permissions import Role

SYNTHEA = "Id,BIRTHDATE,DEATHDATE,SSN,PREFIX,FIRST,LAST,GENDER,ADDRESS,CITY,STATE,ZIP,HEALTHCARE_COVERAGE"
CLINIKO = (
    "Patient ID,Title,First Name,Last Name,Preferred First Name,Date of Birth,Sex,Email,Mobile,Home,Address 1,"
    "Address 2,City,State,Post Code,Country Code,Receives Confirmation Emails,Notes,Archived At"
)


def test_a_synthea_file_is_recognised_and_read(db: None, a_file: WriteFile) -> None:
    path = a_file(
        SYNTHEA,
        "u-1,1978-03-04,,999-1,Ms.,Leila181,Núñez206,F,1 Main St,Albany,New York,12207,0",
        "u-2,1940-11-27,2001-07-20,999-2,Mr.,José Eduardo7,Gómez9,M,2 Main St,Albany,New York,12207,0",
    )

    said = bring_in(path)

    leila, jose = Patient.objects.order_by("-birth_date")
    assert (leila.title, leila.full_name, leila.sex, leila.postal_code) == ("Ms", "Leila Núñez", "female", "12207")
    assert (jose.full_name, jose.died_on, jose.is_dead) == ("José Eduardo Gómez", date(2001, 7, 20), True)
    assert set(Identifier.objects.values_list("system", "value")) == {("synthea", "u-1"), ("synthea", "u-2")}
    assert "2 rows: 2 new" in said
    assert "SSN" in said  # what is left behind is said


def test_a_cliniko_file_is_recognised_and_read(db: None, a_file: WriteFile) -> None:
    path = a_file(
        CLINIKO,
        "7,Dr,Elif,Ångström,Ellie,1950-09-10,Female,elif@example.com,0491 570 159,,5 Sample St,Flat 2,"
        "Melbourne,Victoria,"
        '3000,AU,No,"Line one\nline two, with a comma",',
        "8,,Jonas,Dunmore,,1986-04-05,Intersex,,,,,,,,,AU,Yes,,2025-06-01T00:00:00Z",
        encoding="utf-8-sig",
    )

    said = bring_in(path)

    ellie, jonas = Patient.objects.order_by("birth_date")
    assert (str(ellie.mobile), ellie.preferred_name, ellie.address) == ("+61491570159", "Ellie", "5 Sample St, Flat 2")
    assert (ellie.may_be_mailed, ellie.desk_note, ellie.user) == (False, "", None)  # notes may be about health
    assert (jonas.sex, jonas.is_archived, ellie.is_archived) == ("other", True, False)
    assert "1 of them archived" in said


def test_nobody_gets_an_account_by_an_import(db: None, a_file: WriteFile) -> None:
    bring_in(a_file(CLINIKO, "7,,Elif,Demir,,1950-09-10,,elif@example.com,,,,,,,,,,,"))

    assert not User.objects.exists()


def test_the_same_file_twice_changes_nothing(db: None, a_file: WriteFile) -> None:
    path = a_file(SYNTHEA, "u-1,1978-03-04,,9,Ms.,Leila,Rahimi,F,,,,,0")
    bring_in(path)
    before = list(Patient.objects.values())

    said = bring_in(path)

    assert list(Patient.objects.values()) == before
    assert "0 new, 1 already here" in said


def test_a_list_without_numbers_twice_changes_nothing_either(db: None, a_file: WriteFile) -> None:
    path = a_file(PLAIN, "Leila,Rahimi,1978-03-04,")
    bring_in(path)

    assert "1 already here" in bring_in(path, "--keep-duplicates")
    assert Patient.objects.count() == 1


def test_a_dry_run_says_what_would_become_of_every_row_and_changes_nothing(db: None, a_file: WriteFile) -> None:
    known = a_patient(given_name="Léila", family_name="Rahimi", birth_date=date(1978, 3, 4))
    path = a_file(
        SYNTHEA,
        "u-1,1978-03-04,,9,Ms.,Leila,RAHIMI,F,,,,,0",
        "u-2,1990-02-30,,9,Ms.,Ada,Moor,F,,,,,0",
        "u-3,1991-02-03,,9,Ms.,Grace,Moor,F,,,,,0",
        "u-3,1991-02-03,,9,Ms.,Grace,Moor,F,,,,,0",
        "u-3,1999-02-03,,9,Ms.,Grace,Moor,F,,,,,0",
    )

    said = bring_in(path, "--dry-run").splitlines()

    assert said[1:6] == [
        f"line 2: held back: same name and birth date as {known.clinic_number}",
        "line 3: refused: BIRTHDATE: “1990-02-30” is no date; write it as 1978-03-04",
        "line 4: new",
        "line 5: already here: the same row as line 4",
        "line 6: refused: the number of line 4 with other details",
    ]
    assert said[-2:] == ["5 rows: 1 new, 1 already here, 1 held back, 2 refused.", "Nothing was changed."]
    assert (Patient.objects.count(), AuditEvent.objects.count()) == (1, 0)


def test_whoever_may_be_here_already_is_held_back_unless_kept_on_purpose(db: None, a_file: WriteFile) -> None:
    known = a_patient(given_name="Leila", family_name="Rahimi", birth_date=date(1978, 3, 4))
    path = a_file(SYNTHEA, "u-1,1978-03-04,,9,Ms.,Leila,Rahimi,F,,,,,0", "u-2,1978-03-04,,9,Mr.,Dariush,Rahimi,M,,,,,0")

    assert known.clinic_number in bring_in(path)
    assert names() == {"Leila Rahimi", "Dariush Rahimi"}  # a twin is nobody's double

    bring_in(path, "--keep-duplicates")
    assert Patient.objects.count() == 3


def test_two_rows_of_one_file_that_may_be_one_person_are_told(db: None, a_file: WriteFile) -> None:
    path = a_file(PLAIN, "Leila,Rahimi,,1", "Leila,Rahimi,,2")

    assert "line 3: held back: same name and birth date as line 2" in bring_in(path)


def test_one_bad_row_stops_the_whole_file(db: None, a_file: WriteFile) -> None:
    path = a_file(SYNTHEA, "u-1,1978-03-04,,9,,Leila,Rahimi,F,,,,,0", "u-2,04.03.1978,,9,,Ada,Moor,F,,,,,0")
    out = io.StringIO()

    with pytest.raises(CommandError, match="1 rows cannot be read, so nothing was brought in"):
        call_command("import_patients", str(path), stdout=out)

    assert "line 3: refused: BIRTHDATE" in out.getvalue()
    assert (Patient.objects.count(), AuditEvent.objects.count()) == (0, 0)

    bring_in(path, "--skip-bad")
    assert names() == {"Leila Rahimi"}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("u-1,1978-03-04,,9,,,,F,,,,,0", "LAST: there is no name"),
        ("u-1,1978-03-04,,9,,😀,Moor,F,,,,,0", "FIRST: We cannot keep “😀”"),
        ("u-1,2999-03-04,,9,,Ada,Moor,F,,,,,0", "BIRTHDATE: The birth date lies in the future"),
        ("u-1,1978-03-04,1970-01-01,9,,Ada,Moor,F,,,,,0", "before the birth date"),
        ("u-1,1978-03-04,,9,,Ada,Moor,F,,,,,0,one,too,many", "more cells than headings"),
        (f"u-1,1978-03-04,,9,,Ada,Moor,F,{'x' * 201},,,,0", "ADDRESS: longer than 200 letters"),
    ],
)
def test_a_refused_row_says_its_line_its_column_and_what_to_do(db: None, a_file: WriteFile, row: str, why: str) -> None:
    said = bring_in(a_file(SYNTHEA, row), "--dry-run")

    assert "line 2: refused: " in said
    assert why in said


def test_a_phone_that_is_none_is_left_out_and_told(db: None, a_file: WriteFile) -> None:
    said = bring_in(a_file(CLINIKO, "7,,Elif,Demir,,1950-09-10,,elif at home,call her son,,,,,,,AU,,,"))

    assert "line 2: new: Mobile: not a phone number; Email: not an e-mail address" in said
    assert (Patient.objects.get().mobile, Patient.objects.get().email) == ("", "")


def test_a_missing_file_or_person_gives_one_clear_line(db: None, a_file: WriteFile) -> None:
    with pytest.raises(CommandError, match="not a file that can be read"):
        bring_in(Path("/nowhere.csv"))
    patient = a_user(Role.PATIENT)
    with pytest.raises(CommandError, match="Nobody who works here"):
        bring_in(a_file(PLAIN), "--by", patient.email)


def test_an_import_leaves_one_line_with_counts_and_the_files_fingerprint(db: None, a_file: WriteFile) -> None:
    manager = a_user(Role.MANAGER)
    path = a_file(SYNTHEA, "u-1,1978-03-04,,9,Ms.,Leila,Rahimi,F,,,,,0")

    bring_in(path, "--by", manager.email)

    event = AuditEvent.objects.get()
    assert (event.by, event.deed, event.detail["create"], event.detail["format"]) == (
        manager,
        "patients.imported",
        1,
        "synthea",
    )
    assert len(event.detail["file_sha256"]) == 64
    assert "Leila" not in str(event.detail)


def test_many_rows_cost_few_queries(db: None, a_file: WriteFile, django_assert_max_num_queries: Any) -> None:
    rows = [f"u-{n},19{n % 90 + 10}-01-01,,9,,Ada,{'ab' * (n // 90 + 1)},F,,,,,0" for n in range(500)]
    path = a_file(SYNTHEA, *rows)

    with django_assert_max_num_queries(8):
        bring_in(path)

    assert Patient.objects.count() == 500


def test_the_database_gives_a_foreign_number_to_one_patient_only(db: None) -> None:
    one, other = a_patient(), a_patient()
    Identifier.objects.create(patient=one, system="synthea", value="u-1")

    with pytest.raises(IntegrityError, match="an_identifier_names_one_patient"), transaction.atomic():
        Identifier.objects.create(patient=other, system="synthea", value="u-1")
