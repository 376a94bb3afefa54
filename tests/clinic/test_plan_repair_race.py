"""Two desks book whole plans over the same scarce device in the same instant: real threads, connections and commits."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from booking_cast import Cast
from factories import NOW, a_clinician, a_patient, a_room, a_user
from race_cast import Race, overlaps
from series_cast import a_cast_for_plans, a_plan

from clinic.appointments.actions import series
from clinic.appointments.actions.series_problem import Asked, task
from clinic.appointments.models import Appointment, Hold, Resource, VisitChange
from clinic.appointments.rules.refusals import SlotTaken
from clinic.appointments.rules.series.answer import Proposal
from people.models import User
from people.rules.permissions import Role
from programs.models import Plan

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4  # `manage.py bench plan-race` runs 200


@pytest.fixture
def race() -> Iterator[Race]:
    running = Race(2)
    yield running
    running.stop()


@pytest.fixture
def cast() -> Cast:
    """Two of everything, but of each device one."""
    found = a_cast_for_plans()
    mei = a_clinician("Mei Tanaka", site=found.site)
    Resource.objects.filter(pk=mei.pk).update(offers=found.sara.offers)
    a_room("Everything too", *Resource.objects.get(name="Everything").offers, site=found.site)
    return found


def proposed(plan: Plan, by: User) -> Callable[[], series.Done]:
    """What the desk has on its screen, ready to be sent."""
    found = task(plan, Asked(), now=NOW)
    made = series.propose(found)
    assert isinstance(made, Proposal)
    return partial(series.commit, plan, made.placed, sessions=found.sessions, key=uuid4(), by=by, now=NOW)


def again(plan: Plan, by: User) -> series.Done:
    """Who was told that somebody was quicker looks once more, and books."""
    return proposed(plan, by)()


def test_two_desks_book_two_whole_plans_over_one_device_and_the_second_is_told(race: Race, cast: Cast) -> None:
    with time_machine.travel(NOW, tick=True):
        doctor = a_user(Role.CLINICIAN)
        desks = [cast.rosa, a_user(Role.FRONT_DESK)]
        plans = [a_plan(a_patient(), doctor=doctor) for _ in range(2)]
        wanted = [plan.sessions.standing().filter(is_optional=False).count() for plan in plans]
        for _ in range(ROUNDS):
            results: list[Any] = race.run([proposed(plan, by) for plan, by in zip(plans, desks, strict=True)])

            assert {type(it) for it in results} <= {series.Done, SlotTaken}
            assert any(isinstance(it, series.Done) for it in results)
            counts = [Appointment.objects.filter(session__plan=plan).count() for plan in plans]
            told = [isinstance(it, SlotTaken) for it in results]
            assert counts == [0 if was_told else n for was_told, n in zip(told, wanted, strict=True)]
            for plan, by, was_told in zip(plans, desks, told, strict=True):
                if was_told:
                    again(plan, by)
            assert [Appointment.objects.filter(session__plan=plan).count() for plan in plans] == wanted
            assert overlaps() == 0
            _clear()


def _clear() -> None:
    """As if nothing had been booked, for the next round."""
    Hold.objects.all().delete()
    VisitChange.objects.all().delete()
    Appointment.objects.all().delete()
