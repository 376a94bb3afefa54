"""Half a year of a made-up clinic, in small: programs are lived, and no session breaks a rule."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from clinic.simulation import checker, report
from clinic.simulation.rows import Book, File, Given
from clinic.simulation.world import Asked

# All eight take a minute: `manage.py simulate` lives them.
SHORT = ("tpl_acute_spasm_conservative", "tpl_trigger_point_dry_needling")
MORNING = datetime(2026, 1, 5, 15, tzinfo=UTC)


@pytest.mark.django_db
def test_programs_are_lived_and_no_session_breaks_a_rule() -> None:
    said: list[str] = []

    found = report.lived(Asked(SHORT, patients=1, weeks=3, seed=1), say=said.append)

    assert [it.what for it in found.breaches] == []
    assert sum(it.counts["delivered"] for it in found.told.values()) > 5
    assert all(it.patients == 1 and it.counts["booked"] for it in found.told.values())
    assert len(said) == 3
    assert "0 breaches of a rule" in found.as_text()


def test_a_program_that_there_is_not_is_refused() -> None:
    with pytest.raises(CommandError, match="no program tpl_of_nobody"):
        call_command("simulate", "--templates", "tpl_of_nobody")


def a_given(modality: str, technique: str, *, days: int = 0, **fields: Any) -> Given:
    """A treatment in the row's shape; only what the checker reads."""
    row: Any = SimpleNamespace(
        at=MORNING + timedelta(days=days), modality=modality, technique=technique, regions=["upper_trapezius:left"],
        session=None, session_id=None, assessment_id=days, by=SimpleNamespace(profession="physician_interventional"),
    )  # fmt: skip
    row.__dict__.update(fields)
    visit: Any = SimpleNamespace(pk=days, clinician_id=days, starts_at=row.at, ends_at=row.at + timedelta(minutes=30))
    return Given(row, visit, ())


def a_file(*given: Given, **fields: Any) -> File:
    patient: Any = SimpleNamespace(pk=1, family_name="x", given_name="y", birth_date=date(1980, 1, 1))
    empty = File(patient, list(given), *([] for _n in range(9)))
    return replace(empty, **fields)


def said(file: File, **fields: Any) -> str:
    return "; ".join(it.what for it in checker.breaches(Book([file], fields.get("absences", []), [])))


def test_the_checker_finds_a_treatment_without_a_signature() -> None:
    assert "without consent_prp" in said(a_file(a_given("prp", "prp_ligament")))


def test_the_checker_finds_two_treatments_too_near_each_other() -> None:
    near = [a_given("prp", "prp_ligament"), a_given("dry_needling", "dn_deep", days=13)]
    far = [a_given("prp", "prp_ligament"), a_given("dry_needling", "dn_deep", days=14)]

    assert "int_prp_dn" in said(a_file(*near))
    assert "int_prp_dn" not in said(a_file(*far))


def test_the_checker_finds_a_treatment_that_a_fact_or_a_sign_forbids() -> None:
    fact: Any = SimpleNamespace(code="active_infection_systemic", value=True, on=MORNING.date(), at=MORNING)
    sign: Any = SimpleNamespace(code="rf_fever", urgency="same_day", raised_at=MORNING, cleared_at=None)

    assert "active_infection_systemic" in said(a_file(a_given("dry_needling", "dn_deep"), facts=[fact]))
    assert "red_flag_uncleared" in said(a_file(a_given("laser_therapy", "lllt_3b"), signs=[sign]))


def test_the_checker_finds_a_clinician_in_two_places_and_one_who_is_away() -> None:
    one, other = a_given("laser_therapy", "lllt_3b"), a_given("exercise_program", "ex_resistance")
    held: Any = (("sara", "clinician", MORNING, MORNING + timedelta(minutes=30)),)
    both: Any = [replace(one, holds=held), replace(other, holds=held)]
    away: Any = [("sara", MORNING, MORNING + timedelta(days=1))]

    assert "the clinician was in two places" in said(a_file(*both))
    assert "the clinician was away" in said(a_file(both[0]), absences=away)
