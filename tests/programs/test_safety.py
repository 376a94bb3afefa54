"""What an open warning sign holds back."""

from datetime import timedelta

import pytest
from factories import NOW, a_patient, a_user, the_clinic
from plan_cast import a_therapist, an_open_flag

from patients.actions import assessments, intake
from patients.rules.rulebook import intake_questions
from people.rules.permissions import Role
from programs.actions import safety
from programs.rules.rulebook import rulebook

pytestmark = pytest.mark.django_db
EVERY_TREATMENT = frozenset(rulebook().modalities)


def test_without_a_warning_sign_nothing_is_held() -> None:
    assert safety.held_modalities(a_patient()) == frozenset()


def test_a_fever_holds_every_treatment() -> None:
    patient = a_patient()
    an_open_flag(patient, code="rf_fever")

    assert safety.held_modalities(patient) == EVERY_TREATMENT


def test_a_same_day_sign_holds_at_least_whatever_is_hands_on() -> None:
    patient = a_patient()
    an_open_flag(patient, code="rf_age_65_or_over", urgency="same_day")

    assert safety.held_modalities(patient) >= EVERY_TREATMENT - {"posture_guidance"}


def test_a_sign_or_an_urgency_the_rulebook_no_longer_knows_holds_everything() -> None:
    old_sign, old_urgency = a_patient(), a_patient()
    an_open_flag(old_sign, code="rf_of_an_older_rulebook", urgency="none")
    an_open_flag(old_urgency, code="rf_age_65_or_over", urgency="an_older_word")

    assert safety.held_modalities(old_sign) == safety.held_modalities(old_urgency) == EVERY_TREATMENT


def test_a_cleared_sign_holds_nothing() -> None:
    patient = a_patient()
    an_open_flag(patient, cleared_at=NOW, cleared_by=a_therapist(), finding="Over.")

    assert safety.held_modalities(patient) == frozenset()


def test_another_patients_sign_holds_nothing_of_mine() -> None:
    an_open_flag(a_patient())

    assert safety.held_modalities(a_patient()) == frozenset()


def test_the_refusal_says_no_more_than_that_a_clinician_must_look() -> None:
    patient = a_patient()
    an_open_flag(patient)

    with pytest.raises(safety.HeldByRedFlag) as refused:
        safety.refuse_if_unsafe(patient, [safety.Treatment("laser_therapy", NOW.date())])

    assert str(refused.value) == "Clinician check needed before this visit can be booked."


def test_an_assessment_is_never_held() -> None:
    patient = a_patient()
    an_open_flag(patient, urgency="emergency_now")

    safety.refuse_if_unsafe(patient, [])


def test_a_grave_question_left_open_holds_treatments_until_she_is_examined_or_answers() -> None:
    the_clinic()
    patient, doctor = a_patient(), a_user(Role.CLINICIAN, profession="physician")
    form = intake.start(patient, by=doctor, now=NOW)
    asked = [rule.code for rule in intake_questions(patient.age_on(NOW.date()))]
    intake.save_part(form, "safety-1", dict.fromkeys(asked, False) | {"rf_fever": None}, by=doctor, now=NOW)
    intake.submit(form, by=doctor, now=NOW)

    assert "laser_therapy" in safety.held_modalities(patient)

    draft = assessments.start(patient, by=doctor, now=NOW)
    draft = assessments.save(draft, revision=draft.revision, findings="No fever, 36.8", by=doctor, now=NOW)
    assessments.sign(draft, by=doctor, now=NOW + timedelta(minutes=5))

    assert safety.held_modalities(patient) == frozenset()
