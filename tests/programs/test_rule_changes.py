"""Where the clinic differs from the rulebook: who may, what never, and that every door keeps to it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from factories import NOW, a_patient, a_user, the_clinic

from patients.actions import facts
from patients.models import Patient
from people.models import AuditEvent, User
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile, NotAllowed
from programs.actions import plans, rule_changes, safety
from programs.actions.safety import Treatment
from programs.models import RuleChange, SafetyDecision
from programs.rules.adjusting import number_of
from programs.rules.rulebook import rulebook

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
NSAID = "ci_prp__days_since_nsaid_lt7__relative"
PRP = Treatment("prp", TODAY)
HOUR = timedelta(hours=1)
NEVER = next(code for code, it in rulebook().contraindications.items() if it.severity == "absolute" and number_of(it))


@pytest.fixture
def owner() -> User:
    the_clinic()
    return a_user(Role.OWNER)


@pytest.fixture
def doctor() -> User:
    return a_user(Role.CLINICIAN, profession="physician")


@pytest.fixture
def patient(doctor: User) -> Patient:
    found = a_patient(birth_date=date(1978, 3, 4))
    facts.state(found, {"days_since_nsaid": 8}, by=doctor, now=NOW)
    return found


def changed(owner: User, kind: str, code: str, value: Any = None, **more: Any) -> RuleChange:
    asked: dict[str, Any] = {"reason": "Our surgeons ask for it.", "by": owner, "now": NOW}
    return rule_changes.change(kind, code, value, **asked | more)


def booked(patient: Patient, by: User, treatment: Treatment = PRP) -> SafetyDecision:
    safety.decide(patient, [treatment], SafetyDecision.Moment.BOOKED, by=by, now=NOW)
    return SafetyDecision.objects.latest("pk")


def status_of(patient: Patient, treatment: Treatment = PRP) -> str:
    return safety.standings(patient, [treatment])[0].status


def test_a_number_the_clinic_has_set_counts_at_once_and_says_who_and_why(owner: User, patient: Patient) -> None:
    assert status_of(patient) == "incomplete"

    made = changed(owner, "threshold", NSAID, 10)

    assert status_of(patient) == "override_required"
    assert (made.was, made.value, made.rulebook_version) == (7, 10, rulebook().version)
    line = AuditEvent.objects.get(deed="rule.changed")
    assert line.by == owner
    assert line.detail == {"kind": "threshold", "code": NSAID, "value": 10, "was": 7}


def test_a_treatment_that_is_switched_off_can_be_neither_planned_nor_booked_nor_begun(
    owner: User, doctor: User, patient: Patient
) -> None:
    changed(owner, "modality_off", "chiropractic_care")
    manual = Treatment("chiropractic_care", TODAY, "soft_tissue_therapy")

    for moment in SafetyDecision.Moment:
        with pytest.raises(safety.SwitchedOff, match="switched this treatment off"):
            safety.decide(patient, [manual], moment, by=doctor, now=NOW)
    plan = plans.start(
        patient, template_code="tpl_subacute_chiropractic_exercise", starts_on=TODAY, remind_at=None, by=doctor, now=NOW
    )
    assert plan.sessions.exists()
    assert not plan.sessions.filter(modality="chiropractic_care").exists()
    with pytest.raises(safety.CannotBeOverridden):
        safety.override(patient, manual, reason="please", until=TODAY, by=doctor, now=NOW)


def test_a_technique_that_is_switched_off_leaves_the_treatment(owner: User, doctor: User, patient: Patient) -> None:
    changed(owner, "technique_off", "cervical_thrust")

    booked(patient, doctor, Treatment("chiropractic_care", TODAY, "soft_tissue_therapy"))
    booked(patient, doctor, Treatment("chiropractic_care", TODAY))
    with pytest.raises(safety.SwitchedOff):
        booked(patient, doctor, Treatment("chiropractic_care", TODAY, "cervical_thrust"))


def test_a_decision_is_replayed_by_the_rules_of_its_day_before_during_and_after_a_change(
    owner: User, doctor: User, patient: Patient
) -> None:
    changed(owner, "gap", "int_dn_dn", 3)
    before = booked(patient, doctor)
    made = changed(owner, "threshold", "ci_prp__days_since_nsaid_lt14__caution", 5, now=NOW + HOUR)
    during = booked(patient, doctor)
    rule_changes.withdraw(made, reason="Nobody agreed.", by=owner, now=NOW + 2 * HOUR)
    after = booked(patient, doctor)
    changed(owner, "threshold", NSAID, 10, now=NOW + 3 * HOUR)

    fired = [[it.rule.code for it in safety.replayed(each).findings] for each in (before, during, after)]

    version = rulebook().version
    assert [each.rulebook_version for each in (before, during, after)] == [f"{version}+{n}" for n in (1, 2, 3)]
    assert fired == [before.rules, during.rules, after.rules]
    assert (during.rules, before.rules) == ([], ["ci_prp__days_since_nsaid_lt14__caution"])
    assert [safety.replayed(each).status for each in (before, during, after)] == [
        each.status for each in (before, during, after)
    ]


def test_two_deeds_of_one_second_are_told_apart(owner: User, doctor: User, patient: Patient) -> None:
    first = changed(owner, "threshold", "ci_prp__days_since_nsaid_lt14__caution", 5)
    between = booked(patient, doctor)
    # The clock of the other server is late.
    second = changed(
        owner, "threshold", "ci_prp__days_since_nsaid_lt14__caution", 20, seen=first.pk, now=NOW - HOUR
    )  # fmt: skip

    first.refresh_from_db()
    assert first.at < first.withdrawn_at < second.at  # type: ignore[operator]
    assert [it.rule.code for it in safety.replayed(between).findings] == between.rules == []
    assert booked(patient, doctor).rulebook_version.endswith("+3")
    assert rule_changes.in_force() == [second]


@pytest.mark.parametrize(
    ("kind", "code", "value", "refusal"),
    [
        ("threshold", NEVER, 100_000, rule_changes.CannotBeChanged),
        ("severity", NEVER, "caution", rule_changes.WouldLoosen),
        ("severity", NSAID, "none", rule_changes.WouldLoosen),
        ("severity", NSAID, "relative", rule_changes.SaysSoAlready),
        ("severity", NSAID, "terrible", rule_changes.CannotBeChanged),
        ("gap", "int_injection_thrust_same_day", 0, rule_changes.WouldLoosen),
        ("gap", "int_dn_dn", 2, rule_changes.SaysSoAlready),
        ("gap", "int_dn_dn", -1, rule_changes.CannotBeChanged),
        ("gap", "int_dn_dn", True, rule_changes.CannotBeChanged),
        ("gap", "int_dn_dn", 4000, rule_changes.CannotBeChanged),
        ("gap", "gone", 4, rule_changes.CannotBeChanged),
        ("threshold", NSAID, 7, rule_changes.SaysSoAlready),
        ("threshold", "ci_prp__red_flag_uncleared__absolute", 7, rule_changes.CannotBeChanged),
        ("modality_off", "gone", None, rule_changes.CannotBeChanged),
        ("modality_off", "stem_cell", None, rule_changes.SaysSoAlready),
    ],
)
def test_what_cannot_be_or_must_not_be_is_refused(
    owner: User, kind: str, code: str, value: Any, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        changed(owner, kind, code, value)
    assert not RuleChange.objects.exists()


def test_a_rule_that_forbids_is_made_stricter_but_never_milder(owner: User) -> None:
    test = number_of(rulebook().contraindications[NEVER])
    assert test
    step = 1 if test.op in {"<", "<="} else -1

    with pytest.raises(rule_changes.WouldLoosen, match="never milder"):
        changed(owner, "threshold", NEVER, test.value - step)
    assert changed(owner, "threshold", NEVER, test.value + step).was == test.value


def test_what_the_clinic_itself_made_absolute_is_not_loosened_either(owner: User) -> None:
    changed(owner, "severity", NSAID, "absolute")

    with pytest.raises(rule_changes.WouldLoosen):
        changed(owner, "threshold", NSAID, 3)


def test_only_the_owner_and_the_manager_change_rules_and_they_say_why(owner: User, doctor: User) -> None:
    for nobody in (doctor, a_user(Role.FRONT_DESK)):
        with pytest.raises(NotAllowed):
            changed(nobody, "threshold", NSAID, 10)
    with pytest.raises(rule_changes.NoReason):
        changed(owner, "threshold", NSAID, 10, reason=" ")
    made = changed(a_user(Role.MANAGER), "threshold", NSAID, 10)
    with pytest.raises(NotAllowed):
        rule_changes.withdraw(made, reason="no", by=doctor, now=NOW)


def test_whoever_has_not_seen_the_others_change_is_asked_to_look_again(owner: User) -> None:
    changed(owner, "threshold", NSAID, 10)

    with pytest.raises(ChangedMeanwhile):
        changed(owner, "threshold", NSAID, 12)


def test_withdrawing_twice_is_withdrawing_once(owner: User) -> None:
    made = changed(owner, "threshold", NSAID, 10)

    for _again in range(2):
        rule_changes.withdraw(made, reason="Enough.", by=owner, now=NOW + HOUR)

    assert AuditEvent.objects.filter(deed="rule.change_withdrawn").count() == 1
    assert rule_changes.book().contraindications == rulebook().contraindications


def test_what_would_have_come_out_otherwise_is_told_before(owner: User, doctor: User, patient: Patient) -> None:
    booked(patient, doctor)
    booked(patient, doctor, Treatment("dry_needling", TODAY))

    found = rule_changes.effects("threshold", NSAID, 10, now=NOW + HOUR)

    assert (found.looked_at, found.turned) == (1, {("incomplete", "override_required"): 1})
    assert not RuleChange.objects.exists()
    assert rule_changes.concerned("technique_off", "cervical_thrust") == ("chiropractic_care",)
    assert set(rule_changes.concerned("gap", "int_prp_dn")) == {"prp", "dry_needling"}
    assert len(rule_changes.concerned("gap", "int_two_first_same_day")) == len(rulebook().modalities)


def test_however_much_the_clinic_has_changed_a_check_is_one_query(owner: User, patient: Patient) -> None:
    for n, code in enumerate(sorted(rulebook().timing_rules)[:12]):
        changed(owner, "gap", code, 300 if rulebook().timing_rules[code].unit == "days" else 0, now=NOW + n * HOUR)

    with CaptureQueriesContext(connection) as queries:
        safety.standings(patient, [Treatment(code, TODAY) for code in rulebook().modalities])
    assert len(queries) == 1
