"""What is known of a patient on a day, and how it comes to be known."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from factories import NOW, a_patient, a_user, the_clinic

from patients.actions import facts, intake
from patients.models import Fact
from patients.rules.facts import Statement, from_form, known_on
from patients.rules.medicines import classes_in
from patients.rules.rulebook import rulebook
from people.models import AuditEvent
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed

DAY = date(2026, 9, 14)


def known(*said: Statement, on: date = DAY, born: date | None = None) -> dict[str, Any]:
    return known_on(on, said, birth_date=born, facts=rulebook().facts)


def classes(text: str) -> set[str]:
    return {family.code for family in classes_in(text, rulebook().medicine_classes.values())}


# --- how long an answer counts


def test_a_yes_counts_until_somebody_says_otherwise_and_a_no_for_thirty_days() -> None:
    yes, no = Statement("osteoporosis", True, DAY), Statement("anticoagulant_use", False, DAY)

    assert known(yes, no, on=DAY + timedelta(days=29)) == {"osteoporosis": True, "anticoagulant_use": False}
    assert known(yes, no, on=DAY + timedelta(days=30)) == {"osteoporosis": True}


def test_a_blood_pressure_counts_on_the_day_it_was_taken() -> None:
    taken = Statement("bp_systolic", 128, DAY)

    assert known(taken) == {"bp_systolic": 128}
    assert known(taken, on=DAY + timedelta(days=1)) == {}


def test_days_since_something_grow_by_themselves() -> None:
    assert known(Statement("days_since_nsaid", 3, DAY), on=DAY + timedelta(days=4)) == {"days_since_nsaid": 7}


def test_what_is_said_not_to_be_known_is_not_known() -> None:
    assert known(Statement("pregnancy", None, DAY)) == {}


def test_what_will_only_be_said_later_is_not_known_yet() -> None:
    assert known(Statement("pregnancy", True, DAY + timedelta(days=1))) == {}


def test_the_birth_date_says_how_old_somebody_is() -> None:
    assert known(born=date(2010, 9, 14)) == {"age_years": 16, "growth_plates_open": True}
    assert known(born=date(1978, 9, 15)) == {"age_years": 47, "growth_plates_open": False}


# --- medicines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Apixaban 5 mg twice a day", {"anticoagulant"}),
        ("I take ELIQUIS and Coumadin", {"anticoagulant", "warfarin"}),
        ("apixiban, rivaroxabn, clopidogerl", {"anticoagulant", "antiplatelet"}),  # slips of the pen
        ("St. John's wort tea", {"photosensitising"}),
        ("low-dose aspirin", {"antiplatelet"}),
        ("Ibuprofen now and then", set()),
        ("none", set()),
        ("", set()),
    ],
)
def test_medicines_are_known_by_any_name_a_patient_gives_them(text: str, expected: set[str]) -> None:
    assert classes(text) == expected


def test_naming_no_medicine_proves_nothing() -> None:
    assert "anticoagulant_use" not in from_form({"health": {"medicines": "none"}}, book=rulebook())


def test_a_fact_is_a_no_only_if_every_sign_that_sets_it_was_answered_with_no() -> None:
    signs = [rule.code for rule in rulebook().red_flags.values() if "vbi_signs" in rule.sets_facts]
    all_no = from_form({"red_flags": dict.fromkeys(signs, False)}, book=rulebook())
    one_missing = from_form({"red_flags": dict.fromkeys(signs[1:], False)}, book=rulebook())
    one_yes = from_form({"red_flags": {signs[0]: True}}, book=rulebook())

    assert (all_no["vbi_signs"], one_yes["vbi_signs"]) == (False, True)
    assert "vbi_signs" not in one_missing


# --- in the record


@pytest.mark.django_db
def test_a_form_that_names_a_blood_thinner_says_so_in_the_record() -> None:
    the_clinic()
    patient, desk = a_patient(), a_user(Role.FRONT_DESK)
    form = intake.start(patient, by=desk, now=NOW)
    intake.save_part(form, "health", {"medicines": "apixaban", "conditions": "", "allergy_state": ""}, by=desk, now=NOW)
    intake.submit(form, by=desk, now=NOW)

    assert facts.known(patient, on=NOW.date())["anticoagulant_use"] is True
    line = AuditEvent.objects.get(deed="facts.stated")
    assert line.detail == {"origin": "form", "count": 1}


@pytest.mark.django_db
def test_the_last_word_stands_and_the_earlier_ones_stay_readable() -> None:
    the_clinic()
    patient, doctor = a_patient(birth_date=None), a_user(Role.CLINICIAN)
    facts.state(patient, {"pregnancy": True, "bp_systolic": 131}, by=doctor, now=NOW)
    facts.state(patient, {"pregnancy": False}, by=doctor, now=NOW + timedelta(minutes=5))

    assert facts.known(patient, on=NOW.date()) == {"pregnancy": False, "bp_systolic": 131}
    assert Fact.objects.filter(patient=patient, code="pregnancy").count() == 2


@pytest.mark.django_db
def test_what_was_said_cannot_be_changed_in_the_database() -> None:
    the_clinic()
    facts.state(a_patient(), {"pregnancy": True}, by=a_user(Role.CLINICIAN), now=NOW)

    with pytest.raises(ProgrammingError), transaction.atomic():
        Fact.objects.update(value=False)
    with pytest.raises(ProgrammingError), transaction.atomic():
        Fact.objects.all().delete()


@pytest.mark.django_db
def test_only_a_clinician_states_facts_and_only_answers_that_can_be() -> None:
    the_clinic()
    patient, doctor = a_patient(), a_user(Role.CLINICIAN)

    with pytest.raises(NotAllowed):
        facts.state(patient, {"pregnancy": True}, by=a_user(Role.FRONT_DESK), now=NOW)
    for nonsense in ({"pregnancy": 3}, {"bp_systolic": -5}, {"bp_systolic": True}):
        with pytest.raises(facts.NotAnAnswer):
            facts.state(patient, nonsense, by=doctor, now=NOW)
    with pytest.raises(KeyError):
        facts.state(patient, {"likes_tea": True}, by=doctor, now=NOW)
    assert not Fact.objects.exists()
