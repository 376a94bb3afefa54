"""Two people in the office who do the same thing in the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time
from threading import Barrier

import pytest
from booking_cast import at
from django.db import connection
from factories import a_clinician, a_site, a_user, the_clinic

from clinic.appointments.actions import roster
from clinic.appointments.models import Absence, Closure, Resource, Shift
from people.rules.permissions import Role
from people.rules.refusal import Refused

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 10


def at_once(deed: Callable[[], object]) -> list[str]:
    """What the two of them were told: the name of the refusal, or nothing."""
    start = Barrier(2)

    def one(_: int) -> str:
        try:
            start.wait()
            deed()
        except Refused as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(one, range(2)))


def test_the_same_hours_are_added_once() -> None:
    the_clinic()
    sara, site, boss = a_clinician(), a_site(), a_user(Role.OWNER)

    for weeks in range(ROUNDS):
        day = date(2027, 1 + weeks, 1)
        told = at_once(
            lambda day=day: roster.add_shifts(  # type: ignore[misc]
                sara, site=site, weekdays=[6], hours=[(time(9), time(10))], valid_from=day,
                valid_until=day.replace(day=28), by=boss,
            )
        )  # fmt: skip

        assert told == ["", "WorksElsewhere"]
    assert Shift.objects.filter(weekday=6).count() == ROUNDS


def test_the_same_room_leave_and_closing_day_are_added_once() -> None:
    the_clinic()
    sara, site, boss = a_clinician(), a_site(), a_user(Role.OWNER)

    def room() -> object:
        return roster.add_piece("room", name="Room 1", site=site, offers=["room_gym"], by=boss)

    def leave() -> object:
        return roster.add_absence(sara, starts_at=at(9), ends_at=at(10), reason="", by=boss)

    def closing() -> object:
        return roster.close(site=None, on=date(2027, 1, 1), reason="New Year", by=boss)

    assert at_once(room) == ["", "NameTaken"]
    assert at_once(leave) == ["", "AwayAlready"]
    assert at_once(closing) == ["", "ClosedAlready"]
    assert [Resource.objects.rooms().count(), Absence.objects.count(), Closure.objects.count()] == [1, 1, 1]


def test_everybody_is_put_on_the_roster_once() -> None:
    the_clinic()
    boss = a_user(Role.OWNER)
    for _ in range(ROUNDS):
        a_user(Role.CLINICIAN)

    assert at_once(lambda: roster.sync_clinicians(by=boss)) == ["", ""]
    assert Resource.objects.clinicians().count() == ROUNDS
