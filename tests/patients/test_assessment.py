"""What the clinician finds: a draft that two may hold, a signature that closes it, and addenda."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from factories import NOW, a_portal_patient, a_user, the_clinic

from patients.actions import assessments, red_flags
from patients.actions import intake as intakes
from patients.actions.assessments import AlreadySigned, FlagStillOpen, NotAskedAgain, NothingToSign, NothingWritten
from patients.models import Addendum, Assessment, Intake, Patient, RedFlag
from patients.rules.follow_up import grouped, questions_first
from patients.rules.rulebook import rulebook
from people.models import AuditEvent, User
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile, NotAllowed, Refused

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def leila(db: None) -> Patient:
    the_clinic()
    return a_portal_patient()


@pytest.fixture
def sara(db: None) -> User:
    return a_user(Role.CLINICIAN, name="Sara Haddad")


@pytest.fixture
def draft(leila: Patient, sara: User) -> Assessment:
    return assessments.start(leila, by=sara, now=NOW)


def a_sent_form(patient: Patient, **red_flag_answers: bool) -> Intake:
    assert patient.user
    form = intakes.start(patient, by=patient.user, now=NOW)
    intakes.save_part(form, "safety-1", red_flag_answers, by=patient.user, now=NOW)
    intakes.submit(form, by=patient.user, now=NOW)
    return form


def save(draft: Assessment, by: User, **fields: Any) -> Assessment:
    return assessments.save(draft, revision=fields.pop("revision", draft.revision), by=by, now=LATER, **fields)


def signed(draft: Assessment, by: User, **fields: Any) -> Assessment:
    written = save(draft, by, **{"findings": "Trigger point, upper trapezius", **fields})
    written = assessments.ask_again(written, revision=written.revision, by=by, now=LATER)
    return assessments.sign(written, by=by, now=LATER)


def deeds(patient: Patient) -> list[str]:
    return list(AuditEvent.objects.filter(patient_id=patient.pk).order_by("pk").values_list("deed", flat=True))


def test_a_draft_starts_empty_beside_the_form_she_sent(leila: Patient, sara: User) -> None:
    form = a_sent_form(leila)

    draft = assessments.start(leila, by=sara, now=LATER)

    assert (draft.intake, draft.author, draft.causes, draft.pain_now, draft.findings) == (form, sara, [], None, "")


def test_a_form_sent_after_the_draft_was_begun_is_judged_with_it(draft: Assessment, sara: User) -> None:
    form = a_sent_form(draft.patient, rf_cancer_history=True)

    done = signed(draft, sara)

    assert done.intake == form
    assert done.triage["positive"] == ["rf_cancer_history"]


def test_two_clinicians_cannot_overwrite_each_other(draft: Assessment, sara: User) -> None:
    omar = a_user(Role.CLINICIAN)
    save(draft, sara, findings="Sara's")

    with pytest.raises(ChangedMeanwhile):
        save(draft, omar, revision=1, findings="Omar's")

    draft.refresh_from_db()
    assert (draft.findings, draft.revision) == ("Sara's", 2)


def test_the_desk_and_the_patient_never_write_in_a_record(leila: Patient, draft: Assessment) -> None:
    assert leila.user
    for person in (a_user(Role.FRONT_DESK), a_user(Role.MANAGER), leila.user):
        with pytest.raises(NotAllowed):
            assessments.start(leila, by=person, now=NOW)
        with pytest.raises(NotAllowed):
            save(draft, person, findings="x")
        with pytest.raises(NotAllowed):
            assessments.sign(draft, by=person, now=NOW)


def test_a_field_that_does_not_exist_is_a_mistake_of_ours(draft: Assessment, sara: User) -> None:
    with pytest.raises(TypeError, match="signed_at"):
        save(draft, sara, signed_at=NOW)


def test_a_yes_in_the_examination_is_raised_when_it_is_saved(draft: Assessment, sara: User) -> None:
    save(draft, sara, examined={"rf_nystagmus": True, "rf_upper_motor_neuron_signs": False})

    flag = draft.patient.red_flags.get()
    assert (flag.code, flag.urgency, flag.cleared_at) == ("rf_nystagmus", "emergency_now", None)
    assert deeds(draft.patient)[-3:] == ["assessment.saved", "red_flag.raised", "facts.stated"]


def test_a_blood_pressure_in_crisis_is_raised_from_the_reading(draft: Assessment, sara: User) -> None:
    save(draft, sara, examined={"bp_systolic": 184, "bp_diastolic": 96})

    assert [flag.code for flag in draft.patient.red_flags.all()] == ["rf_bp_crisis"]


def test_saving_again_does_not_open_a_sign_that_was_closed(draft: Assessment, sara: User) -> None:
    draft = save(draft, sara, examined={"rf_nystagmus": True})
    doctor = a_user(Role.CLINICIAN, profession="physician")
    red_flags.clear(draft.patient.red_flags.get(), finding="Congenital", by=doctor, now=LATER)

    draft = save(draft, sara, findings="A comma", examined={"rf_nystagmus": True})
    assert not draft.patient.red_flags.open().exists()

    draft = save(draft, sara, examined={"rf_nystagmus": False})
    save(draft, sara, examined={"rf_nystagmus": True})
    assert [flag.code for flag in draft.patient.red_flags.open()] == ["rf_nystagmus"]


def test_an_examination_can_make_what_she_said_graver(leila: Patient, sara: User) -> None:
    a_sent_form(leila, rf_progressive_weakness=True)
    draft = assessments.start(leila, by=sara, now=LATER)

    save(draft, sara, examined={"rf_upper_motor_neuron_signs": True})

    assert dict(leila.red_flags.open().values_list("code", "urgency")) == {
        "rf_progressive_weakness": "emergency_now",
        "rf_upper_motor_neuron_signs": "emergency_now",
    }


def test_signing_keeps_the_triage_the_name_and_the_time(draft: Assessment, sara: User) -> None:
    done = signed(draft, sara, examined={"rf_nystagmus": False})

    done.refresh_from_db()
    assert (done.signed_at, done.signed_by, done.triage["urgency"]) == (LATER, sara, "none")
    assert deeds(draft.patient)[-1] == "assessment.signed"


def test_an_empty_page_is_not_signed(draft: Assessment, sara: User) -> None:
    with pytest.raises(NotAskedAgain):
        assessments.sign(draft, by=sara, now=LATER)

    asked = assessments.ask_again(draft, revision=draft.revision, by=sara, now=LATER)
    with pytest.raises(NothingToSign):
        assessments.sign(asked, by=sara, now=LATER)


def test_what_is_signed_is_what_was_read(draft: Assessment, sara: User) -> None:
    save(draft, sara, findings="Newer than what was read")

    with pytest.raises(ChangedMeanwhile):
        assessments.sign(draft, by=sara, now=LATER)


def test_an_open_grave_sign_must_be_closed_or_decided_about(leila: Patient, sara: User) -> None:
    a_sent_form(leila, rf_fever=True)
    draft = save(assessments.start(leila, by=sara, now=NOW), sara, findings="38.4 °C")

    with pytest.raises(FlagStillOpen):
        assessments.sign(draft, by=sara, now=LATER)

    written = save(draft, sara, next_steps="We shall see")
    with pytest.raises(FlagStillOpen):
        assessments.sign(written, by=sara, now=LATER)
    watched = save(written, sara, told={"decision": {"what": "watch", "words": " "}})
    with pytest.raises(FlagStillOpen, match="write why"):
        assessments.sign(watched, by=sara, now=LATER)
    referred = save(watched, sara, told={"decision": {"what": "referred", "words": ""}})
    assert referred.told["decision"] | {"by_id": "", "at": ""} == {
        "what": "referred", "words": "", "of": ["rf_fever"], "by": sara.name, "by_id": "", "at": "",
    }  # fmt: skip
    emergency = {"code": "rf_bladder_bowel_saddle", "urgency": "emergency_now"}
    opened_later = RedFlag.objects.create(patient=leila, raised_at=LATER, **emergency)
    with pytest.raises(FlagStillOpen, match="choose what is decided"):
        assessments.sign(referred, by=sara, now=LATER)
    opened_later.delete()
    assert assessments.sign(referred, by=sara, now=LATER).is_signed


def test_a_sign_that_can_wait_does_not_hold_up_the_signature(leila: Patient, sara: User) -> None:
    a_sent_form(leila, rf_cancer_history=True)

    assert signed(assessments.start(leila, by=sara, now=NOW), sara).is_signed


def test_a_signed_assessment_takes_no_more_changes(draft: Assessment, sara: User) -> None:
    done = signed(draft, sara)

    with pytest.raises(AlreadySigned):
        save(done, sara, findings="Rewritten")
    with pytest.raises(AlreadySigned):
        assessments.sign(done, by=sara, now=LATER)


def test_the_database_refuses_to_change_a_signed_assessment_on_every_path(draft: Assessment, sara: User) -> None:
    done = signed(draft, sara)
    done.findings = "Rewritten"

    def by_hand(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, [done.pk])

    for change in (
        done.save,
        done.delete,
        lambda: Assessment.objects.filter(pk=done.pk).update(findings="Rewritten"),
        lambda: Assessment.objects.bulk_update([done], ["findings"]),
        lambda: by_hand("UPDATE patients_assessment SET signed_at = NULL, signed_by_id = NULL WHERE id = %s"),
        lambda: by_hand("DELETE FROM patients_assessment WHERE id = %s"),
    ):
        with pytest.raises(DatabaseError, match=r"Cannot (update|delete)"), transaction.atomic():
            change()

    done.refresh_from_db()
    assert done.findings == "Trigger point, upper trapezius"


def test_the_runtime_role_cannot_switch_the_guard_off(draft: Assessment, sara: User) -> None:
    signed(draft, sara)

    for statement in ("ALTER TABLE patients_assessment DISABLE TRIGGER ALL", "TRUNCATE patients_addendum"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_an_addendum_stands_under_the_signed_text_and_never_changes(draft: Assessment, sara: User) -> None:
    done = signed(draft, sara)

    addendum = assessments.add_addendum(done, text=" It was the left side. ", by=sara, now=LATER)

    assert [(it.text, it.author) for it in done.addenda.all()] == [("It was the left side.", sara)]
    assert deeds(done.patient)[-1] == "assessment.added_to"
    for change in (lambda: Addendum.objects.filter(pk=addendum.pk).update(text="x"), addendum.delete):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            change()


def test_an_addendum_needs_words_and_a_signed_text(draft: Assessment, sara: User) -> None:
    with pytest.raises(Refused):
        assessments.add_addendum(draft, text="Too early", by=sara, now=LATER)
    with pytest.raises(NothingWritten):
        assessments.add_addendum(signed(draft, sara), text="  ", by=sara, now=LATER)


def test_all_no_to_one_group_is_recorded_with_who_and_when_and_leaves_the_others(draft: Assessment, sara: User) -> None:
    asked = assessments.ask_again(draft, revision=draft.revision, by=sara, now=LATER, group="cancer")

    in_group = {it.code for group in grouped(questions_first(41, book=rulebook())) if group.code == "cancer"
                for it in group.questions}  # fmt: skip
    assert set(asked.examined) == in_group
    tap = asked.told["groups"]["cancer"]
    assert (tap["by"], tap["by_id"], tap["at"]) == (sara.name, str(sara.pk), LATER.isoformat())
    assert set(tap["codes"]) == in_group
    assert asked.asked_again_at is None
    event = AuditEvent.objects.get(deed="assessment.asked_again")
    assert event.detail == {"questions": len(in_group), "group": "cancer"}


def test_asking_the_last_group_has_asked_them_all(draft: Assessment, sara: User) -> None:
    for group in grouped(questions_first(41, book=rulebook())):
        draft = assessments.ask_again(draft, revision=draft.revision, by=sara, now=LATER, group=group.code)

    assert (draft.asked_again_at, draft.asked_again_by) == (LATER, sara)


def test_all_no_never_takes_back_a_yes_of_the_form(leila: Patient, sara: User) -> None:
    a_sent_form(leila, rf_cancer_history=True)
    draft = assessments.start(leila, by=sara, now=NOW)

    asked = assessments.ask_again(draft, revision=1, by=sara, now=LATER)

    assert "rf_cancer_history" not in asked.examined
    assert leila.red_flags.open().get().code == "rf_cancer_history"


def test_the_factors_of_an_injury_are_never_answered_by_all_no(draft: Assessment, sara: User) -> None:
    factors = {"rf_dangerous_mechanism", "rf_limb_tingling_after_injury", "rf_cannot_rotate_45"}
    injured = save(draft, sara, examined={"rf_known_injury": True})
    after = assessments.ask_again(injured, revision=injured.revision, by=sara, now=LATER)
    assert not factors & after.examined.keys()

    # And a "no" among many others, before anybody knew of the injury, is none.
    other = assessments.start(a_portal_patient(), by=sara, now=NOW)
    other = assessments.ask_again(other, revision=1, by=sara, now=LATER)
    assert factors <= other.examined.keys()
    told_later = save(other, sara, examined=other.examined | {"rf_known_injury": True})
    assert not factors & told_later.examined.keys()
