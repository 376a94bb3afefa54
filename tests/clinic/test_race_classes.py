"""Many desks at once, for a place in a class and for the first gap of today: real threads, real commits."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from booking_cast import at, service
from class_cast import ClassCast, a_class_cast
from django.db import connection, connections
from factories import NOW, a_clinician, a_patient, a_room

from clinic.appointments.actions import groups, seats, walk_ins
from clinic.appointments.models import Appointment
from clinic.appointments.rules.class_refusals import ClassFull, ClassTimeTaken
from people.rules.refusal import Refused

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 50
PATIENCE = 60  # seconds
OVERLAPS = """
    SELECT count(*) FROM appointments_hold one JOIN appointments_hold two
    ON one.resource_id = two.resource_id AND one.id < two.id AND one.during && two.during
"""


def raced(deeds: list[Callable[[], Any]]) -> list[Any]:
    """What became of each deed, all started together: its result, or the refusal. Anything else is raised."""
    barrier = Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        try:
            barrier.wait(PATIENCE)
            return deed()
        except Refused as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def overlaps() -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        return int(cursor.fetchone()[0])


@pytest.fixture
def cast() -> ClassCast:
    return a_class_cast()


def test_of_fifty_people_who_want_the_last_place_one_gets_it(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    for _ in range(5):
        cast.seat(group)
    people = [a_patient() for _ in range(CLIENTS)]

    done = raced([partial(cast.seat, group, patient) for patient in people])

    assert Counter(type(it).__name__ for it in done) == {"Appointment": 1, "ClassFull": CLIENTS - 1}
    assert sorted(group.seats.standing().values_list("seat", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert overlaps() == 0


def test_fifty_people_fill_a_class_to_its_last_place_and_no_further(cast: ClassCast) -> None:
    [group] = cast.create(at(9), places=20)
    people = [a_patient() for _ in range(CLIENTS)]

    done = raced([partial(cast.seat, group, patient) for patient in people])

    assert Counter(isinstance(it, ClassFull) for it in done) == {False: 20, True: 30}
    assert sorted(group.seats.standing().values_list("seat", flat=True)) == list(range(1, 21))


def test_a_class_that_is_cancelled_while_people_join_it_keeps_nobody(cast: ClassCast) -> None:
    [group] = cast.create(at(9), places=20)
    joining = [partial(cast.seat, group, a_patient()) for _ in range(10)]

    done = raced([*joining, lambda: groups.cancel(group, reason="x", by=cast.usual.rosa, now=NOW)])

    assert not [it for it in done if not isinstance(it, Refused | Appointment | type(group))]
    assert not group.seats.standing().exists()
    assert overlaps() == 0


def test_two_who_move_into_the_last_place_of_each_others_class_do_not_block_each_other(cast: ClassCast) -> None:
    [one], [two] = cast.create(at(9), places=2), cast.create(at(10), places=2)
    first, second = cast.seat(one), cast.seat(two)

    done = raced(
        [
            partial(seats.reseat, first, two, revision=0, by=cast.usual.rosa, now=NOW),
            partial(seats.reseat, second, one, revision=0, by=cast.usual.rosa, now=NOW),
        ]
    )

    assert [it.group for it in done] == [two, one]


def test_of_two_who_change_to_the_last_place_one_gets_it_and_the_other_keeps_hers(cast: ClassCast) -> None:
    [old], [new] = cast.create(at(9), places=3), cast.create(at(10), places=2)
    cast.seat(new)
    mine = [cast.seat(old), cast.seat(old)]

    done = raced([partial(seats.reseat, it, new, revision=0, by=cast.usual.rosa, now=NOW) for it in mine])

    assert Counter(type(it).__name__ for it in done) == {"Appointment": 1, "ClassFull": 1}
    (winner,) = [it for it in done if isinstance(it, Appointment)]
    kept = Appointment.objects.exclude(pk=winner.pk).get(pk__in=[it.pk for it in mine])
    assert (kept.group, kept.revision, kept.holds.count()) == (old, 0, 1)
    assert overlaps() == 0


def test_two_desks_that_set_up_a_class_in_one_room_do_not_both_win(cast: ClassCast) -> None:
    done = raced([partial(cast.create, at(9)) for _ in range(8)])

    assert Counter(isinstance(it, ClassTimeTaken) for it in done) == {False: 1, True: 7}
    assert overlaps() == 0


def test_people_who_walk_in_at_two_desks_at_once_get_two_gaps(cast: ClassCast) -> None:
    usual = cast.usual
    a_clinician("Amara Okafor", site=usual.site)
    a_room("Room 2", site=usual.site)
    people = [a_patient() for _ in range(8)]

    done = raced([partial(walk_ins.arrive, it, service(), usual.site, by=usual.rosa, now=at(9)) for it in people])

    assert len({(visit.starts_at, visit.clinician_id) for visit in done}) == 8
    assert overlaps() == 0
