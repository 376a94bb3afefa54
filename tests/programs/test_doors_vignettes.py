"""The told stories once more, through the record: what the engines say of them is what the product does.

`test_judging`, `test_triage` and `test_scoring` put them to the engines.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from factories import MONDAY, NOW, a_patient, a_portal_patient, a_user, the_clinic

from patients.actions import facts, intake, outcomes
from patients.actions.outcomes import NotScorable
from patients.models import Assessment, Patient, RedFlag
from patients.rules.rulebook import intake_questions
from patients.rules.rulebook import rulebook as patients_rulebook
from people.models import User
from people.rules.permissions import Role
from people.rules.refusal import Refused
from programs.actions import safety
from programs.actions.safety import Standing, Treatment
from programs.actions.safety_file import AHEAD
from programs.models import SafetyDecision, TreatmentGiven
from programs.rules.rulebook import rulebook

pytestmark = pytest.mark.django_db
TESTS = Path(__file__).parents[1]
PLANNED = SafetyDecision.Moment.PLANNED
# What a patient took, as days since then: how a medicine reaches the record.
TAKEN = {"med_nsaid": "days_since_nsaid", "med_systemic_steroid": "days_since_systemic_steroid"}


def told(file: str) -> list[dict[str, Any]]:
    document = json.loads((TESTS / file).read_text(encoding="utf-8"))
    stories: list[dict[str, Any]] = document.get("vignettes") or document["vectors"]
    return stories


@pytest.fixture
def doctor() -> User:
    the_clinic()
    return a_user(Role.CLINICIAN, profession="physician")


def wrong(differences: Iterator[tuple[str, object, object]]) -> dict[str, tuple[object, object]]:
    """Every story that came out otherwise, at once: what was found and what was expected."""
    return {story: (found, expected) for story, found, expected in differences if found != expected}


# --- contraindications


def test_whoever_is_told_of_is_planned_for_as_a_clinician_expects(doctor: User) -> None:
    def differences() -> Iterator[tuple[str, object, object]]:
        for story in told("programs/vignettes_contraindications.json"):
            if story["modality"] in rulebook().self_care:
                continue  # what somebody takes at home is never planned, booked or given
            standing = _planned_for(story, doctor)
            found = {it.rule.code for it in standing.judgement.findings}
            yield story["id"], standing.judgement.decision, story["expected_decision"]
            yield story["id"], set(story["expected_rules"]) - found, set()
            yield story["id"], standing.judgement.defer_days, story["expected_defer_days"]
            if story["expected_status"]:
                yield story["id"], standing.status, story["expected_status"]

    assert wrong(differences()) == {}


def _planned_for(story: Mapping[str, Any], doctor: User) -> Standing:
    known = dict(story["facts"])
    patient = a_patient(birth_date=MONDAY.replace(year=MONDAY.year - known.pop("age_years")))
    facts.state(patient, known, by=doctor, now=NOW)
    wanted = Treatment(story["modality"], MONDAY, story["technique"] or "")
    (standing,) = safety.standings(patient, [wanted])
    try:
        safety.decide(patient, [wanted], PLANNED, by=doctor, now=NOW)
    except Refused:
        assert not standing.may_be_given, story["id"]
        assert not SafetyDecision.objects.filter(patient=patient).exists()
    else:
        assert standing.may_be_given, story["id"]
        kept = SafetyDecision.objects.get(patient=patient)
        assert safety.replayed(kept).status == kept.status == standing.status, story["id"]
    return standing


# --- warning signs


def test_whoever_is_told_of_sends_the_form_and_is_held_as_a_clinician_expects(doctor: User) -> None:
    def differences() -> Iterator[tuple[str, object, object]]:
        for story in told("patients/vignettes_triage.json"):
            patient = a_portal_patient()
            assert patient.user
            form = intake.start(patient, by=patient.user, now=NOW)
            asked = [rule.code for rule in intake_questions(patient.age_on(MONDAY))]
            said = dict.fromkeys(asked, False) | dict.fromkeys(story["answers_yes"], True)
            intake.save_part(form, "safety-1", said, by=patient.user, now=NOW)
            result = intake.submit(form, by=patient.user, now=NOW)

            yield story["id"], result.urgency, story["expected_urgency"]
            blocked = rulebook().modalities_blocked_by(story["expected_blocked"])
            yield story["id"], rulebook().modalities_blocked_by(result.blocks), blocked
            yield story["id"], safety.held_modalities(patient), blocked
            gravest = max(_open_signs(patient), key=patients_rulebook().rank, default="none")
            yield story["id"], gravest, story["expected_urgency"]

    assert wrong(differences()) == {}


def _open_signs(patient: Patient) -> list[str]:
    return list(RedFlag.objects.open().filter(patient=patient).values_list("urgency", flat=True))


# --- scales


def test_every_worked_example_is_kept_with_the_score_worked_out_by_hand(doctor: User) -> None:
    patient = a_patient()

    def differences() -> Iterator[tuple[str, object, object]]:
        for story in told("patients/vectors_outcome_measures.json"):
            if any(name.startswith("baseline") for name in story["input"]):
                continue  # two scores compared: nothing that is filled in
            yield story["id"], _kept(patient, story, doctor), story["expected"]

    assert wrong(differences()) == {}


def _kept(patient: Patient, story: Mapping[str, Any], doctor: User) -> dict[str, object]:
    try:
        it = outcomes.record(patient, story["measure"], story["input"], on=MONDAY, by=doctor, now=NOW)
    except NotScorable:
        return {"error": story["expected"].get("error", "not on the scale")}
    it.refresh_from_db()
    # Warnings and the band of a night's rating are said on the page and not kept.
    more = {name: story["expected"][name] for name in ("warning", "disturbance_band") if name in story["expected"]}
    found = {**it.values, "band": it.band or None, "scorable": bool(it.band), **more}
    return {name: found[name] for name in story["expected"]}


# --- what must keep its distance


def test_what_was_given_too_lately_is_told_with_the_rules_a_clinician_expects(doctor: User) -> None:
    def differences() -> Iterator[tuple[str, object, object]]:
        for story in told("programs/vignettes_timing.json"):
            if story["first"] in rulebook().modalities and story["then"] in rulebook().modalities:
                standing = _asked_after(story, doctor)
                near = {it.rule.code for it in standing.judgement.findings} & rulebook().timing_rules.keys()
                yield story["id"], near, set(story["expected_rules"])
                yield story["id"], standing.may_be_given, story["expected"] != "hard"

    assert wrong(differences()) == {}


def _asked_after(story: Mapping[str, Any], doctor: User) -> Standing:
    patient, before = a_patient(), NOW - timedelta(days=story["gap_days"])
    note = Assessment.objects.create(patient=patient, author=doctor, started_at=before)
    TreatmentGiven.objects.create(
        patient=patient, assessment=note, modality=story["first"], technique=story["first_technique"], by=doctor,
        at=before,
    )  # fmt: skip
    wanted = Treatment(story["then"], MONDAY, story["then_technique"])
    # As it is booked: whether somebody has looked at it since is asked once it begins.
    (standing,) = safety.standings(patient, [wanted], nearby=AHEAD)
    return standing


def test_what_was_taken_too_lately_stops_a_treatment_where_the_rule_is_hard(doctor: User) -> None:
    def differences() -> Iterator[tuple[str, object, object]]:
        for story in told("programs/vignettes_timing.json"):
            if story["first"] in TAKEN:
                patient = a_patient()
                facts.state(patient, {TAKEN[story["first"]]: story["gap_days"]}, by=doctor, now=NOW)
                (standing,) = safety.standings(patient, [Treatment("prp", MONDAY, story["then_technique"])])
                yield story["id"], standing.may_be_given, story["expected"] != "hard"

    assert wrong(differences()) == {}
