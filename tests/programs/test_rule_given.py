"""What was given counts by itself: the days since, the distance to the next, and how many without a look."""

from datetime import date, datetime, timedelta

import pytest
from factories import NOW, a_patient, a_user, the_clinic

from patients.actions import facts
from patients.models import Assessment, Patient
from people.models import User
from people.rules.permissions import Role
from programs.actions import safety, safety_file
from programs.actions.safety import Treatment
from programs.actions.safety_file import Nearby
from programs.models import SafetyDecision, TreatmentGiven

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
DAY = timedelta(days=1)
NEEDLES = "dry_needling"


@pytest.fixture
def doctor() -> User:
    the_clinic()
    return a_user(Role.CLINICIAN, profession="physician")


@pytest.fixture
def patient() -> Patient:
    return a_patient(birth_date=date(1978, 3, 4))


def given(patient: Patient, by: User, at: datetime, modality: str = NEEDLES, *regions: str) -> Assessment:
    note = Assessment.objects.create(patient=patient, author=by, started_at=at, kind=Assessment.Kind.FOLLOW_UP)
    TreatmentGiven.objects.create(
        patient=patient, assessment=note, modality=modality, technique="x", regions=list(regions), by=by, at=at
    )
    Assessment.objects.filter(pk=note.pk).update(signed_at=at, signed_by=by)
    return note


def fired(patient: Patient, on: date = TODAY, nearby: Nearby = safety_file.TODAY) -> set[str]:
    (standing,) = safety.standings(patient, [Treatment(NEEDLES, on)], nearby=nearby)
    return {it.rule.code for it in standing.judgement.findings if it.rule.code.startswith("int_")}


def test_the_days_since_a_treatment_are_counted_unless_a_clinician_knows_better(doctor: User, patient: Patient) -> None:
    given(patient, doctor, NOW - 9 * DAY, "prp")
    assert safety_file.read(patient).known_on(TODAY)["days_since_prp"] == 9

    facts.state(patient, {"days_since_prp": 2}, by=doctor, now=NOW - 3 * DAY)
    assert safety_file.read(patient).known_on(TODAY)["days_since_prp"] == 5

    given(patient, doctor, NOW - DAY, "prp")
    assert safety_file.read(patient).known_on(TODAY)["days_since_prp"] == 1


def test_a_needle_in_the_neck_does_not_count_for_the_calf_but_may_as_long_as_no_place_is_chosen(
    doctor: User, patient: Patient
) -> None:
    given(patient, doctor, NOW - DAY, NEEDLES, "upper_trapezius:left:C5-C6")

    def counted(*regions: str) -> object:
        (standing,) = safety.standings(patient, [Treatment(NEEDLES, TODAY, regions=regions)])
        return standing.facts.get("days_since_last_dn_same_region")

    assert [counted(), counted("upper_trapezius:both"), counted("upper_trapezius:left")] == [1, 1, 1]
    assert [counted("upper_trapezius:right"), counted("calf:left")] == [None, None]


def test_a_booking_too_near_what_was_given_is_refused_with_words_for_the_desk(doctor: User, patient: Patient) -> None:
    given(patient, doctor, NOW)

    with pytest.raises(safety.TooNear, match="Choose another day"):
        safety.decide(patient, [Treatment(NEEDLES, TODAY + DAY)], SafetyDecision.Moment.BOOKED, by=doctor, now=NOW)
    assert fired(patient, TODAY + 2 * DAY) == {"int_dn_dn_preferred"}
    assert fired(patient, TODAY + 7 * DAY) == set()


def test_what_this_very_visit_gave_does_not_stop_it(doctor: User, patient: Patient) -> None:
    note = given(patient, doctor, NOW)

    assert fired(patient) == {"int_dn_dn", "int_dn_dn_preferred"}
    assert fired(patient, nearby=Nearby(sitting=note.pk)) == set()


def test_after_three_sessions_somebody_looks_and_then_the_count_begins_anew(doctor: User, patient: Patient) -> None:
    for weeks in (4, 3, 2):
        given(patient, doctor, NOW - 7 * weeks * DAY)
    assert fired(patient) == {"int_reassess_dn"}
    assert fired(patient, nearby=safety_file.AHEAD) == set(), "somebody may have looked by then"

    looked = Assessment.objects.create(patient=patient, author=doctor, started_at=NOW - DAY)
    Assessment.objects.filter(pk=looked.pk).update(signed_at=NOW - DAY, signed_by=doctor)
    assert fired(patient) == set()


def test_a_decision_about_distance_is_replayed_as_it_was(doctor: User, patient: Patient) -> None:
    given(patient, doctor, NOW - 3 * DAY)
    safety.decide(patient, [Treatment(NEEDLES, TODAY)], SafetyDecision.Moment.STARTED, by=doctor, now=NOW)

    kept = SafetyDecision.objects.get()

    assert "int_dn_dn_preferred" in kept.rules
    assert [it.rule.code for it in safety.replayed(kept).findings] == kept.rules
