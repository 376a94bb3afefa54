"""Who may close a warning sign, and when it opens again."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from factories import NOW, a_portal_patient, a_user, the_clinic

from patients.actions import intake as intakes
from patients.actions import red_flags
from patients.actions.red_flags import AlreadyCleared, FindingMissing
from patients.models import Patient, RedFlag
from patients.rules.clearance import PHYSICIANS, professions_that_may_clear
from patients.rules.rulebook import rulebook
from people.models import AuditEvent, User
from people.rules.permissions import Role
from people.rules.professions import professions
from people.rules.refusal import NotAllowed

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def leila(db: None) -> Patient:
    the_clinic()
    return a_portal_patient()


def a_flag(patient: Patient, code: str = "rf_fever", urgency: str = "same_day") -> RedFlag:
    return RedFlag.objects.create(patient=patient, code=code, urgency=urgency, raised_at=NOW)


def a(profession: str) -> User:
    return a_user(Role.CLINICIAN, profession=profession)


def may_clear(code: str, urgency: str) -> frozenset[str]:
    return professions_that_may_clear(code, urgency, rulebook=rulebook(), professions=professions())


def test_a_physiotherapist_cannot_close_a_same_day_sign(leila: Patient) -> None:
    flag = a_flag(leila)

    with pytest.raises(NotAllowed, match="Physician"):
        red_flags.clear(flag, finding="No fever now", by=a("physical_therapist"), now=LATER)

    flag.refresh_from_db()
    assert flag.cleared_at is None


@pytest.mark.parametrize("profession", sorted(PHYSICIANS))
def test_a_physician_closes_a_same_day_sign_with_a_finding(leila: Patient, profession: str) -> None:
    flag, doctor = a_flag(leila), a(profession)

    red_flags.clear(flag, finding=" 36.8 °C, no meningism ", by=doctor, now=LATER)

    flag.refresh_from_db()
    assert (flag.cleared_at, flag.cleared_by, flag.finding) == (LATER, doctor, "36.8 °C, no meningism")
    event = AuditEvent.objects.get(deed="red_flag.cleared")
    assert (event.patient_id, event.detail) == (leila.pk, {"code": "rf_fever"})


def test_a_lighter_sign_may_be_closed_by_whom_the_rulebook_names(leila: Patient) -> None:
    flag = a_flag(leila, "rf_pain_over_two_days", "refer_before_treatment")

    red_flags.clear(flag, finding="Muscular", by=a("physical_therapist"), now=LATER)

    assert not leila.red_flags.open().exists()


def test_the_same_sign_raised_by_a_grave_combination_needs_a_physician() -> None:
    assert "physical_therapist" in may_clear("rf_pain_over_two_days", "refer_before_treatment")
    assert may_clear("rf_pain_over_two_days", "emergency_now") == PHYSICIANS


def test_no_sign_stays_open_for_ever_because_nobody_may_close_it() -> None:
    assert all(may_clear(code, urgency) for code in rulebook().red_flags for urgency in rulebook().urgencies)
    assert may_clear("rf_of_an_older_rulebook", "refer_before_treatment") == PHYSICIANS
    assert may_clear("rf_fever", "urgency_of_an_older_rulebook") == PHYSICIANS


def test_a_profession_without_the_right_never_closes_any() -> None:
    barred = {code for code, it in professions().items() if not it.may_clear_red_flags}

    assert barred
    assert not any(barred & may_clear(code, "refer_before_treatment") for code in rulebook().red_flags)


def test_the_desk_cannot_close_a_sign(leila: Patient) -> None:
    with pytest.raises(NotAllowed):
        red_flags.clear(a_flag(leila), finding="Asked her", by=a_user(Role.FRONT_DESK), now=LATER)


@pytest.mark.parametrize("finding", ["", "  \n"])
def test_a_sign_is_not_closed_without_words(leila: Patient, finding: str) -> None:
    with pytest.raises(FindingMissing):
        red_flags.clear(a_flag(leila), finding=finding, by=a("physician"), now=LATER)


def test_a_sign_is_closed_once_and_the_first_finding_stands(leila: Patient) -> None:
    flag = a_flag(leila)
    red_flags.clear(flag, finding="First", by=a("physician"), now=LATER)

    with pytest.raises(AlreadyCleared):
        red_flags.clear(flag, finding="Second", by=a("physician"), now=LATER)

    flag.refresh_from_db()
    assert flag.finding == "First"


def test_the_database_wants_a_name_and_a_finding_for_a_closed_sign(leila: Patient) -> None:
    flag = a_flag(leila)

    with pytest.raises(IntegrityError, match="a_cleared_flag_says_who_and_what"), transaction.atomic():
        RedFlag.objects.filter(pk=flag.pk).update(cleared_at=LATER)


def test_a_closed_sign_opens_again_when_a_new_form_answers_yes(leila: Patient) -> None:
    assert leila.user
    for day in range(2):
        form = intakes.start(leila, by=leila.user, now=NOW + timedelta(days=day))
        intakes.save_part(form, "safety-3", {"rf_fever": True}, by=leila.user, now=NOW + timedelta(days=day))
        intakes.submit(form, by=leila.user, now=NOW + timedelta(days=day))
        for flag in leila.red_flags.open():
            if day == 0:
                red_flags.clear(flag, finding="Gone", by=a("physician"), now=LATER)

    assert list(leila.red_flags.values_list("code", "finding")) == [("rf_fever", ""), ("rf_fever", "Gone")]


def test_a_sign_closed_while_the_form_is_open_is_not_raised_again_by_sending_it(leila: Patient) -> None:
    assert leila.user
    form = intakes.start(leila, by=leila.user, now=NOW)
    intakes.save_part(form, "safety-3", {"rf_fever": True}, by=leila.user, now=NOW)
    red_flags.clear(leila.red_flags.get(), finding="Called her: no fever", by=a("physician"), now=NOW)

    intakes.submit(form, by=leila.user, now=LATER)

    assert not leila.red_flags.open().exists()


def test_a_sign_is_open_once_whoever_reports_it(leila: Patient) -> None:
    a_flag(leila)

    with pytest.raises(IntegrityError, match="a_red_flag_is_open_once"), transaction.atomic():
        a_flag(leila)
