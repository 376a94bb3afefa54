"""Which file is a list of patients, and how its letters and dates are read."""

import random
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError
from import_cast import PLAIN, WriteFile, bring_in, names

from patients.models import Patient
from patients.rules.import_dates import AskForOrder, Order, order_of
from patients.rules.import_formats import UnknownFormat, formats, recognise


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_usual_encoding_and_separator_is_read(db: None, a_file: WriteFile, encoding: str, separator: str) -> None:
    lines = [PLAIN, "小龍,李,1940-11-27,", "Оксана,Шевченко,1985-01-01,", "محمد,حسینی,1990-01-01,"]

    bring_in(a_file(*(line.replace(",", separator) for line in lines), encoding=encoding))

    assert names() == {"小龍 李", "Оксана Шевченко", "محمد حسینی"}


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_an_old_windows_file_keeps_its_accents(db: None, a_file: WriteFile, encoding: str) -> None:
    bring_in(a_file("sep=;", PLAIN.replace(",", ";"), "José;Núñez;1978-03-04;", encoding=encoding))

    assert names() == {"José Núñez"}


def test_dates_that_can_be_read_two_ways_are_asked_about_once(db: None, a_file: WriteFile) -> None:
    path = a_file(PLAIN, "Leila,Rahimi,04/03/1978,", "Ada,Moor,05/06/1980,")

    with pytest.raises(CommandError, match="--day-first or --month-first"):
        bring_in(path)

    bring_in(path, "--day-first")
    assert {each.birth_date for each in Patient.objects.all()} == {date(1978, 3, 4), date(1980, 6, 5)}


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["1978-03-04", "4 Mar 1978", ""], None),
        (["04/03/1978", "24/03/1978"], Order.DAY_FIRST),
        (["04/03/1978", "03.24.1978"], Order.MONTH_FIRST),
    ],
)
def test_a_file_whose_dates_leave_no_doubt_needs_no_answer(dates: list[str], order: Order | None) -> None:
    assert order_of(dates) == order


def test_a_file_that_mixes_both_orders_is_asked_about() -> None:
    with pytest.raises(AskForOrder):
        order_of(["24/03/1978", "03/24/1978"])


def test_the_option_decides_and_a_date_that_does_not_fit_is_refused(db: None, a_file: WriteFile) -> None:
    said = bring_in(a_file(PLAIN, "Leila,Rahimi,24/03/1978,"), "--month-first", "--dry-run")

    assert "line 2: refused: Date of Birth: “24/03/1978” is no date" in said


@pytest.mark.parametrize("code", formats())
def test_every_format_is_recognised_by_its_own_headings_however_they_are_written(code: str) -> None:
    headings = [name for names in formats()[code].columns.values() for name in names] + list(
        formats()[code].recognised_by
    )

    assert recognise(headings).code == code
    assert recognise([f" {heading.upper().replace(' ', '_')} " for heading in headings]).code == code


def test_an_unknown_table_is_told_what_is_missing() -> None:
    with pytest.raises(UnknownFormat, match="which also has: Date of Birth"):
        recognise(["First Name", "Last Name", "Amount"])


def junk() -> bytes:
    return random.Random(7).randbytes(10_000_000)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"hello", "not a table with headings"),
        (b"\n\n\n", "not a table with headings"),
        (junk(), "not a text file|not a table|no list we know|cannot be read"),
        (b"x" * 10_000_000, "not a table with headings|cannot be read"),
        (PLAIN.encode() + b"\nLe\x00ila,Rahimi,1978-03-04,", "not a text file"),
        (
            PLAIN.encode() + b'\n"Leila,Rahimi,1978-03-04,\n' + b"x,y,,\n" * 50_000,
            "quotation mark that is never closed",
        ),
    ],
    ids=["empty", "one word", "blank lines", "10 MB junk", "10 MB of one letter", "NUL", "open quote"],
)
def test_what_is_no_table_gives_one_clear_line(db: None, tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "junk.csv"
    path.write_bytes(content)

    with pytest.raises(CommandError, match=said):
        bring_in(path)

    assert not Patient.objects.exists()
