"""Starting and ending a plan."""

import itertools
import threading
from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from factories import MONDAY, NOW, a_patient, the_clinic
from plan_cast import ACUTE, a_plan, a_therapist, an_open_flag

from people.models import AuditEvent
from people.rules.refusal import Refused
from programs.actions import plans
from programs.models import Plan
from programs.rules import course
from programs.rules.rulebook import rulebook

TEMPLATES = sorted(rulebook().templates)


def deeds() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("deed", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("code", TEMPLATES)
def test_a_plan_holds_everything_its_program_asks_for(code: str) -> None:
    template = rulebook().templates[code]

    plan = a_plan(template_code=code)

    phases = list(plan.phases.all())
    sessions = list(plan.sessions.all())
    assert [phase.name for phase in phases] == [phase.name for phase in template.phases]
    assert len(sessions) == len(course.planned_sessions(template, starts_on=MONDAY))
    assert [it.code for it in plan.exercises.all()] == [code for phase in template.phases for code in phase.exercises]
    assert plan.posture_items.count() == sum(len(phase.posture_items) for phase in template.phases)
    assert (plan.name, plan.rulebook_version) == (template.name, rulebook().version)


@pytest.mark.django_db
@pytest.mark.parametrize("code", TEMPLATES)
def test_the_days_of_a_plan_are_in_order(code: str) -> None:
    plan = a_plan(template_code=code)

    phases = list(plan.phases.all())
    assert phases[0].starts_on == plan.starts_on
    assert phases[-1].ends_on == plan.ends_on
    for before, after in itertools.pairwise(phases):
        assert before.starts_on <= before.ends_on < after.starts_on <= after.ends_on
    for it in plan.sessions.select_related("phase"):
        assert it.phase.starts_on <= it.due_from <= it.due_on <= it.due_until <= it.phase.ends_on, it


@pytest.mark.django_db
@pytest.mark.parametrize("code", TEMPLATES)
def test_the_sessions_of_a_treatment_are_numbered_through_the_plan(code: str) -> None:
    plan = a_plan(template_code=code)

    for modality in {it.modality for it in plan.sessions.all()}:
        of_it = plan.sessions.filter(modality=modality).order_by("ordinal")
        assert [it.ordinal for it in of_it] == list(range(1, len(of_it) + 1))
        assert {it.course_length for it in of_it} == {len(of_it)}


@pytest.mark.django_db
def test_a_plan_of_three_weeks_has_three_weeks() -> None:
    plan = a_plan()

    assert plan.weeks == 3
    assert [plan.week_on(MONDAY + timedelta(days=day)) for day in (0, 6, 7, 20, 21)] == [1, 1, 2, 3, 3]


@pytest.mark.django_db
def test_starting_a_plan_leaves_one_line_in_the_audit_trail() -> None:
    plan = a_plan()

    event = AuditEvent.objects.get()
    assert (event.deed, event.patient_id, event.by) == ("plan.started", plan.patient_id, plan.started_by)
    assert event.detail == {"template": ACUTE, "rulebook": rulebook().version}


@pytest.mark.django_db
def test_a_second_plan_is_refused_and_nothing_of_it_is_kept() -> None:
    plan = a_plan()

    with pytest.raises(plans.FollowsAPlanAlready, match="already follows a plan"):
        a_plan(plan.patient, template_code="tpl_desk_worker_posture")

    assert list(Plan.objects.all()) == [plan]


@pytest.mark.django_db
def test_the_database_itself_forbids_a_second_plan() -> None:
    plan = a_plan()

    with pytest.raises(IntegrityError, match="a_patient_follows_one_plan_at_a_time"), transaction.atomic():
        Plan.objects.create(
            patient=plan.patient, name="x", starts_on=MONDAY, ends_on=MONDAY, started_by=plan.started_by, started_at=NOW
        )


@pytest.mark.django_db(transaction=True)
def test_of_two_clinicians_starting_a_plan_at_once_one_wins() -> None:
    patient, therapist = a_patient(), a_therapist()
    together = threading.Barrier(6)
    answers: list[str] = []

    def start() -> None:
        together.wait()
        try:
            a_plan(patient, by=therapist)
            answers.append("started")
        except Refused as refusal:
            answers.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["FollowsAPlanAlready"] * 5 + ["started"]
    assert patient.plans.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "words"),
    [({"died_on": MONDAY}, "has died"), ({"archived_at": NOW}, "archived")],
    ids=["dead", "archived"],
)
def test_the_dead_and_the_archived_follow_no_plan(changed: dict[str, object], words: str) -> None:
    with pytest.raises(plans.CannotFollowAPlan, match=words):
        a_plan(a_patient(**changed))


@pytest.mark.django_db
def test_a_program_nobody_offers_is_refused() -> None:
    with pytest.raises(plans.TemplateNotOffered):
        a_plan(template_code="tpl_unheard_of")


@pytest.mark.django_db
@pytest.mark.parametrize("urgency", ["emergency_now", "same_day"])
def test_a_grave_warning_sign_is_cleared_first(urgency: str) -> None:
    patient = a_patient()
    an_open_flag(patient, urgency=urgency)

    with pytest.raises(plans.RedFlagOpen, match="Clear the red flag first"):
        a_plan(patient)


@pytest.mark.django_db
def test_a_cleared_warning_sign_and_a_lighter_one_let_a_plan_begin() -> None:
    patient, therapist = a_patient(), a_therapist()
    an_open_flag(patient, cleared_at=NOW, cleared_by=therapist, finding="Cold, over.")
    an_open_flag(patient, code="rf_age_65_or_over", urgency="refer_before_treatment")

    assert a_plan(patient, by=therapist).is_active


@pytest.mark.django_db
def test_a_plan_may_have_begun_two_weeks_ago_but_not_longer_nor_in_another_year() -> None:
    assert a_plan(starts_on=MONDAY - timedelta(days=14)).is_active

    with pytest.raises(plans.StartsTooLongAgo):
        a_plan(starts_on=MONDAY - timedelta(days=15))
    with pytest.raises(plans.StartsTooFarAhead):
        a_plan(starts_on=date.max)


@pytest.mark.django_db
def test_a_plan_that_is_stopped_says_when_and_why() -> None:
    plan = a_plan()

    plans.stop(plan, by=plan.started_by, now=NOW, reason=Plan.EndReason.PATIENT_ASKED)

    assert (plan.status, plan.ended_at, plan.end_reason) == ("stopped", NOW, "patient_asked")
    assert deeds() == ["plan.started", "plan.stopped"]
    with pytest.raises(plans.PlanHasEnded):
        plans.stop(plan, by=plan.started_by, now=NOW)


@pytest.mark.django_db
def test_a_plan_that_ran_its_full_length_is_completed_when_the_next_one_begins() -> None:
    plan = a_plan()

    following = a_plan(plan.patient, starts_on=MONDAY + timedelta(days=30), now=NOW + timedelta(days=30))

    plan.refresh_from_db()
    assert (plan.status, following.status) == ("completed", "active")
    assert deeds() == ["plan.started", "plan.completed", "plan.started"]


@pytest.mark.django_db
def test_the_reminder_of_the_exercises_is_switched_off_and_on() -> None:
    plan = a_plan()

    plans.set_reminder(plan, remind_at=None, by=plan.started_by, now=NOW)
    plans.set_reminder(plan, remind_at=None, by=plan.started_by, now=NOW)

    plan.refresh_from_db()
    assert plan.remind_at is None
    assert deeds() == ["plan.started", "plan.reminder_set"]
    plans.set_reminder(plan, remind_at=time(8, 30), by=plan.started_by, now=NOW)
    assert Plan.objects.get().remind_at == time(8, 30)


@pytest.mark.django_db
def test_the_clinics_day_ends_at_the_clinics_midnight() -> None:
    the_clinic(time_zone="America/New_York")

    late = NOW.replace(hour=3)  # 23:00 of the day before in New York

    assert plans.clinic_day(late) == MONDAY - timedelta(days=1)
