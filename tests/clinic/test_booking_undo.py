"""Taking back a slip, overbooking with a reason, keeping a time, being late, and moving a whole day."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from booking_cast import Cast, a_cast, at, service
from factories import NOW, a_clinician, a_device, a_patient, a_room, a_user

from clinic.appointments.actions import attendance, booking, history, reservations, undo
from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Appointment, BookingPolicy, Hold, Reservation, VisitChange
from clinic.appointments.rules import refusals
from patients.models import RedFlag
from people.models import AuditEvent
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile, NotAllowed, Refused
from programs.actions.safety import HeldByRedFlag

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(seconds=20)
TOO_LATE = NOW + timedelta(minutes=3)


@pytest.fixture
def cast() -> Cast:
    return a_cast()


def last(deed: str) -> VisitChange:
    return VisitChange.objects.filter(deed=deed).latest("at", "revision")


def as_it_is(visit: Appointment) -> dict[str, Any]:
    fresh = Appointment.objects.get(pk=visit.pk)
    return history.images([fresh])[fresh.pk]


def without_ids(image: dict[str, Any]) -> dict[str, Any]:
    return image | {"holds": sorted(image["holds"], key=lambda it: str(it["resource"]))}


def move(cast: Cast, visit: Appointment, hour: int, **changes: Any) -> Appointment:
    asked: dict[str, Any] = {
        "starts_at": at(hour), "resources": cast.pieces, "revision": visit.revision, "by": cast.rosa, "now": NOW,
    }  # fmt: skip
    return booking.move(visit, **asked | changes)


def offer_of(visit: Appointment, starts_at: Any, *pieces: Any) -> Offer:
    return Offer(
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30), site=visit.site, clinician=pieces[0],
        room=pieces[1],
    )  # fmt: skip


# --- undo


def test_a_booking_taken_back_is_withdrawn_and_its_time_is_free(cast: Cast) -> None:
    cast.book(at(10))

    visit = undo.undo(last("booked"), by=cast.rosa, now=SOON)

    assert (visit.status, visit.cancel_reason, visit.revision) == ("cancelled", "undone", 1)
    assert not Hold.objects.exists()
    assert cast.book(at(10), patient=a_patient()).status == "booked"


def test_a_move_taken_back_is_as_if_it_had_not_been(cast: Cast) -> None:
    visit = attendance.confirm(cast.book(at(10)), by=None, now=NOW)
    before = as_it_is(visit)
    move(cast, visit, 14)

    visit = undo.undo(last("moved"), by=cast.rosa, now=SOON)

    assert without_ids(as_it_is(visit)) == without_ids(before)
    assert (visit.status, visit.revision) == ("confirmed", 2)
    assert cast.book(at(14), patient=a_patient()).status == "booked"


def test_a_visit_called_off_by_mistake_stands_again_with_all_it_held(cast: Cast) -> None:
    visit = cast.book(at(10))
    before = as_it_is(visit)
    booking.cancel(visit, reason="ill", by=cast.rosa, now=NOW)

    visit = undo.undo(last("cancelled"), by=cast.rosa, now=SOON)

    assert without_ids(as_it_is(visit)) == without_ids(before)
    assert (visit.cancelled_at, visit.cancel_reason, visit.revision) == (None, "", 2)


def test_undone_twice_is_undone_once(cast: Cast) -> None:
    visit = cast.book(at(10))
    move(cast, visit, 14)
    change = last("moved")

    one, two = (undo.undo(change, by=cast.rosa, now=SOON) for _ in range(2))

    assert (one.revision, two.revision, two.starts_at) == (2, 2, at(10))
    assert AuditEvent.objects.filter(deed="appointment.undone").count() == 1


def test_an_old_time_that_somebody_else_has_by_now_does_not_come_back(cast: Cast) -> None:
    visit = move(cast, cast.book(at(10)), 14)
    cast.book(at(10), patient=a_patient())

    with pytest.raises(refusals.SlotTaken):
        undo.undo(last("moved"), by=cast.rosa, now=SOON)

    visit.refresh_from_db()
    assert (visit.starts_at, visit.revision, visit.holds.count()) == (at(14), 1, 3)


def test_nothing_is_undone_once_the_letter_may_have_left(cast: Cast) -> None:
    visit = cast.book(at(10))

    with pytest.raises(refusals.TooLateToUndo):
        undo.undo(last("booked"), by=cast.rosa, now=TOO_LATE)
    undo.send_now(visit, by=cast.rosa, now=SOON)
    with pytest.raises(refusals.TooLateToUndo):
        undo.undo(last("booked"), by=cast.rosa, now=SOON)


def test_only_the_last_change_can_be_undone(cast: Cast) -> None:
    move(cast, cast.book(at(10)), 14)

    with pytest.raises(refusals.TooLateToUndo):
        undo.undo(last("booked"), by=cast.rosa, now=SOON)
    assert [change.deed for change in undo.open_changes(by=cast.rosa, now=SOON)] == ["moved"]


def test_a_visit_that_has_begun_is_not_undone(cast: Cast) -> None:
    visit = cast.book(at(10))
    attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=NOW)

    with pytest.raises(refusals.CannotBecome):
        undo.undo(last("booked"), by=cast.rosa, now=SOON)


def test_what_a_patient_did_cannot_be_undone_by_the_desk(cast: Cast) -> None:
    booking.cancel(cast.book(at(10)), reason="link", by=None, now=NOW)

    with pytest.raises(refusals.TooLateToUndo):
        undo.undo(last("cancelled"), by=cast.rosa, now=NOW)


def test_each_sees_only_what_they_did_themselves(cast: Cast) -> None:
    cast.book(at(10))
    colleague = a_user(Role.FRONT_DESK)

    assert undo.open_changes(by=cast.rosa, now=SOON).count() == 1
    assert undo.open_changes(by=colleague, now=SOON).count() == 0
    assert undo.open_changes(by=cast.rosa, now=TOO_LATE).count() == 0


def test_sending_at_once_twice_is_sending_once_and_never_for_another_time(cast: Cast) -> None:
    visit = cast.book(at(10))
    undo.send_now(visit, by=cast.rosa, now=SOON)
    undo.send_now(visit, by=cast.rosa, now=SOON)
    stale = Appointment.objects.get(pk=visit.pk)
    move(cast, visit, 14)

    with pytest.raises(refusals.TooLateToUndo):
        undo.send_now(stale, by=cast.rosa, now=SOON)
    assert AuditEvent.objects.filter(deed="appointment.news_sent_at_once").count() == 1


def test_a_form_whose_booking_was_taken_back_books_again(cast: Cast) -> None:

    key = uuid.uuid4()
    cast.book(at(10), request_key=key)
    undo.undo(last("booked"), by=cast.rosa, now=SOON)

    assert cast.book(at(10), request_key=key).status == "booked"


# --- overbooking


@pytest.fixture
def mei(cast: Cast) -> Any:
    return a_user(Role.CLINICIAN, name="Mei Tanaka")


def test_who_may_overbook_puts_a_second_patient_on_top_and_says_why(cast: Cast, mei: Any) -> None:
    cast.book(at(10))

    visit = cast.book(at(10), patient=a_patient(), by=mei, overbook_because="Acute, cannot wait")

    assert visit.overbooked_because == "Acute, cannot wait"
    marked = visit.holds.filter(is_overbooked=True).values_list("resource__kind", flat=True)
    assert sorted(marked) == ["clinician", "room"]
    line = AuditEvent.objects.filter(deed="appointment.booked").latest("at")
    assert line.detail == {"service": "review", "overbooked": ["clinician", "room"]}


def test_only_what_clashes_is_marked(cast: Cast, mei: Any) -> None:
    cast.book(at(10))

    visit = cast.book(
        at(10), patient=a_patient(), resources=[cast.sara, a_room("Room 2")], by=mei, overbook_because="Acute"
    )

    assert list(visit.holds.filter(is_overbooked=True).values_list("resource__name", flat=True)) == ["Sara Haddad"]


def test_a_reason_alone_marks_nothing_when_the_time_is_free(cast: Cast, mei: Any) -> None:
    visit = cast.book(at(10), by=mei, overbook_because="Just in case")

    assert visit.overbooked_because == ""
    assert not visit.holds.filter(is_overbooked=True).exists()


def test_the_front_desk_may_not_overbook(cast: Cast) -> None:
    cast.book(at(10))

    with pytest.raises(NotAllowed):
        cast.book(at(10), patient=a_patient(), overbook_because="They insist")
    assert Appointment.objects.count() == 1


def test_no_reason_makes_a_patient_or_a_device_be_in_two_places(cast: Cast, mei: Any) -> None:
    cast.book(at(10))
    with pytest.raises(refusals.SlotTaken):
        cast.book(
            at(10), resources=[a_clinician("Omar Aziz"), a_room("Room 2")], by=mei, overbook_because="Both at once"
        )  # fmt: skip

    laser, other = a_device(), a_clinician("Li Wen")
    one, two = a_room("Laser 1", "room_laser"), a_room("Laser 2", "room_laser")
    cast.book(at(14), service=service("laser_therapy"), resources=[cast.sara, one, laser])
    with pytest.raises(refusals.SlotTaken) as refused:
        cast.book(
            at(14), patient=a_patient(), service=service("laser_therapy"), resources=[other, two, laser], by=mei,
            overbook_because="One laser is enough",
        )  # fmt: skip
    assert refused.value.kinds == {"device"}


def test_no_reason_gets_past_a_warning_sign_or_the_hours(cast: Cast, mei: Any) -> None:
    laser_room, laser = a_room("Laser", "room_laser"), a_device()
    RedFlag.objects.create(patient=cast.leila, code="rf_fever", urgency="emergency_now", raised_at=NOW)
    asked: list[tuple[type[Refused], dict[str, Any]]] = [
        (HeldByRedFlag, {"service": service("laser_therapy"), "resources": [cast.sara, laser_room, laser]}),
        (refusals.OutsideHours, {"starts_at": at(7)}),
    ]
    for refusal, changes in asked:
        with pytest.raises(refusal):
            cast.book(**{"starts_at": at(10), "by": mei, "overbook_because": "Urgent"} | changes)


def test_a_visit_is_moved_onto_another_with_a_reason_and_off_it_without(cast: Cast, mei: Any) -> None:
    cast.book(at(10))
    visit = cast.book(at(14), patient=a_patient())

    visit = move(cast, visit, 10, by=mei, overbook_because="The ambulance is late")
    assert visit.holds.filter(is_overbooked=True).count() == 2

    visit = move(cast, visit, 15)
    assert (visit.overbooked_because, visit.holds.filter(is_overbooked=True).count()) == ("", 0)


def test_nobody_slips_under_an_overbooked_visit_when_the_first_one_goes(cast: Cast, mei: Any) -> None:
    first = cast.book(at(10))
    cast.book(at(10), patient=a_patient(), by=mei, overbook_because="Acute")
    booking.cancel(first, reason="ill", by=cast.rosa, now=NOW)

    with pytest.raises(refusals.SlotTaken):
        cast.book(at(10), patient=a_patient())

    assert undo.undo(last("cancelled"), by=cast.rosa, now=SOON).status == "booked"


# --- a time kept for some minutes


def test_a_time_is_kept_for_a_patient_and_taken_by_her_alone(cast: Cast) -> None:
    kept = reservations.keep(
        offer_of(cast.book(at(9), patient=a_patient()), at(10), *cast.pieces).code,
        service(), cast.leila, by=cast.rosa, now=NOW,
    )  # fmt: skip

    with pytest.raises(refusals.SlotTaken):
        cast.book(at(10), patient=a_patient(), now=NOW + timedelta(minutes=9))
    visit = cast.book(at(10), now=NOW + timedelta(minutes=9))

    assert visit.holds.count() == 3
    assert not Reservation.objects.filter(pk=kept.pk).exists()


def code_for(cast: Cast, hour: int) -> str:
    return f"{at(hour):%Y%m%dT%H%M}~{cast.sara.pk.hex}~{cast.room.pk.hex}"


def test_a_kept_time_is_free_when_its_minutes_are_over_even_if_nobody_swept(cast: Cast) -> None:
    reservations.keep(code_for(cast, 10), service(), cast.leila, by=cast.rosa, now=NOW)

    visit = cast.book(at(10), patient=a_patient(), now=NOW + timedelta(minutes=10))

    assert visit.status == "booked"
    assert not Reservation.objects.exists()


def test_the_worker_sweeps_what_is_over_and_leaves_the_rest(cast: Cast) -> None:
    reservations.keep(code_for(cast, 10), service(), cast.leila, by=cast.rosa, now=NOW)
    reservations.keep(
        code_for(cast, 14), service(), a_patient(), by=cast.rosa, now=NOW + timedelta(minutes=5)
    )  # fmt: skip

    assert reservations.sweep(now=NOW + timedelta(minutes=10)) == 1
    assert Hold.objects.count() == 3


def test_a_second_kept_time_lets_the_first_go_and_letting_go_twice_is_once(cast: Cast) -> None:
    reservations.keep(code_for(cast, 10), service(), cast.leila, by=cast.rosa, now=NOW)
    kept = reservations.keep(code_for(cast, 14), service(), cast.leila, by=cast.rosa, now=NOW)
    assert Reservation.objects.count() == 1

    reservations.release(kept, by=cast.rosa)
    reservations.release(kept, by=cast.rosa)

    assert (Hold.objects.count(), AuditEvent.objects.filter(deed="time.let_go").count()) == (0, 1)


def test_a_time_that_is_booked_or_never_was_offered_is_not_kept(cast: Cast) -> None:
    cast.book(at(10))

    with pytest.raises(refusals.SlotTaken):
        reservations.keep(code_for(cast, 10), service(), a_patient(), by=cast.rosa, now=NOW)
    with pytest.raises(refusals.NothingChosen):
        reservations.keep("nonsense", service(), cast.leila, by=cast.rosa, now=NOW)
    assert not Reservation.objects.exists()


def test_undoing_takes_a_time_back_from_a_reservation_that_is_over(cast: Cast) -> None:
    booking.cancel(cast.book(at(10)), reason="", by=cast.rosa, now=NOW)
    reservations.keep(code_for(cast, 10), service(), a_patient(), by=cast.rosa, now=NOW, minutes=1)

    with pytest.raises(refusals.SlotTaken):
        undo.undo(last("cancelled"), by=cast.rosa, now=SOON)
    assert undo.undo(last("cancelled"), by=cast.rosa, now=NOW + timedelta(minutes=2)).status == "booked"


# --- running late


def test_a_patient_who_phones_is_expected_later_and_in_time_again(cast: Cast) -> None:
    visit = cast.book(at(10))

    assert attendance.expect(visit, at(10, 10), by=cast.rosa, now=NOW).expected_at == at(10, 10)
    assert AuditEvent.objects.get(deed="appointment.expected_late").detail == {"minutes": 10}
    assert attendance.expect(visit, None, by=cast.rosa, now=NOW).expected_at is None


def test_nobody_is_late_who_has_come_or_was_moved(cast: Cast) -> None:
    visit = cast.book(at(10))
    attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=NOW)
    with pytest.raises(refusals.NotExpected):
        attendance.expect(visit, at(10, 10), by=cast.rosa, now=NOW)

    seen = cast.book(at(14), patient=a_patient())
    move(cast, seen, 15)
    with pytest.raises(ChangedMeanwhile):
        attendance.expect(seen, at(14, 10), by=cast.rosa, now=NOW)


def test_a_moved_visit_is_not_late_for_its_new_time(cast: Cast) -> None:
    visit = attendance.expect(cast.book(at(10)), at(10, 10), by=cast.rosa, now=NOW)

    assert move(cast, visit, 14).expected_at is None


# --- a sick clinician's day


def test_a_day_moves_as_a_whole_and_two_visits_may_swap(cast: Cast) -> None:
    one, two = cast.book(at(10)), cast.book(at(11), patient=a_patient())

    moved = booking.move_all(
        [(one, offer_of(one, at(11), *cast.pieces)), (two, offer_of(two, at(10), *cast.pieces))],
        by=cast.rosa, now=NOW,
    )  # fmt: skip

    assert [visit.starts_at for visit in moved] == [at(11), at(10)]
    assert VisitChange.objects.filter(deed="moved").count() == 2


def test_if_one_of_them_cannot_move_none_does(cast: Cast) -> None:
    one, two = cast.book(at(10)), cast.book(at(11), patient=a_patient())
    cast.book(at(14), patient=a_patient())

    with pytest.raises(refusals.SlotTaken):
        booking.move_all(
            [(one, offer_of(one, at(15), *cast.pieces)), (two, offer_of(two, at(14), *cast.pieces))],
            by=cast.rosa, now=NOW,
        )  # fmt: skip

    one.refresh_from_db()
    assert (one.starts_at, one.revision, one.holds.count()) == (at(10), 0, 3)


def test_the_clinic_says_how_long_something_can_be_undone(cast: Cast) -> None:
    BookingPolicy.objects.create(undo_seconds=600)
    cast.book(at(10))

    assert undo.undo(last("booked"), by=cast.rosa, now=NOW + timedelta(minutes=9)).cancel_reason == "undone"
