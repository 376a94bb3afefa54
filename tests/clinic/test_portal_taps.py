"""Taps from a phone with a bad connection: each counts once, for the day it was made on."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from factories import MONDAY, NOW, a_portal_patient, the_clinic
from plan_cast import a_plan
from portal_cast import A_DAY, Portal, a_portal, it_is, signed_in
from race_cast import Race

from patients.actions import helping, pain_diary
from patients.models import Outcome
from patients.rules.helping import Help
from people.models import AuditEvent
from programs.actions import exercises
from programs.models import ExerciseDone, PlanExercise

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
A_KEY = "3f0f7a52-8d2b-4b57-9f62-0c8e5d1b7a11"  # as a phone makes one; the same in every test process


@pytest.fixture
def portal() -> Iterator[Portal]:
    with it_is(NOW):
        yield a_portal()


def first_of(portal: Portal) -> PlanExercise:
    return portal.plan.exercises.on(MONDAY)[0]


def tap(portal: Portal, it: PlanExercise, **said: Any) -> str:
    url = reverse("portal:exercise", args=[it.pk])
    return portal.client.post(url, {"on": MONDAY.isoformat(), **said}, headers=HTMX).content.decode()


def test_a_tap_that_comes_twice_counts_once_even_if_it_was_taken_back_in_between(portal: Portal) -> None:
    it, one, other = first_of(portal), str(uuid4()), str(uuid4())

    tap(portal, it, do="tick", tap=one)
    tap(portal, it, do="undo", tap=other)
    tap(portal, it, do="tick", tap=one)
    tap(portal, it, do="undo", tap=other)

    assert not ExerciseDone.objects.exists()
    deeds = AuditEvent.objects.filter(deed__startswith="exercise.").order_by("pk").values_list("deed", "detail__tap")
    assert list(deeds) == [("exercise.ticked", one), ("exercise.unticked", other)]


def test_a_late_tap_belongs_to_the_evening_it_was_made_on(portal: Portal) -> None:
    it = first_of(portal)

    with it_is(NOW + A_DAY):
        said = tap(portal, it, do="tick", tap=str(uuid4()))

    assert ExerciseDone.objects.get().on == MONDAY
    assert "done." in said


@pytest.mark.parametrize(
    ("day", "key"), [("2026-09-15", A_KEY), ("2026-02-31", A_KEY), ("2026-09-13", "no key"), ("", "")]
)
def test_a_day_to_come_or_without_a_key_is_today(day: str, key: str, portal: Portal) -> None:
    it = first_of(portal)

    tap(portal, it, do="tick", tap=key, on=day)

    assert ExerciseDone.objects.get().on == MONDAY


def test_a_tap_of_long_ago_is_not_counted_and_the_page_says_so(portal: Portal) -> None:
    with it_is(NOW + timedelta(days=8)):
        said = tap(portal, first_of(portal), do="tick", tap=str(uuid4()))

    assert "This is from 14 September: too long ago to be counted." in said
    assert not ExerciseDone.objects.exists()


def test_all_at_once_counts_once_too(portal: Portal) -> None:
    key = str(uuid4())
    said = {"tap": key, "on": MONDAY.isoformat()}

    portal.client.post("/me/", said, headers=HTMX)
    tap(portal, first_of(portal), do="undo", tap=str(uuid4()))
    portal.client.post("/me/", said, headers=HTMX)

    assert ExerciseDone.objects.count() == 4


def test_on_its_own_page_an_exercise_gets_its_own_part_back(portal: Portal) -> None:
    said = tap(portal, first_of(portal), do="tick", tap=str(uuid4()), **{"from": "exercise"})

    assert 'id="did"' in said
    assert "Slow belly breathing: done." in said
    assert 'id="exercises"' not in said


def test_pain_is_told_with_one_tap_and_the_last_number_of_the_day_counts(portal: Portal) -> None:
    url, key = reverse("portal:pain"), str(uuid4())

    first = portal.client.post(url, {"pain": "7", "tap": key, "on": "2026-09-14"}, headers=HTMX).content.decode()
    with it_is(NOW + timedelta(minutes=1)):
        portal.client.post(url, {"pain": "4"})
        portal.client.post(url, {"pain": "4"})
        portal.client.post(url, {"pain": "7", "tap": key, "on": "2026-09-14"}, headers=HTMX)

    assert "Pain 7 of 10: noted." in first
    assert 'id="now-7" type="submit" name="pain" value="7" aria-pressed="true"' in first
    assert [it.answers["current"] for it in Outcome.objects.order_by("at")] == [7, 4]
    assert pain_diary.of_day(portal.leila, on=MONDAY) == 4
    assert portal.client.post(url, {"pain": "11"}).status_code == 404


def test_strong_pain_is_led_to_when_to_get_help_fast(portal: Portal) -> None:
    said = portal.client.post(reverse("portal:pain"), {"pain": "9"}, follow=True).content.decode()

    assert "That is a lot of pain." in said


@pytest.mark.django_db(transaction=True)
def test_two_copies_of_one_tap_at_the_same_moment_count_once(portal: Portal) -> None:
    it, key = first_of(portal), str(uuid4())
    assert portal.leila.user
    by = portal.leila.user

    race = Race(4)
    race.run([lambda: exercises.tick(it, on=MONDAY, by=by, now=NOW, tap=key)] * 4)
    race.stop()

    assert AuditEvent.objects.filter(deed="exercise.ticked").count() == 1


def test_a_helper_with_the_exercises_ticks_and_tells_the_pain_and_sees_no_visit() -> None:
    the_clinic()
    now = timezone.now()  # whoever helps does so by the clock of the database
    leila = a_portal_patient(birth_date=date(1978, 3, 4))
    plan = a_plan(leila, starts_on=now.date() - A_DAY, now=now)
    assert leila.user
    helper = helping.add(
        leila, name="Omid", email="omid@example.org", relation="partner", may=[Help.EXERCISES],
        until=now.date() + 9 * A_DAY, by=leila.user, now=now,
    )  # fmt: skip
    client = signed_in(helper.user)
    client.post("/me/who/", {"birth_date": "1978-03-04"})

    client.post(reverse("portal:pain"), {"pain": "5"})
    client.post(reverse("portal:exercise", args=[plan.exercises.filter(phase__ordinal=1)[0].pk]), {"do": "tick"})
    said = client.get("/me/").content.decode()

    assert Outcome.objects.get().answers == {"current": 5}
    assert "1 of 5 done" in said
    assert "You are helping <bdi>Leila</bdi>." in said
    assert "Your next visit" not in said
    assert [it for it in ("My plan", "Visits", "Messages", "Settings") if f"{it}</a>" in said] == ["My plan"]
