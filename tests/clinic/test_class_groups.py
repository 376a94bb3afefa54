"""A class as a whole: set up, changed, called off, and who came."""

from datetime import timedelta

import pytest
from booking_cast import at, service
from class_cast import ClassCast, a_class_cast, the_service
from factories import NOW, a_patient, a_room, a_user

from clinic.appointments.actions import attendance, availability, groups, roster, seats
from clinic.appointments.models import Appointment, GroupSession, Hold, Reservation
from clinic.appointments.rules.class_refusals import (
    ClassHasBegun,
    ClassIsOver,
    ClassOutsideHours,
    ClassTimeTaken,
    NotAClass,
    SomebodyIsBusy,
    TooFewPlaces,
)
from clinic.appointments.rules.refusals import InThePast, NotOffered, OffTheGrid, TooFarAhead, Unfit
from clinic.appointments.rules.status import Status
from people.models import AuditEvent
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile, Refused
from programs.actions import offering

pytestmark = pytest.mark.django_db

ARRIVED, DONE, MISSED = Status.ARRIVED, Status.DONE, Status.MISSED


@pytest.fixture
def cast() -> ClassCast:
    return a_class_cast()


# Setting one up


def test_a_class_holds_its_clinician_and_its_room_with_the_time_to_clean_it(cast: ClassCast) -> None:
    [group] = cast.create(at(9))

    holds = {hold.resource.name: (hold.during.lower, hold.during.upper) for hold in Hold.objects.all()}
    assert holds == {"Sara Haddad": (at(9), at(9, 45)), "Gym": (at(9), at(9, 55))}
    assert (group.places, group.ends_at) == (6, at(9, 45))
    assert AuditEvent.objects.get(deed="class.created").object_id == str(group.pk)


def test_nobody_is_offered_the_clinician_of_a_class_while_it_meets(cast: ClassCast) -> None:
    cast.create(at(9))

    offers = availability.free_times(
        service(), patient=None, first=NOW.date(), days=1, now=NOW, clinician=cast.usual.sara
    )

    assert at(9, 45) <= min(offer.starts_at for offer in offers)


def test_a_weekly_class_meets_at_the_same_time_of_the_sites_clock_when_clocks_change(cast: ClassCast) -> None:
    series = cast.create(at(9, day=26, month=10), weeks=2)

    assert [it.local_start.strftime("%d %b %H:%M") for it in series] == ["26 Oct 09:00", "02 Nov 09:00"]
    assert series[1].starts_at - series[0].starts_at == timedelta(weeks=1, hours=1)


def test_a_series_is_set_up_as_a_whole_or_not_at_all_and_the_day_in_the_way_is_named(cast: ClassCast) -> None:
    cast.usual.book(at(9, 15, day=28))

    with pytest.raises(ClassTimeTaken, match="Monday 28 September"):
        cast.create(at(9), weeks=4)

    assert not GroupSession.objects.exists()


def test_a_long_series_costs_as_many_queries_as_one_class(
    cast: ClassCast, django_assert_num_queries: object, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        cast.create(at(9))
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        cast.create(at(9, day=15), weeks=20)


@pytest.mark.parametrize(
    ("hour", "minute", "day", "refusal"),
    [
        (9, 0, 13, InThePast),
        (9, 5, 14, OffTheGrid),
        (11, 30, 14, ClassOutsideHours),  # into the lunch break
        (9, 0, 19, ClassOutsideHours),  # a Saturday
    ],
)
def test_a_class_keeps_to_the_clinics_hours(
    cast: ClassCast, hour: int, minute: int, day: int, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal):
        cast.create(at(hour, minute, day=day))


def test_a_class_is_not_set_up_further_ahead_than_the_clinic_books(cast: ClassCast) -> None:
    with pytest.raises(TooFarAhead):
        cast.create(at(9) + timedelta(weeks=30))


def test_what_is_given_to_one_patient_at_a_time_is_no_class(cast: ClassCast) -> None:
    with pytest.raises(NotAClass):
        cast.create(at(9), service=service())


def test_a_class_that_the_clinic_does_not_offer_is_not_set_up(cast: ClassCast) -> None:
    offering.change("exercise_class", is_enabled=False, by=a_user(Role.OWNER), now=NOW)

    with pytest.raises(NotOffered):
        cast.create(at(9), service=the_service())


def test_a_class_needs_a_room_it_can_be_given_in(cast: ClassCast) -> None:
    with pytest.raises(Unfit):
        cast.create(at(9), resources=cast.usual.pieces)


def test_a_clinician_on_leave_leads_no_class(cast: ClassCast) -> None:
    roster.add_absence(cast.usual.sara, starts_at=at(8), ends_at=at(12), reason="", by=cast.usual.rosa)

    with pytest.raises(ClassOutsideHours):
        cast.create(at(9))


def test_a_room_kept_for_a_caller_is_free_for_a_class_when_its_minutes_are_over(cast: ClassCast) -> None:
    kept = Reservation.objects.create(patient=cast.usual.leila, by=cast.usual.rosa, offer="x", expires_at=at(8))
    Hold.objects.create(reservation=kept, resource=cast.gym, during=(at(9), at(9, 45)))

    with pytest.raises(ClassTimeTaken):
        cast.create(at(9), now=at(7, 59))
    cast.create(at(9), now=at(8))

    assert not Reservation.objects.exists()


# Changing and calling it off


def change(cast: ClassCast, group: GroupSession, **changes: object) -> GroupSession:
    asked = {
        "name": group.name,
        "places": group.places,
        "starts_at": group.starts_at,
        "resources": cast.pieces,
        "revision": group.revision,
        "by": cast.usual.rosa,
        "now": NOW,
    }
    return groups.change(group, **asked | changes)  # type: ignore[arg-type]


def test_a_class_at_another_time_takes_everybody_along_and_they_confirm_anew(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    visits = [cast.seat(group) for _ in range(3)]
    attendance.confirm(visits[0], by=cast.usual.rosa, now=NOW)

    changed = change(cast, group, starts_at=at(9, 30))

    seated = list(group.seats.all())
    assert {(it.starts_at, it.ends_at, it.status, it.revision) for it in seated} == {
        (at(9, 30), at(10, 15), Status.BOOKED, 1)
    }
    assert {it.news_at for it in seated} == {NOW + timedelta(seconds=180)}
    assert {hold.during.lower for hold in Hold.objects.all()} == {at(9, 30)}
    assert (changed.revision, AuditEvent.objects.filter(deed="appointment.moved").count()) == (1, 3)


def test_another_room_or_name_keeps_who_has_confirmed(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    visit = cast.seat(group)
    attendance.confirm(visit, by=cast.usual.rosa, now=NOW)
    other = a_room("Gym 2", "room_gym", site=cast.usual.site)

    change(cast, group, name="Neck and shoulders", resources=(cast.usual.sara, other))

    visit.refresh_from_db()
    assert (visit.status, visit.starts_at) == (Status.CONFIRMED, at(9))
    assert {hold.resource.name for hold in Hold.objects.filter(group=group)} == {"Sara Haddad", "Gym 2"}


def test_a_class_does_not_move_to_where_one_of_its_patients_is_busy_and_says_who(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    cast.seat(group, cast.usual.leila)
    cast.usual.book(at(13), patient=a_patient())
    Hold.objects.filter(resource__patient=cast.usual.leila)
    other = cast.usual.book(at(14), patient=cast.usual.leila)
    other.holds.exclude(resource__kind="patient").delete()

    with pytest.raises(SomebodyIsBusy, match="Leila Rahimi"):
        change(cast, group, starts_at=at(14))

    group.refresh_from_db()
    assert group.starts_at == at(9)


def test_a_class_has_no_fewer_places_than_people(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    for _ in range(3):
        cast.seat(group)

    with pytest.raises(TooFewPlaces, match="3 people are in the class"):
        change(cast, group, places=2)


def test_a_class_that_somebody_else_changed_is_not_changed_over_it(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    change(cast, group, name="Backs")

    with pytest.raises(ChangedMeanwhile):
        change(cast, group, revision=0)


def test_a_cancelled_class_cancels_everybody_in_it_and_frees_the_room(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    visits = [cast.seat(group) for _ in range(2)]

    groups.cancel(group, reason="The clinic has to cancel", by=cast.usual.rosa, now=NOW)

    assert {it.status for it in Appointment.objects.filter(pk__in=[it.pk for it in visits])} == {Status.CANCELLED}
    assert not Hold.objects.exists()
    with pytest.raises(ClassIsOver):
        groups.cancel(group, reason="x", by=cast.usual.rosa, now=NOW)
    with pytest.raises(ClassIsOver):
        cast.seat(group)
    assert cast.create(at(9))


def test_a_class_to_which_somebody_has_come_is_neither_moved_nor_cancelled(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    visit = cast.seat(group)
    attendance.set_status(visit, ARRIVED, was="booked", by=cast.usual.rosa, now=at(9))
    attendance.set_status(visit, DONE, was="arrived", by=cast.usual.rosa, now=at(9, 45))

    with pytest.raises(ClassHasBegun):
        groups.cancel(group, reason="x", by=cast.usual.rosa, now=at(9, 45))
    with pytest.raises(ClassHasBegun):
        change(cast, group, starts_at=at(13))


# Attendance


def test_each_patient_of_a_class_has_their_own_attendance(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    came, also, missed = (cast.seat(group) for _ in range(3))
    attendance.set_status(missed, MISSED, was="booked", by=cast.usual.rosa, now=at(9, 30))

    assert groups.set_all(group, ARRIVED, was={Status.BOOKED}, by=cast.usual.rosa, now=at(9, 30)) == 2
    assert groups.set_all(group, DONE, was={ARRIVED}, by=cast.usual.rosa, now=at(9, 45)) == 2

    statuses = {it.pk: it.status for it in group.seats.all()}
    assert [statuses[it.pk] for it in (came, also, missed)] == [DONE, DONE, MISSED]
    counted = seats.with_taken(GroupSession.objects.all()).get()
    assert (counted.taken, counted.came) == (3, 2)  # type: ignore[attr-defined]
