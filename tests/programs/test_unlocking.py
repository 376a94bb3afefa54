"""What the rules lock, who unlocks it, and what is kept of the decision."""

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction
from factories import NOW, a_patient, a_user, the_clinic

from patients.actions import facts, intake, red_flags
from patients.models import Patient, RedFlag
from patients.rules.rulebook import KNOWLEDGE as PATIENTS_KNOWLEDGE
from patients.rules.rulebook import intake_questions
from patients.rules.rulebook import rulebook as patients_rulebook
from people.models import AuditEvent, User
from people.rules.knowledge import version
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed
from programs.actions import plans, safety
from programs.actions.safety import Treatment
from programs.models import Override, Plan, SafetyDecision
from programs.rules.rulebook import KNOWLEDGE, rulebook

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
THRUST = Treatment("chiropractic_care", TODAY, "cervical_thrust")
BOOKED = SafetyDecision.Moment.BOOKED


@pytest.fixture
def doctor() -> User:
    the_clinic()
    return a_user(Role.CLINICIAN, profession="physician")


def patient_with(doctor: User, **said: Any) -> Patient:
    patient = a_patient(birth_date=date(1978, 3, 4))
    facts.state(patient, said, by=doctor, now=NOW)
    return patient


def status_of(patient: Patient, treatment: Treatment = THRUST) -> str:
    return safety.standings(patient, [treatment])[0].status


def unlock(patient: Patient, by: User, **changes: Any) -> Override:
    asked: dict[str, Any] = {"reason": "INR 2.1 today, gentle grade only", "until": TODAY + timedelta(days=30)}
    return safety.override(patient, THRUST, by=by, now=NOW, **asked | changes)


def test_a_finding_that_forbids_a_treatment_forbids_it_until_it_passes(doctor: User) -> None:
    patient = patient_with(doctor, bp_systolic=190)

    assert status_of(patient) == "blocked"
    with pytest.raises(safety.Contraindicated):
        safety.decide(patient, [THRUST], BOOKED, by=doctor, now=NOW)
    assert not SafetyDecision.objects.exists()
    # Yesterday's blood pressure says nothing about today: it has to be taken again.
    assert (
        status_of(patient, Treatment("chiropractic_care", TODAY + timedelta(days=1), "cervical_thrust")) == "incomplete"
    )


def test_an_open_warning_sign_holds_the_treatments_it_blocks(doctor: User) -> None:
    patient = patient_with(doctor)
    RedFlag.objects.create(patient=patient, code="rf_fever", urgency="same_day", raised_at=NOW)

    assert status_of(patient) == "blocked"
    with pytest.raises(safety.HeldByRedFlag):
        safety.decide(patient, [THRUST], BOOKED, by=doctor, now=NOW)


def test_a_clinician_the_rule_names_unlocks_it_with_a_reason_and_a_last_day(doctor: User) -> None:
    patient = patient_with(doctor, anticoagulant_use=True)
    assert status_of(patient) == "override_required"

    made = unlock(patient, doctor)

    assert made.rules == ["ci_chiropractic__anticoagulant_use__relative"]
    assert safety.standings(patient, [THRUST])[0].may_be_given
    line = AuditEvent.objects.get(deed="treatment.unlocked")
    assert line.detail == {"modality": "chiropractic_care", "rules": 1, "until": str(made.until)}


def test_what_was_unlocked_is_locked_again_after_the_last_day_or_when_it_is_revoked(doctor: User) -> None:
    patient = patient_with(doctor, anticoagulant_use=True)
    made = unlock(patient, doctor)
    after = Treatment("chiropractic_care", made.until + timedelta(days=1), "cervical_thrust")
    assert status_of(patient, after) == "override_required"

    for _again in range(2):
        safety.revoke(made, by=doctor, now=NOW + timedelta(hours=1))

    assert status_of(patient) == "override_required"
    assert AuditEvent.objects.filter(deed="treatment.locked_again").count() == 1


def test_a_new_finding_is_not_unlocked_by_an_old_decision(doctor: User) -> None:
    patient = patient_with(doctor, anticoagulant_use=True)
    unlock(patient, doctor)

    facts.state(patient, {"osteoporosis": True}, by=doctor, now=NOW)

    assert status_of(patient) == "override_required"


@pytest.mark.parametrize(
    ("said", "changes", "refusal"),
    [
        ({"rheumatoid_arthritis": True}, {}, safety.CannotBeOverridden),  # absolute
        ({}, {}, safety.CannotBeOverridden),  # nothing is locked
        ({"anticoagulant_use": True}, {"reason": "  "}, safety.CannotBeOverridden),
        ({"anticoagulant_use": True}, {"until": TODAY - timedelta(days=1)}, safety.CannotBeOverridden),
        ({"anticoagulant_use": True}, {"until": TODAY + timedelta(days=400)}, safety.CannotBeOverridden),
    ],
)
def test_what_cannot_be_unlocked_stays_locked(
    doctor: User, said: dict[str, Any], changes: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        unlock(patient_with(doctor, **said), doctor, **changes)
    assert not Override.objects.exists()


def test_neither_the_desk_nor_a_profession_the_rule_does_not_name_unlocks_it(doctor: User) -> None:
    patient = patient_with(doctor, anticoagulant_use=True)

    for nobody in (a_user(Role.FRONT_DESK), a_user(Role.CLINICIAN, profession="dietitian")):
        with pytest.raises(NotAllowed):
            unlock(patient, nobody)


def test_a_decision_can_be_replayed_years_later(doctor: User) -> None:
    patient = patient_with(doctor, anticoagulant_use=True)
    unlock(patient, doctor)
    safety.decide(patient, [THRUST], BOOKED, by=doctor, now=NOW)

    kept = SafetyDecision.objects.get()
    again = safety.replayed(kept)

    assert kept.rulebook_version == rulebook().version
    assert kept.rules == [it.rule.code for it in again.findings]
    assert (kept.overridden, again.decision) == (["ci_chiropractic__anticoagulant_use__relative"], "override_required")
    assert kept.facts["anticoagulant_use"] is True


def test_every_kept_decision_is_judged_again_by_the_release_that_made_it(
    doctor: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patient = patient_with(doctor, anticoagulant_use=True)
    unlock(patient, doctor)
    safety.decide(patient, [THRUST], BOOKED, by=doctor, now=NOW)
    kept = SafetyDecision.objects.get()
    for house, knowledge in (("patients", PATIENTS_KNOWLEDGE), ("programs", KNOWLEDGE)):
        shutil.copytree(knowledge, tmp_path / house / "knowledge")
    with (tmp_path / "programs/knowledge/contraindications.toml").open("a") as older:
        older.write("\n# as it was once\n")
    then = version(tmp_path / "programs/knowledge")
    SafetyDecision.objects.create(**_columns(kept) | {"rulebook_version": then})

    call_command("rulebook", "replay")
    call_command("rulebook", "replay", "--release", str(tmp_path))

    now = rulebook().version
    assert capsys.readouterr().out.splitlines() == [
        f"1 decisions come out as they were kept, by rulebook {now}.",
        f"1 were made by rulebook {then}: name that release with --release.",
        f"1 decisions come out as they were kept, by rulebook {then}.",
        f"1 were made by rulebook {now}: name that release with --release.",
    ]
    SafetyDecision.objects.create(**_columns(kept) | {"overridden": []})
    with pytest.raises(CommandError, match="1 decisions come out otherwise"):
        call_command("rulebook", "replay")
    assert f"was {kept.status}, would be override_required" in capsys.readouterr().out
    with pytest.raises(CommandError, match="red_flags"):
        call_command("rulebook", "replay", "--release", str(tmp_path / "nowhere"))


def _columns(kept: SafetyDecision) -> dict[str, Any]:
    return {name: value for name, value in vars(kept).items() if name not in {"_state", "id"}}


def test_neither_a_decision_nor_an_override_can_be_rewritten(doctor: User) -> None:
    patient = patient_with(doctor, anticoagulant_use=True)
    safety.revoke(unlock(patient, doctor), by=doctor, now=NOW)
    safety.decide(patient, [Treatment("posture_guidance", TODAY)], BOOKED, by=doctor, now=NOW)

    for rewrite in (
        lambda: SafetyDecision.objects.update(status="allowed"),
        lambda: SafetyDecision.objects.all().delete(),
        lambda: Override.objects.update(reason="other"),
        lambda: Override.objects.all().delete(),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            rewrite()


def test_however_many_treatments_are_asked_about_the_questions_to_the_database_are_as_many(
    doctor: User, django_assert_num_queries: Any
) -> None:
    patient = patient_with(doctor, anticoagulant_use=True)
    every = [Treatment(code, TODAY + timedelta(days=n)) for n, code in enumerate(rulebook().modalities)]
    with django_assert_num_queries(1):
        safety.standings(patient, [THRUST])
    with django_assert_num_queries(1):
        safety.standings(patient, every)


def test_a_program_whose_treatment_is_blocked_is_not_started(doctor: User) -> None:
    patient = patient_with(doctor, rheumatoid_arthritis=True)

    with pytest.raises(safety.Contraindicated) as refusal:
        plans.start(
            patient,
            template_code="tpl_subacute_chiropractic_exercise",
            starts_on=TODAY,
            remind_at=None,
            by=doctor,
            now=NOW,
        )

    assert "safety page" in str(refusal.value)
    assert {it.treatment.modality for it in refusal.value.standings} == {"chiropractic_care"}
    assert not Plan.objects.exists()


def test_once_a_clinician_has_closed_a_sign_what_it_said_of_the_patient_is_a_no(doctor: User) -> None:
    patient = a_patient(birth_date=date(1978, 3, 4))
    form = intake.start(patient, by=doctor, now=NOW)
    asked = dict.fromkeys([rule.code for rule in intake_questions(patient.age_on(TODAY))], False)
    intake.save_part(form, "safety-1", asked | {"rf_sudden_unsteadiness": True}, by=doctor, now=NOW)
    intake.submit(form, by=doctor, now=NOW)
    assert status_of(patient) == "blocked"

    for flag in patient.red_flags.open():
        red_flags.clear(flag, finding="One stumble on ice, steady today.", by=doctor, now=NOW + timedelta(hours=1))

    known = facts.known(patient, on=TODAY)
    assert known["vbi_signs"] is False
    assert status_of(patient) == "incomplete"


def test_a_blood_thinner_stays_one_when_the_sign_it_raised_is_closed(doctor: User) -> None:
    patient = a_patient(birth_date=date(1978, 3, 4))
    rule = next(it for it in patients_rulebook().red_flags.values() if "anticoagulant_use" in it.sets_facts)
    facts.state(patient, {"anticoagulant_use": True}, by=doctor, now=NOW)
    flag = RedFlag.objects.create(patient=patient, code=rule.code, urgency=rule.urgency, raised_at=NOW)

    red_flags.clear(flag, finding="Apixaban, INR not needed", by=doctor, now=NOW + timedelta(hours=1))

    assert facts.known(patient, on=TODAY)["anticoagulant_use"] is True
