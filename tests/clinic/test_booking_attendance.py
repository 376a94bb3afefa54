"""The life of a visit from booked to done: confirmed, arrived, begun, missed, late."""

from datetime import timedelta
from typing import Any

import pytest
from booking_cast import Cast, a_session, at, held, later, move, service
from factories import NOW, a_device, a_patient, a_room, a_user, consents_signed

from clinic.appointments.actions import attendance
from clinic.appointments.models import Appointment
from clinic.appointments.rules import refusals
from patients.actions import facts
from patients.rules.consent_texts import ConsentMissing
from people.models import AuditEvent
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile
from programs.actions.safety import Contraindicated
from programs.models import SafetyDecision

pytestmark = pytest.mark.django_db


# --- the visit's life


def test_a_visit_goes_from_booked_to_done_step_by_step(cast: Cast) -> None:
    visit = cast.book(at(10))
    for was, status in zip(
        ["booked", "confirmed", "arrived", "in_room"], ["confirmed", "arrived", "in_room", "done"], strict=True
    ):
        visit = attendance.set_status(visit, status, was=was, by=cast.rosa, now=at(9, 55))

    assert (visit.status, visit.confirmed_at, visit.arrived_at) == ("done", at(9, 55), at(9, 55))
    assert list(AuditEvent.objects.filter(deed="appointment.status_set").values_list("detail__status", flat=True)) == [
        "confirmed", "arrived", "in_room", "done",
    ]  # fmt: skip


def test_a_slip_of_the_hand_can_be_stepped_back_and_waiting_counts_from_the_first_arrival(cast: Cast) -> None:
    visit = cast.book(at(10))
    attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=at(9, 50))
    attendance.set_status(visit, "in_room", was="arrived", by=cast.rosa, now=at(9, 58))

    back = attendance.set_status(visit, "arrived", was="in_room", by=cast.rosa, now=at(9, 59))
    assert back.arrived_at == at(9, 50)

    gone = attendance.set_status(visit, "confirmed", was="arrived", by=cast.rosa, now=at(10))
    assert gone.arrived_at is None


def test_no_step_is_skipped(cast: Cast) -> None:
    with pytest.raises(refusals.CannotBecome):
        attendance.set_status(cast.book(at(10)), "done", was="booked", by=cast.rosa, now=at(10))


def a_laser_visit(cast: Cast) -> Appointment:
    pieces = [cast.sara, a_room("Laser", "room_laser"), a_device("dev_laser_3b")]
    visit = cast.book(at(10), service=service("laser_therapy"), resources=pieces)
    return attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=at(9, 55))


def test_a_treatment_does_not_begin_before_its_consents_are_signed(cast: Cast) -> None:
    visit = a_laser_visit(cast)

    for begun in ("in_room", "done"):
        with pytest.raises(ConsentMissing):
            attendance.set_status(visit, begun, was="arrived", by=cast.rosa, now=at(10))
    consents_signed(cast.leila, "laser_therapy")

    assert attendance.set_status(visit, "in_room", was="arrived", by=cast.rosa, now=at(10)).status == "in_room"
    assert set(SafetyDecision.objects.values_list("moment", flat=True)) == {"booked", "started"}


def test_a_treatment_that_became_unsafe_since_it_was_booked_does_not_begin(cast: Cast) -> None:
    visit = a_laser_visit(cast)
    consents_signed(cast.leila, "laser_therapy")
    facts.state(cast.leila, {"cancer_at_treatment_site": True}, by=a_user(Role.CLINICIAN), now=at(9, 50))

    with pytest.raises(Contraindicated, match="Clinician check needed before this visit can begin"):
        attendance.set_status(visit, "in_room", was="arrived", by=cast.rosa, now=at(10))
    assert Appointment.objects.get(pk=visit.pk).status == "arrived"


def test_a_clinic_that_does_not_mark_rooms_goes_from_waiting_to_done(cast: Cast) -> None:
    visit = attendance.set_status(cast.book(at(10)), "arrived", was="booked", by=cast.rosa, now=at(9, 55))

    assert attendance.set_status(visit, "done", was="arrived", by=cast.rosa, now=at(10, 30)).status == "done"


def test_two_desks_tapping_the_same_button_both_get_what_they_wanted(cast: Cast) -> None:
    visit = cast.book(at(10))
    attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=at(10))

    assert attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=at(10)).status == "arrived"


def test_a_tap_on_a_button_that_is_out_of_date_changes_nothing(cast: Cast) -> None:
    visit = cast.book(at(10))
    attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=at(10))

    with pytest.raises(ChangedMeanwhile):
        attendance.set_status(visit, "confirmed", was="booked", by=cast.rosa, now=at(10))


def test_nobody_has_missed_a_visit_that_has_not_begun(cast: Cast) -> None:
    with pytest.raises(refusals.NotYet):
        attendance.set_status(cast.book(at(10)), "missed", was="booked", by=cast.rosa, now=at(9, 59))


def test_a_missed_visit_keeps_what_it_holds(cast: Cast) -> None:
    visit = attendance.set_status(cast.book(at(10)), "missed", was="booked", by=cast.rosa, now=at(10, 20))

    assert set(held(visit)) == {"clinician", "room", "patient"}


def test_a_missed_session_can_be_booked_again_and_then_not_come_back(cast: Cast) -> None:
    gym, session = a_room("Gym", "room_gym"), a_session(cast.leila)
    asked: dict[str, Any] = {
        "service": service("exercise_program"), "resources": [cast.sara, gym], "session": session,
    }  # fmt: skip
    missed = attendance.set_status(cast.book(at(10), **asked), "missed", was="booked", by=cast.rosa, now=at(10, 30))
    cast.book(at(14), **asked)

    with pytest.raises(refusals.AlreadyBooked):
        attendance.set_status(missed, "arrived", was="missed", by=cast.rosa, now=at(10, 40))


def test_the_patient_confirms_once_through_the_link_and_the_trail_says_so(cast: Cast) -> None:
    visit = cast.book(at(10))
    attendance.confirm(visit, by=None, now=NOW)
    attendance.confirm(visit, by=None, now=NOW + timedelta(minutes=5))

    visit.refresh_from_db()
    assert (visit.status, visit.confirmed_at) == ("confirmed", NOW)
    line = AuditEvent.objects.get(deed="appointment.confirmed_by_link")
    assert (line.by, line.role) == (None, "system")


def test_a_visit_that_is_over_is_not_confirmed(cast: Cast) -> None:
    visit = cast.book(at(10))

    with pytest.raises(refusals.CannotBecome):
        attendance.confirm(visit, by=None, now=later(visit, 30))


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
