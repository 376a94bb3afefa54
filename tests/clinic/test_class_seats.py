"""A place in a class: given, refused, found for somebody, and changed for a place in another."""

from datetime import timedelta

import pytest
from booking_cast import at
from class_cast import ClassCast, a_class_cast, the_service
from factories import NOW, a_patient, a_room, a_site, a_user

from clinic.appointments.actions import attendance, booking, seats
from clinic.appointments.models import Appointment, VisitChange
from clinic.appointments.rules.class_refusals import ClassFull, ClassIsOver, NotAClass, OnlyInAClass, SitsAlready
from clinic.appointments.rules.refusals import (
    CannotBecome,
    NotOffered,
    NotTreatedAnyMore,
    OfAnotherPlan,
    SlotTaken,
    UsedForAnother,
)
from clinic.appointments.rules.status import Status
from patients.models import RedFlag
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile
from programs.actions import offering
from programs.actions.safety import HeldByRedFlag
from programs.models import Plan, PlannedSession

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> ClassCast:
    return a_class_cast()


def test_a_patient_gets_the_lowest_free_place_and_only_the_patient_is_held(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    first, second, third = (cast.seat(group) for _ in range(3))
    booking.cancel(second, reason="x", by=cast.usual.rosa, now=NOW)

    again = cast.seat(group)

    assert [visit.seat for visit in (first, second, third, again)] == [1, 2, 3, 2]
    assert [hold.resource.patient for hold in again.holds.select_related("resource__patient")] == [again.patient]
    assert (again.starts_at, again.ends_at, again.clinician) == (at(9), at(9, 45), cast.usual.sara)
    assert VisitChange.objects.filter(appointment=again, deed="booked").count() == 1
    assert again.news_at == NOW + timedelta(seconds=180)  # until then it can be undone, and nobody is told


def test_a_full_class_takes_nobody(cast: ClassCast) -> None:
    [group] = cast.create(at(9), places=2)
    cast.seat(group)
    cast.seat(group)

    with pytest.raises(ClassFull, match="all 2 places are taken"):
        cast.seat(group)


def test_a_patient_sits_in_a_class_once(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    cast.seat(group, cast.usual.leila)

    with pytest.raises(SitsAlready):
        cast.seat(group, cast.usual.leila)


def test_a_patient_with_another_visit_then_is_not_put_into_the_class(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    other = a_room("Room 9", site=cast.usual.site)
    cast.usual.book(at(10))
    Appointment.objects.all()[0].holds.filter(resource__kind="patient").update(during=(at(9), at(9, 30)))
    assert other

    with pytest.raises(SlotTaken, match="The patient already has a visit"):
        cast.seat(group, cast.usual.leila)


def test_an_open_warning_sign_holds_a_class_back_as_it_does_any_treatment(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    RedFlag.objects.create(patient=cast.usual.leila, code="rf_unknown", urgency="same_day", raised_at=NOW)

    with pytest.raises(HeldByRedFlag):
        cast.seat(group, cast.usual.leila)


def test_nobody_is_put_into_a_class_after_it_or_after_their_death(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    dead = a_patient(died_on=NOW.date())

    with pytest.raises(NotTreatedAnyMore):
        cast.seat(group, dead)
    with pytest.raises(ClassIsOver):
        cast.seat(group, now=at(9, 45))
    assert cast.seat(group, now=at(9, 10)).seat == 1  # whoever comes late is let in


def test_the_same_form_sent_twice_gives_one_seat(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    key = group.pk

    first = cast.seat(group, cast.usual.leila, request_key=key)

    assert cast.seat(group, cast.usual.leila, request_key=key) == first
    with pytest.raises(UsedForAnother):
        cast.seat(group, request_key=key)


def test_the_classes_with_a_place_left_are_offered_soonest_first(cast: ClassCast) -> None:
    [early], [late] = cast.create(at(9), places=2), cast.create(at(10, day=15))
    cast.seat(early)
    cast.seat(early)
    cast.seat(late)

    found = seats.free_seats(the_service(), patient=None, first=NOW.date(), days=7, now=NOW)

    assert [(it.group, it.free) for it in found] == [(late, 5)]
    assert seats.free_seats(the_service(), patient=None, first=NOW.date(), days=1, now=NOW) == []


def test_a_class_at_which_the_patient_is_busy_is_not_offered(cast: ClassCast) -> None:
    cast.create(at(9))
    cast.usual.book(at(9, day=15))
    [second] = cast.create(at(10, day=15))
    [group] = cast.create(at(14))
    cast.seat(group, cast.usual.leila)

    found = seats.free_seats(the_service(), patient=cast.usual.leila, first=NOW.date(), days=7, now=NOW)

    assert [it.group.local_start.strftime("%d %H") for it in found] == ["14 09", "15 10"]
    assert second in [it.group for it in found]


@pytest.mark.parametrize("classes", [1, 30])
def test_the_free_seats_of_a_month_cost_two_queries(
    cast: ClassCast, classes: int, django_assert_num_queries: object
) -> None:
    cast.create(at(9), weeks=min(classes, 20))
    service = the_service()

    with django_assert_num_queries(2):  # type: ignore[operator]
        seats.free_seats(service, patient=cast.usual.leila, first=NOW.date(), days=30, now=NOW)


def test_a_class_at_another_site_or_no_longer_offered_is_not_given(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    quay = a_site("Northgate Quay")

    assert seats.free_seats(the_service(), patient=None, first=NOW.date(), days=7, now=NOW, site=quay) == []
    offering.change("exercise_class", is_enabled=False, by=a_user(Role.OWNER), now=NOW)
    with pytest.raises(NotOffered):
        cast.seat(group)


def test_a_session_of_another_plan_is_not_used_for_a_place(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    session = PlannedSession(plan=Plan(patient=a_patient()), modality="exercise_program")

    with pytest.raises(OfAnotherPlan):
        cast.seat(group, cast.usual.leila, session=session)


def test_a_patient_moves_to_another_class_and_confirms_anew(cast: ClassCast) -> None:
    [early], [late] = cast.create(at(9)), cast.create(at(9, 30, day=15))
    visit = cast.seat(early, cast.usual.leila)
    attendance.confirm(visit, by=cast.usual.rosa, now=NOW)

    moved = seats.reseat(visit, late, revision=0, by=cast.usual.rosa, now=NOW)

    assert (moved.group, moved.seat, moved.starts_at, moved.status) == (late, 1, at(9, 30, day=15), Status.BOOKED)
    assert [hold.during.lower for hold in moved.holds.all()] == [at(9, 30, day=15)]
    assert early.seats.standing().count() == 0
    with pytest.raises(ChangedMeanwhile):
        seats.reseat(visit, early, revision=0, by=cast.usual.rosa, now=NOW)


def test_a_seat_moves_only_to_a_class_of_its_kind_that_has_a_place(cast: ClassCast) -> None:
    [early], [late] = cast.create(at(9)), cast.create(at(9, day=15), places=2)
    visit = cast.seat(early, cast.usual.leila)
    single = cast.usual.book(at(11), patient=a_patient())
    cast.seat(late)
    cast.seat(late)

    with pytest.raises(ClassFull):
        seats.reseat(visit, late, revision=0, by=cast.usual.rosa, now=NOW)
    with pytest.raises(NotAClass):
        seats.reseat(single, early, revision=0, by=cast.usual.rosa, now=NOW)
    assert visit.holds.count() == 1  # the old place is kept
    attendance.set_status(visit, Status.ARRIVED, was="booked", by=cast.usual.rosa, now=at(9))
    with pytest.raises(CannotBecome):
        seats.reseat(visit, early, revision=0, by=cast.usual.rosa, now=NOW)


def test_a_place_in_a_class_is_given_and_never_a_time_of_ones_own(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    visit = cast.seat(group)

    with pytest.raises(OnlyInAClass):
        cast.usual.book(at(11), service=the_service(), resources=cast.pieces)
    with pytest.raises(CannotBecome):
        booking.move(visit, starts_at=at(11), resources=cast.pieces, revision=0, by=cast.usual.rosa, now=NOW)
