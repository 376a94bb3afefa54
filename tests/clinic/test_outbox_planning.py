"""What is owed follows from what is so."""

from datetime import date, time, timedelta

import pytest
from factories import NOW, a_patient, a_user, the_clinic
from outbox_cast import THURSDAY, a_plan, a_visit, at, cancel, look, move, told
from pytest_django import DjangoAssertNumQueries

from clinic.reminders.actions import planning
from clinic.reminders.models import Message
from patients.models import Intake, RedFlag
from people.models import AuditEvent
from people.rules.permissions import Role
from programs.models import ExerciseDone, PlanExercise

pytestmark = pytest.mark.django_db


def test_a_new_visit_is_confirmed_at_once_and_reminded_of_three_times() -> None:
    a_visit(at(22, 10), booked_at=NOW)

    assert planning.plan(now=NOW) == 1
    assert planning.plan(now=at(18, 12)) == 3  # nobody needs to know of them sooner
    assert list(Message.objects.order_by("due_at").values_list("kind", "due_at")) == [
        ("booked", NOW),
        ("reminder", at(19, 9)),
        ("reminder", at(21, 18)),
        ("reminder", at(22, 8)),
    ]


def test_looking_twice_owes_nothing_new() -> None:
    a_visit(at(22, 10), booked_at=NOW)
    a_plan(remind_at=time(3))
    planning.plan(now=NOW)

    assert planning.plan(now=NOW) == 0
    assert planning.plan(now=NOW + timedelta(minutes=10)) == 0
    assert AuditEvent.objects.filter(deed="messages.planned").count() == 1


def test_a_moved_visit_is_announced_at_its_new_time_and_reminded_of_only_there() -> None:
    visit = a_visit(at(17, 10, 30))
    planning.plan(now=NOW)
    move(visit, at(22, 9), now=at(14, 8))

    for now in (at(14, 8), at(14, 9), at(16, 18), at(17, 8, 30), at(19, 9)):
        look(now)

    assert told() == [
        ("moved", "sent", ""),
        ("reminder", "suppressed", "moved"),
        ("reminder", "suppressed", "moved"),
        ("reminder", "suppressed", "moved"),
        ("reminder", "sent", ""),
        ("reminder", "ready", ""),
    ]


def test_a_visit_moved_away_and_back_is_news_each_time() -> None:
    visit = a_visit(at(22, 10), booked_at=NOW)
    look(NOW)
    for minutes, day in [(10, 23), (20, 22), (30, 23)]:
        now = NOW + timedelta(minutes=minutes)
        move(visit, at(day, 10), now=now)
        look(now)

    assert [kind for kind, state, _ in told() if state == "sent"] == ["booked", "moved", "moved", "moved"]


def test_of_two_moves_in_one_breath_only_the_last_is_told() -> None:
    visit = a_visit(at(22, 10))
    move(visit, at(23, 10), now=NOW)
    planning.plan(now=NOW)
    move(visit, at(22, 10), now=NOW + timedelta(seconds=5))
    planning.plan(now=NOW + timedelta(seconds=5))
    move(visit, at(23, 10), now=NOW + timedelta(seconds=9))

    look(NOW + timedelta(seconds=10))

    news = Message.objects.filter(kind="moved").order_by("due_at").values_list("state", "reason")
    assert list(news) == [("suppressed", "said_anew"), ("suppressed", "moved"), ("sent", "")]


def test_another_room_at_the_same_time_is_no_news() -> None:
    visit = a_visit(at(22, 10), booked_at=NOW)
    planning.plan(now=NOW)
    move(visit, at(22, 10), now=NOW + timedelta(seconds=5))

    look(NOW + timedelta(seconds=10))

    assert [kind for kind, state, _ in told() if state == "sent"] == ["booked"]
    assert Message.objects.filter(kind="moved").count() == 0


def test_a_cancelled_visit_is_called_off_and_not_reminded_of(mailoutbox: list[object]) -> None:
    visit = a_visit(at(17, 10, 30))
    planning.plan(now=NOW)
    cancel(visit, now=at(14, 8))

    for now in (at(14, 8), at(14, 9), at(16, 18), at(17, 8, 30)):
        look(now)

    assert told() == [
        ("cancelled", "sent", ""),
        ("reminder", "suppressed", "cancelled"),
        ("reminder", "suppressed", "cancelled"),
        ("reminder", "suppressed", "cancelled"),
    ]
    assert len(mailoutbox) == 1


def test_who_has_confirmed_is_not_asked_again_the_evening_before() -> None:
    visit = a_visit(at(17, 10, 30))
    planning.plan(now=NOW)
    visit.status = "confirmed"
    visit.save()

    for now in (at(14, 9), at(16, 18), at(17, 8, 30)):
        look(now)

    assert told() == [("reminder", "sent", ""), ("reminder", "suppressed", "confirmed"), ("reminder", "sent", "")]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"died_on": date(2026, 9, 13)}, "died"),
        ({"archived_at": NOW}, "archived"),
        ({"may_be_mailed": False}, "declined"),
        ({"email": ""}, "no_email"),
    ],
)
def test_why_somebody_was_not_told_can_be_seen(
    fields: dict[str, object], reason: str, mailoutbox: list[object]
) -> None:
    a_visit(patient=a_patient(**{"email": "leila@example.org"} | fields), booked_at=NOW)
    a_plan(a_patient(**{"email": "omar@example.org"} | fields), remind_at=time(3, 30))

    look(NOW + timedelta(minutes=1))

    assert told()[:2] == [("booked", "suppressed", reason), ("exercise", "suppressed", reason)]
    assert mailoutbox == []


def test_an_address_added_later_still_gets_the_reminder() -> None:
    patient = a_patient()
    a_visit(at(22, 10), patient=patient)
    planning.plan(now=NOW)
    patient.email = "leila@example.org"
    patient.save()

    look(at(19, 9))

    assert told() == [("reminder", "sent", ""), ("reminder", "ready", ""), ("reminder", "ready", "")]


def test_a_reminder_held_up_over_night_waits_for_the_morning_and_a_stale_one_is_dropped() -> None:
    a_visit(at(17, 10, 30))
    planning.plan(now=NOW)

    look(at(16, 23))

    early, eve, soon = Message.objects.order_by("due_at")
    assert (early.state, early.reason) == ("expired", "too_late")
    assert (eve.state, eve.reason, eve.not_before) == ("ready", "quiet_hours", at(17, 8))

    look(at(17, 8))

    eve.refresh_from_db()
    assert (eve.state, eve.reason, soon.state) == ("sent", "", "ready")


def test_a_confirmation_of_a_late_call_is_not_held_back_by_quiet_hours() -> None:
    a_visit(at(17, 10, 30), booked_at=at(14, 22))

    look(at(14, 22))

    assert told()[0] == ("booked", "sent", "")


def test_a_missed_tick_loses_nothing() -> None:
    a_visit(at(17, 10, 30))

    look(at(16, 19))  # nobody looked for days: the evening's reminder was due an hour ago

    assert told() == [("reminder", "sent", ""), ("reminder", "ready", "")]


def test_exercises_are_reminded_of_once_a_day_at_the_chosen_hour_until_they_are_done() -> None:
    plan = a_plan(remind_at=time(18))

    for now in (at(14, 17, 59), at(14, 18), at(14, 18, 10), at(15, 18)):
        look(now)
    exercise = PlanExercise.objects.get(plan=plan)
    ExerciseDone.objects.create(exercise=exercise, on=date(2026, 9, 16), done_at=at(16, 10))
    look(at(16, 18))

    sent = Message.objects.filter(kind="exercise").order_by("due_at").values_list("due_at", "state")
    assert list(sent) == [(at(14, 18), "sent"), (at(15, 18), "sent")]


def test_a_stopped_plan_is_silent_even_if_its_reminder_was_already_waiting() -> None:
    plan = a_plan(remind_at=time(18))
    planning.plan(now=at(14, 18))
    plan.status = "stopped"
    plan.save()

    look(at(14, 18, 1))
    look(at(15, 18, 1))

    assert told() == [("exercise", "suppressed", "plan_ended")]


def test_an_emergency_calls_every_clinician_once_and_says_nothing_of_whom(mailoutbox: list[object]) -> None:
    the_clinic()
    patient = a_patient(email="leila@example.org")
    clinician, owner = a_user(Role.CLINICIAN), a_user(Role.OWNER, profession="physician")
    a_user(Role.FRONT_DESK), a_user(Role.MANAGER), a_user(Role.CLINICIAN, is_active=False)
    intake = Intake.objects.create(patient=patient, started_at=NOW, submitted_at=NOW)
    for code in ("rf_a", "rf_b"):
        RedFlag.objects.create(patient=patient, code=code, urgency="emergency_now", intake=intake, raised_at=NOW)

    look(NOW)
    look(NOW + timedelta(minutes=5))

    assert {mail.to[0] for mail in mailoutbox} == {clinician.email, owner.email}
    assert len(mailoutbox) == 2
    assert "Leila" not in mailoutbox[0].body + mailoutbox[0].subject


def test_an_alert_that_a_clinician_has_answered_is_not_sent() -> None:
    the_clinic()
    clinician = a_user(Role.CLINICIAN)
    flag = RedFlag.objects.create(patient=a_patient(), code="rf_a", urgency="same_day", raised_at=NOW)
    planning.plan(now=NOW)
    flag.cleared_at, flag.cleared_by, flag.finding = NOW, clinician, "Seen."
    flag.save()

    look(NOW + timedelta(minutes=1))

    assert told() == [("alert", "suppressed", "cleared")]


@pytest.mark.parametrize("visits", [1, 50])
def test_planning_asks_the_same_number_of_questions_for_one_visit_and_for_fifty(
    visits: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(visits):
        a_visit(THURSDAY + timedelta(hours=n), booked_at=NOW)

    with django_assert_num_queries(36):
        planning.plan(now=NOW)


def test_what_was_planned_is_not_read_again(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    a_visit(at(22, 10), booked_at=NOW)
    planning.plan(now=NOW)

    with django_assert_num_queries(32):
        planning.plan(now=NOW)
