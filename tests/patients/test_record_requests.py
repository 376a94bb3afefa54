"""Corrections: asked once, decided once, answered by the patient's own words."""

from datetime import date

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from factories import NOW, a_portal_patient, a_user, the_clinic

from patients.actions import record_requests
from patients.models import Correction, Patient, RecordPolicy
from patients.rules.record_requests import AlreadyAsked, NotDecidable, kept_until
from people.models import User
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed


@pytest.fixture
def leila(db: None) -> Patient:
    the_clinic()
    return a_portal_patient()


def asked(patient: Patient, about: str = "health", says: str = "Diabetes") -> Correction:
    assert patient.user
    return record_requests.ask(patient, about=about, says=says, should_say="None", by=patient.user, now=NOW)


def decided(correction: Correction, by: User, *, is_accepted: bool = False, reason: str = "It was measured.") -> None:
    record_requests.decide(correction, is_accepted=is_accepted, reason=reason, by=by, now=NOW)


def test_a_mistake_about_health_is_for_clinicians_and_one_about_a_name_for_the_desk(leila: Patient) -> None:
    rosa, sara = a_user(Role.FRONT_DESK), a_user(Role.CLINICIAN)
    health, name = asked(leila), asked(leila, "contact")

    assert set(Correction.objects.visible_to(rosa)) == {name}
    assert set(Correction.objects.visible_to(sara)) == {health, name}
    with pytest.raises(NotAllowed):
        decided(health, rosa)
    decided(name, rosa, is_accepted=True, reason="Corrected.")


def test_asked_twice_is_once_and_ten_are_enough(leila: Patient) -> None:
    assert asked(leila) == asked(leila)
    for nth in range(9):
        asked(leila, says=f"Word {nth}")
    with pytest.raises(AlreadyAsked):
        asked(leila, says="One more")


def test_a_decision_says_why_and_stays(leila: Patient) -> None:
    sara, correction = a_user(Role.CLINICIAN), asked(leila)

    with pytest.raises(NotDecidable):
        decided(correction, sara, reason="  ")
    decided(correction, sara)
    with pytest.raises(NotDecidable):
        decided(correction, sara, is_accepted=True)
    with pytest.raises(ProgrammingError), transaction.atomic():
        Correction.objects.update(reason="Another")


def test_a_refusal_is_answered_once_in_the_patients_own_words(leila: Patient) -> None:
    correction = asked(leila)
    assert leila.user
    with pytest.raises(NotDecidable):
        record_requests.state(correction, "I have none.", by=leila.user, now=NOW)
    decided(correction, a_user(Role.CLINICIAN))

    record_requests.state(correction, "I have none.", by=leila.user, now=NOW)

    assert Correction.objects.get().statement == "I have none."
    with pytest.raises(NotDecidable):
        record_requests.state(correction, "Really.", by=leila.user, now=NOW)


def test_a_record_is_kept_from_the_last_visit_and_a_childs_from_coming_of_age() -> None:
    last, years = date(2026, 2, 28), 10

    assert kept_until(last_seen_on=None, birth_date=None, years=years) is None
    assert kept_until(last_seen_on=last, birth_date=date(1970, 1, 1), years=years) == date(2036, 2, 28)
    assert kept_until(last_seen_on=last, birth_date=date(2016, 2, 29), years=years) == date(2044, 3, 1)


def test_the_office_sets_how_fast_and_how_long(db: None) -> None:
    the_clinic()
    record_requests.set_policy(answer_working_days=3, kept_years=12, by=a_user(Role.MANAGER))

    assert RecordPolicy.current().kept_years == 12
    with pytest.raises(NotAllowed):
        record_requests.set_policy(answer_working_days=3, kept_years=12, by=a_user(Role.FRONT_DESK))
    with pytest.raises(IntegrityError), transaction.atomic():
        RecordPolicy.objects.update(kept_years=0)
