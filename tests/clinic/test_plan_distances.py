"""How far a session of a plan stays from the one before it, also when that was missed, moved or given elsewhere."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from booking_cast import Cast
from factories import NOW
from series_cast import a_cast_for_plans, a_plan, booked_whole

from clinic.appointments.actions import booking, series
from clinic.appointments.actions.series_problem import Asked, task
from clinic.appointments.models import Appointment
from clinic.appointments.rules.series.answer import Proposal
from clinic.appointments.rules.status import Status
from programs.models import Plan


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    return a_cast_for_plans()


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return a_plan(cast.leila)


@pytest.fixture
def visits(cast: Cast, plan: Plan) -> list[Appointment]:
    return booked_whole(plan, by=cast.rosa)


def test_a_treatment_that_goes_on_after_a_rest_is_not_too_late_for_the_distance_of_its_new_row(
    cast: Cast, plan: Plan, visits: list[Appointment]
) -> None:
    laser = plan.sessions.standing().filter(modality="laser_therapy")
    given = Appointment.objects.filter(session__in=laser.filter(ordinal__lte=2))
    given.update(status=Status.DONE)
    for visit in Appointment.objects.filter(session__plan=plan, status=Status.BOOKED):
        booking.cancel(visit, reason="", by=cast.rosa, now=NOW)
    for it in laser.filter(ordinal__gt=2):  # ten days after the second; sessions 3 and 4 are a week apart at most
        rest = timedelta(days=8)
        due_from, due_on, due_until = it.due_from + rest, it.due_on + rest, it.due_until + rest
        laser.filter(pk=it.pk).update(due_from=due_from, due_on=due_on, due_until=due_until)

    answer = series.propose(task(plan, Asked(), now=NOW + timedelta(days=3)))

    assert isinstance(answer, Proposal)


@pytest.mark.parametrize(
    ("given", "least", "apart"),
    [(2, None, 1), (2, 3, 1), (4, 3, 3)],
    ids=["the first of its row", "whatever the row before", "after its follower"],
)
def test_two_sessions_of_a_treatment_never_come_nearer_than_it_allows(
    cast: Cast, plan: Plan, visits: list[Appointment], given: int, least: int | None, apart: int
) -> None:
    laser = plan.sessions.standing().filter(modality="laser_therapy")
    today = NOW.date()
    laser.filter(ordinal=given).update(gap_days_min=least, gap_days_target=least, gap_days_max=least)
    laser.filter(ordinal=3).update(gap_days_min=None, gap_days_target=None, gap_days_max=None)
    laser.filter(ordinal=3).update(due_from=today, due_on=today, due_until=today + timedelta(days=7))
    for visit in visits:
        booking.cancel(visit, reason="", by=cast.rosa, now=NOW)
    _was_given(visits, given, NOW)
    _was_given(visits, 1, NOW - timedelta(days=7))
    plan.sessions.exclude(modality="laser_therapy", ordinal__in={1, 3, given}).update(dropped_in=1)

    answer = series.propose(task(plan, Asked(), now=NOW))

    assert isinstance(answer, Proposal)
    (placed,) = answer.placed
    assert (placed.visit.day - today).days >= apart


def _was_given(visits: list[Appointment], ordinal: int, at: datetime) -> None:
    kind = ("laser_therapy", ordinal)
    (visit,) = [it for it in visits if it.session and (it.session.modality, it.session.ordinal) == kind]
    done = {"starts_at": at, "ends_at": at + timedelta(minutes=20), "status": Status.DONE, "cancelled_at": None}
    Appointment.objects.filter(pk=visit.pk).update(**done)
