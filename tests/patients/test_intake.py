"""The form before the visit: kept part by part, judged, sent once."""

from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from factories import NOW, a_patient, a_portal_patient, a_user, the_clinic

from patients.actions import intake as intakes
from patients.actions.intake import AlreadySent
from patients.models import Intake, Patient, RedFlag
from patients.rules.intake_parts import (
    MOST_QUESTIONS_A_PAGE,
    PARTS,
    PLACES,
    Page,
    is_filled_in,
    pages,
    patient_words,
    place_codes,
    put,
)
from patients.rules.rulebook import intake_questions, rulebook
from people.models import AuditEvent, User

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def leila(db: None) -> Patient:
    the_clinic()
    return a_portal_patient()


@pytest.fixture
def form(leila: Patient) -> Intake:
    return intakes.start(leila, by=her(leila), now=NOW)


def her(patient: Patient) -> User:
    assert patient.user
    return patient.user


def save(form: Intake, part: str, **answers: Any) -> Any:
    return intakes.save_part(form, part, answers, by=her(form.patient), now=NOW)


def submit(form: Intake) -> Any:
    return intakes.submit(form, by=her(form.patient), now=LATER)


def all_no(form: Intake, **others: Any) -> None:
    for page in pages(48):
        if page.is_safety:
            save(form, page.key, **{it.code: others.get(it.code, False) for it in page.questions})


def open_flags(patient: Patient) -> dict[str, str]:
    return dict(patient.red_flags.open().values_list("code", "urgency"))


def deeds(patient: Patient) -> list[str]:
    return list(AuditEvent.objects.filter(patient_id=patient.pk).order_by("pk").values_list("deed", flat=True))


def test_the_form_has_seven_parts_and_every_safety_question_once_gravest_first() -> None:
    every = pages(48)
    asked = [question.code for page in every for question in page.questions]
    ranks = [rulebook().rank(question.urgency) for page in every for question in page.questions]

    assert sorted({page.part for page in every}) == list(range(1, PARTS + 1))
    assert asked == [question.code for question in intake_questions(48)]
    assert ranks == sorted(ranks, reverse=True)
    assert max(len(page.questions) for page in every) <= MOST_QUESTIONS_A_PAGE
    assert sum(page.is_safety for page in every) == 6


def test_whoever_has_no_birth_date_on_file_is_asked_for_the_age() -> None:
    asked = {question.code for page in pages(None) for question in page.questions}

    assert asked - {question.code for page in pages(48) for question in page.questions} == {
        "rf_age_65_or_over",
        "rf_first_episode_under_20_over_55",
    }


def test_every_place_that_can_be_ticked_is_a_region_of_the_rulebook() -> None:
    assert {place.region for place in PLACES} < rulebook().body_regions.keys()
    assert len(place_codes()) == len(set(place_codes()))


def test_an_injured_neck_is_not_asked_to_remember_how_far_it_turns() -> None:
    last = next(page for page in pages(48) if any(it.code == "rf_cannot_rotate_45" for it in page.questions))

    assert "rf_cannot_rotate_45" in {it.code for it in put(last.questions, {})}
    assert "rf_cannot_rotate_45" not in {it.code for it in put(last.questions, {"rf_dangerous_mechanism": True})}


def test_a_safety_page_is_filled_in_when_each_question_has_an_answer_or_a_not_sure() -> None:
    page = Page(key="safety-1", part=6, title="", questions=(rulebook().red_flags["rf_fever"],))

    assert not is_filled_in(page, {})
    assert is_filled_in(page, {"red_flags": {"rf_fever": False}})
    assert is_filled_in(page, {"not_sure": ["rf_fever"]})


@pytest.mark.parametrize("urgency", rulebook().urgencies.values(), ids=lambda it: it.code)
def test_no_message_names_another_number_than_this_clinics(urgency: Any) -> None:
    assert "911" not in patient_words(urgency.patient_message, "112")


def test_a_form_begun_twice_is_one_form(leila: Patient) -> None:
    first, second = (intakes.start(leila, by=her(leila), now=NOW) for _ in range(2))

    assert first == second
    assert deeds(leila) == ["intake.started"]


def test_what_was_saved_is_there_when_she_comes_back(form: Intake) -> None:
    save(form, "story", text="Stiff neck", causes=["stress"])
    save(form, "safety-1", rf_fever=False)

    again = intakes.start(form.patient, by=her(form.patient), now=LATER)
    assert again.answers == {
        "story": {"text": "Stiff neck", "causes": ["stress"]},
        "red_flags": {"rf_fever": False},
        "not_sure": [],
    }


def test_not_sure_is_remembered_and_is_no_answer(form: Intake) -> None:
    save(form, "safety-3", rf_fever=False, rf_chills=True)
    save(form, "safety-3", rf_fever=None)

    form.refresh_from_db()
    assert form.answers["red_flags"] == {"rf_chills": True}
    assert form.answers["not_sure"] == ["rf_fever"]


def test_a_question_nobody_asked_is_refused_and_nothing_is_kept(form: Intake) -> None:
    with pytest.raises(KeyError):
        save(form, "safety-1", rf_no_such_sign=True)

    form.refresh_from_db()
    assert form.answers == {}


def test_an_emergency_answer_is_raised_before_the_form_is_sent(form: Intake) -> None:
    result = save(form, "safety-1", rf_thunderclap_headache=True)

    assert result.urgency == "emergency_now"
    assert open_flags(form.patient) == {"rf_thunderclap_headache": "emergency_now"}
    assert deeds(form.patient) == ["intake.started", "intake.part_saved", "red_flag.raised"]
    form.refresh_from_db()
    assert form.submitted_at is None


def test_an_answer_that_can_wait_is_raised_when_the_form_is_sent(form: Intake) -> None:
    save(form, "safety-5", rf_cancer_history=True)
    assert open_flags(form.patient) == {}

    submit(form)

    assert open_flags(form.patient) == {"rf_cancer_history": "refer_before_treatment"}


def test_two_answers_can_be_graver_together_and_the_first_becomes_graver(form: Intake) -> None:
    save(form, "safety-3", rf_known_injury=True)
    assert open_flags(form.patient) == {"rf_known_injury": "same_day"}

    save(form, "safety-5", rf_fragile_bone=True)

    assert open_flags(form.patient) == {"rf_known_injury": "emergency_now", "rf_fragile_bone": "emergency_now"}
    assert deeds(form.patient)[-2:] == ["red_flag.became_graver", "red_flag.raised"]


def test_the_age_is_taken_from_the_record(db: None) -> None:
    the_clinic()
    old = a_portal_patient(birth_date=date(1961, 9, 14))  # 65 on the day of the form
    form = intakes.start(old, by=her(old), now=NOW)

    result = save(form, "safety-3", rf_known_injury=True)

    assert [it.code for it in result.combinations] == ["cmb_cspine_rule"]


def test_pain_of_eight_asks_for_a_doctor_today_whatever_else_is_said(form: Intake) -> None:
    result = save(form, "pain", now=8, best=4, worst=9)

    assert result.urgency == "same_day"
    assert open_flags(form.patient) == {"rf_pain_very_severe": "same_day"}


def test_the_sent_form_keeps_how_it_was_judged_and_by_which_rulebook(form: Intake) -> None:
    all_no(form, rf_fever=True, rf_chin_to_chest_stiffness=True)
    result = submit(form)

    form.refresh_from_db()
    assert (form.submitted_at, form.urgency) == (LATER, "emergency_now")
    assert form.rulebook_version == rulebook().version
    assert form.triage["combinations"] == ["cmb_meningism"]
    assert form.triage["unanswered"] == list(result.unanswered) == []
    assert form.triage["blocks"] == sorted(result.blocks)
    assert form.triage["reasons"][0]["sources"]


def test_a_form_with_nothing_to_report_is_complete(form: Intake) -> None:
    all_no(form)

    result = submit(form)

    assert (result.urgency, result.is_complete, open_flags(form.patient)) == ("none", True, {})


def test_not_sure_leaves_the_screen_incomplete_and_holds_what_a_yes_would_hold(form: Intake) -> None:
    all_no(form, rf_fever=None)

    result = submit(form)

    form.refresh_from_db()
    assert result.unanswered == ("rf_fever",)
    assert form.triage["unanswered"] == ["rf_fever"]
    assert form.triage["blocks"] == ["all", "hands_on"]
    assert (form.urgency, open_flags(form.patient)) == ("none", {})


def test_a_form_sent_twice_is_sent_once(form: Intake) -> None:
    save(form, "safety-5", rf_cancer_history=True)
    first = submit(form)

    second = intakes.submit(form, by=her(form.patient), now=LATER + timedelta(hours=1))

    form.refresh_from_db()
    assert form.submitted_at == LATER
    assert first == second
    assert deeds(form.patient).count("intake.submitted") == 1
    assert form.patient.red_flags.count() == 1


def test_a_sent_form_takes_no_more_answers(form: Intake) -> None:
    submit(form)

    with pytest.raises(AlreadySent):
        save(form, "story", text="Something else")


def test_the_database_refuses_to_change_a_sent_form(form: Intake) -> None:
    submit(form)

    for change in (
        lambda: Intake.objects.filter(pk=form.pk).update(answers={}),
        form.delete,
    ):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            change()


def test_a_sign_that_was_answered_no_after_all_stays_open_for_a_clinician(form: Intake) -> None:
    save(form, "safety-1", rf_dysarthria=True)

    save(form, "safety-1", rf_dysarthria=False)

    assert open_flags(form.patient) == {"rf_dysarthria": "emergency_now"}


@pytest.mark.django_db(transaction=True)
def test_two_pages_saved_at_once_are_both_kept_and_one_sign_is_opened_once() -> None:
    the_clinic()
    leila = a_patient()
    clinician = a_user("clinician")
    form = intakes.start(leila, by=clinician, now=NOW)
    together = Barrier(2)

    def save_page(part: str, answers: dict[str, Any]) -> None:
        together.wait()
        intakes.save_part(Intake.objects.get(pk=form.pk), part, answers, by=clinician, now=NOW)
        connection.close()

    threads = [
        Thread(target=save_page, args=("safety-1", {"rf_dysarthria": True})),
        Thread(target=save_page, args=("safety-2", {"rf_dysarthria": True, "rf_horner_ptosis": True})),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    form.refresh_from_db()
    assert form.answers["red_flags"] == {"rf_dysarthria": True, "rf_horner_ptosis": True}
    assert sorted(RedFlag.objects.values_list("code", flat=True)) == ["rf_dysarthria", "rf_horner_ptosis"]
