"""What a patient sees today, and what ticking does."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from factories import MONDAY, NOW, a_portal_patient, the_clinic
from plan_cast import a_plan
from portal_cast import Portal, a_portal, it_is, signed_in
from pytest_django import DjangoAssertNumQueries

from people.models import AuditEvent
from programs.actions import exercises, plan_pauses, plans
from programs.models import ExerciseDone, PlanExercise

pytestmark = pytest.mark.django_db
TODAY = "/me/"


@pytest.fixture
def portal() -> Portal:
    return a_portal()


def page(portal: Portal, moment: datetime = NOW, url: str = TODAY) -> str:
    with it_is(moment):
        answer = portal.client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def first_of(portal: Portal, phase: int = 1) -> PlanExercise:
    return portal.plan.exercises.filter(phase__ordinal=phase)[0]


def test_today_shows_the_next_visit_and_the_exercises(portal: Portal) -> None:
    html = page(portal, datetime(2026, 9, 14, 12, 0, tzinfo=UTC))

    assert "Good morning, <bdi>Leila</bdi>" in html
    assert "Thursday 17 September" in html
    assert "10:30am" in html
    assert "I will be there" in html
    assert "0 of 5 done" in html
    assert "Slow belly breathing" in html


def test_while_the_plan_is_paused_nothing_is_asked_and_nobody_reads_that_there_is_none(portal: Portal) -> None:
    plan_pauses.pause(portal.plan, reason="away", by=portal.plan.started_by, now=NOW)

    html = page(portal)

    assert "Your plan is paused." in html
    assert "You have no plan yet" not in html
    assert "Mark as done" not in html
    assert "Your plan is paused." in page(portal, url="/me/exercises/")


@pytest.mark.parametrize(("hour", "greeting"), [(12, "Good morning"), (17, "Good afternoon"), (23, "Good evening")])
def test_the_greeting_follows_the_clinics_clock(hour: int, greeting: str, portal: Portal) -> None:
    assert greeting in page(portal, datetime(2026, 9, 14, hour, 30, tzinfo=UTC))


def test_one_tap_marks_an_exercise_done_and_another_says_how_it_felt(portal: Portal) -> None:
    exercise = first_of(portal)
    url = reverse("portal:exercise", args=[exercise.pk])

    with it_is(NOW):
        portal.client.post(url, {"do": "tick"})
        answer = portal.client.post(url, {"feeling": "harder"}, follow=True)

    tick = exercise.done.get()
    assert (tick.on, tick.feeling) == (MONDAY, "harder")
    assert "1 of 5 done" in answer.content.decode()
    assert answer.redirect_chain[0][0] == f"/me/#ex-{exercise.pk}"


def test_htmx_gets_the_card_alone_with_what_was_said(portal: Portal) -> None:
    url = reverse("portal:exercise", args=[first_of(portal).pk])

    with it_is(NOW):
        html = portal.client.post(url, {"do": "tick"}, headers={"HX-Request": "true"}).content.decode()

    assert "Slow belly breathing: done." in html
    assert "1 of 5 done" in html
    assert "<html" not in html


def test_a_tick_is_taken_back_the_same_day(portal: Portal) -> None:
    url = reverse("portal:exercise", args=[first_of(portal).pk])

    with it_is(NOW):
        portal.client.post(url, {"do": "tick"})
        portal.client.post(url, {"do": "undo"})

    assert not ExerciseDone.objects.exists()


def test_the_others_are_marked_done_with_one_tap(portal: Portal) -> None:
    with it_is(NOW):
        portal.client.post(reverse("portal:exercise", args=[first_of(portal).pk]), {"do": "tick"})
        before = portal.client.get(TODAY).content.decode()
        after = portal.client.post(TODAY, follow=True).content.decode()

    assert "Mark the other 4 as done" in before
    assert "4 exercises marked as done." in after
    assert "5 of 5 done" in after
    assert "Mark the other" not in after


def test_an_exercise_of_another_phase_says_so_and_is_not_ticked(portal: Portal) -> None:
    url = reverse("portal:exercise", args=[first_of(portal, 2).pk])

    with it_is(NOW):
        answer = portal.client.post(url, {"do": "tick"}, follow=True)

    assert "not part of your plan today" in answer.content.decode()
    assert not ExerciseDone.objects.exists()


def test_the_week_says_in_words_what_the_squares_show(portal: Portal) -> None:
    with it_is(NOW + timedelta(days=1)):
        exercises.tick_all(portal.plan, on=MONDAY, by=portal.leila.user, now=NOW + timedelta(days=1))

    html = page(portal, NOW + timedelta(days=1))

    assert "5 of 5 done" in html
    assert "0 of 5 done" in html
    assert "You exercised on 1 day this week." in html
    assert "7 days out of 7 is the goal" in html


def test_an_exercise_done_on_enough_days_of_the_week_rests(portal: Portal) -> None:
    exercise = first_of(portal)
    exercise.dosage["days_per_week"] = 1
    exercise.save()
    exercises.tick(exercise, on=MONDAY, by=portal.leila.user, now=NOW)

    html = page(portal, NOW + timedelta(days=1))

    assert "0 of 4 done" in html
    assert f"ex-{exercise.pk}" not in html


def test_a_rest_day_says_that_rest_is_part_of_the_plan(portal: Portal) -> None:
    portal.plan.exercises.all().delete()

    assert "Rest is part of the plan" in page(portal)


def test_before_the_first_day_the_page_says_when_the_plan_begins(portal: Portal) -> None:
    plans.stop(portal.plan, by=portal.rosa, now=NOW)
    a_plan(portal.leila, starts_on=MONDAY + timedelta(days=3), by=portal.rosa)

    assert "Your plan begins on Thursday 17 September" in page(portal)


def test_after_the_last_day_the_page_says_that_the_plan_is_over(portal: Portal) -> None:
    assert "Your plan has come to its end" in page(portal, NOW + timedelta(days=30))


def test_without_a_plan_the_page_says_how_one_is_made() -> None:
    the_clinic()
    somebody = a_portal_patient()

    html = signed_in(somebody.user).get(TODAY).content.decode()

    assert "You have no plan yet" in html
    assert "No visits booked." in html


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        # New York leaves summer time on 1 November 2026: midnight moves from 04:00 to 05:00 UTC.
        (datetime(2026, 11, 1, 3, 59, tzinfo=UTC), "Saturday 31 October"),
        (datetime(2026, 11, 1, 4, 1, tzinfo=UTC), "Sunday 1 November"),
        (datetime(2026, 11, 2, 4, 59, tzinfo=UTC), "Sunday 1 November"),
        (datetime(2026, 11, 2, 5, 1, tzinfo=UTC), "Monday 2 November"),
    ],
)
def test_today_is_the_clinics_day_when_the_clocks_change(moment: datetime, day: str, portal: Portal) -> None:
    assert f"<p>{day}</p>" in page(portal, moment)


def test_a_tick_late_in_the_evening_belongs_to_that_evening(portal: Portal) -> None:
    late = datetime(2026, 9, 15, 3, 30, tzinfo=UTC)  # 23:30 on Monday in New York
    with it_is(late):
        portal.client.post(reverse("portal:exercise", args=[first_of(portal).pk]), {"do": "tick"})

    assert ExerciseDone.objects.get().on == MONDAY


def test_an_exercise_page_shows_steps_stop_signs_and_where_they_come_from(portal: Portal) -> None:
    html = page(portal, url=reverse("portal:exercise", args=[first_of(portal).pk]))

    assert "Breathe in through the nose" in html
    assert "Stop if you feel dizzy" in html
    assert "Not yet confirmed by a clinician" in html


def test_looking_at_today_leaves_a_line_in_the_audit_trail(portal: Portal) -> None:
    page(portal)

    event = AuditEvent.objects.filter(deed="patient.opened").get()
    assert (event.by, event.patient_id, event.detail) == (
        portal.leila.user,
        portal.leila.pk,
        {"page": "portal:today"},
    )


def test_today_costs_as_many_queries_after_three_weeks_as_on_the_first_day(
    portal: Portal, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for day in range(3):
        moment = NOW + timedelta(days=day)
        with it_is(moment):
            client = portal.client
            client.get(TODAY)
            with django_assert_num_queries(QUERIES):
                client.get(TODAY)
            exercises.tick_all(portal.plan, on=moment.date(), by=portal.leila.user, now=moment)


QUERIES = 21


def test_my_plan_shows_where_i_am_and_what_comes_next(portal: Portal) -> None:
    session = portal.plan.sessions.filter(modality="laser_therapy").first()
    assert session is not None
    portal.visit.session = session
    portal.visit.save()

    html = page(portal, NOW, reverse("portal:plan"))

    assert "Week 1 of 3" in html
    assert "Part 1 of 3" in html
    assert "You are here: Monday 14 September" in html
    assert "Thursday 17 September, booked" in html
    assert "warning signs checked daily" in html.lower()


@pytest.mark.parametrize("code", ["tpl_acute_spasm_conservative", "tpl_chronic_prp_series"])
def test_a_long_plan_costs_no_more_than_a_short_one(
    code: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    the_clinic()
    somebody = a_portal_patient()
    a_plan(somebody, template_code=code)
    client = signed_in(somebody.user)

    with it_is(NOW):
        client.get(reverse("portal:plan"))
        with django_assert_num_queries(28):
            client.get(reverse("portal:plan"))


def test_a_patient_without_a_plan_reads_that_there_is_none() -> None:
    the_clinic()

    assert "You have no plan yet" in signed_in(a_portal_patient().user).get("/me/plan/").content.decode()
