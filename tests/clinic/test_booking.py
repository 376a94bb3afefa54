"""Giving, moving and cancelling visits."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from booking_cast import Cast, a_cast, at, later, service
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from factories import NOW, a_clinician, a_device, a_patient, a_room, a_site, a_user, consents_signed

from clinic.appointments.actions import attendance, booking, clashes
from clinic.appointments.models import Absence, Appointment, Closure, Hold, Resource
from clinic.appointments.rules import refusals
from clinic.appointments.rules.status import Status
from patients.actions import facts
from patients.models import RedFlag
from patients.rules.consent_texts import ConsentMissing
from people.models import AuditEvent
from people.rules.permissions import Role
from people.rules.refusal import ChangedMeanwhile, Refused
from programs.actions.safety import Contraindicated, HeldByRedFlag
from programs.actions.safety_file import AHEAD
from programs.models import Phase, Plan, PlannedSession, SafetyDecision

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return a_cast()


def held(visit: Appointment) -> dict[str, tuple[datetime, datetime]]:
    return {
        hold.resource.kind: (hold.during.lower.astimezone(UTC), hold.during.upper.astimezone(UTC))
        for hold in Hold.objects.filter(appointment=visit).select_related("resource")
    }


def a_session(patient: Any, *, modality: str = "exercise_program", plan: Plan | None = None) -> PlannedSession:
    therapist = a_user(Role.CLINICIAN)
    day = date(2026, 9, 14)
    plan = plan or Plan.objects.create(
        patient=patient, template_code="x", rulebook_version="1", name="Neck program", starts_on=day,
        ends_on=day + timedelta(weeks=12), started_by=therapist, started_at=NOW,
    )  # fmt: skip
    phase = Phase.objects.create(plan=plan, ordinal=1, code="p", name="First", starts_on=day, ends_on=plan.ends_on)
    return PlannedSession.objects.create(
        plan=plan, phase=phase, modality=modality, ordinal=1, course_length=6, due_from=day, due_on=day, due_until=day
    )


def a_flag(patient: Any, code: str = "rf_fever") -> RedFlag:
    return RedFlag.objects.create(patient=patient, code=code, urgency="emergency_now", raised_at=NOW)


# --- what a booking keeps


def test_a_visit_keeps_the_clinician_the_room_and_the_patient(cast: Cast) -> None:
    visit = cast.book(at(10))

    assert held(visit) == {
        "clinician": (at(10), at(10, 30)),
        "room": (at(10), at(10, 35)),  # and five minutes to clean it
        "patient": (at(10), at(10, 30)),
    }


def test_a_treatment_keeps_its_device_too(cast: Cast) -> None:
    laser_room, laser = a_room("Laser", "room_laser"), a_device("dev_laser_3b")

    visit = cast.book(at(10), service=service("laser_therapy"), resources=[cast.sara, laser_room, laser])

    assert held(visit)["device"] == (at(10), at(10, 20))


def test_a_booking_leaves_one_audit_line_without_health_information(cast: Cast) -> None:
    visit = cast.book(at(10))

    line = AuditEvent.objects.get(deed="appointment.booked")
    assert (line.by, line.object_id, line.patient_id) == (cast.rosa, str(visit.pk), cast.leila.pk)
    assert line.detail == {"service": "review"}


@pytest.mark.parametrize("busy", ["clinician", "room", "patient"])
def test_nothing_and_nobody_is_in_two_places_at_once(cast: Cast, busy: str) -> None:
    mei, second_room, omar = a_clinician("Mei Tanaka"), a_room("Room 2"), a_patient()
    first = cast.book(at(10))
    others: dict[str, Any] = {
        "clinician": {"resources": [cast.sara, second_room], "patient": omar},
        "room": {"resources": [mei, cast.room], "patient": omar},
        "patient": {"resources": [mei, second_room]},
    }

    with pytest.raises(refusals.SlotTaken) as refused:
        cast.book(at(10, 15), **others[busy])

    assert refused.value.kinds == {busy}
    assert list(Appointment.objects.all()) == [first]


def test_the_next_visit_may_begin_when_the_last_one_ends_but_not_in_a_room_that_is_being_cleaned(cast: Cast) -> None:
    second_room = a_room("Room 2")
    cast.book(at(10))

    with pytest.raises(refusals.SlotTaken) as refused:
        cast.book(at(10, 30), patient=a_patient())
    cast.book(at(10, 30), patient=a_patient(), resources=[cast.sara, second_room])

    assert refused.value.kinds == {"room"}


def test_the_database_refuses_a_double_booking_that_went_past_our_code(cast: Cast) -> None:
    visit = cast.book(at(10))
    other = Appointment.objects.create(
        patient=a_patient(), service_code="review", clinician=cast.sara, site=cast.site,
        starts_at=at(10, 15), ends_at=at(10, 45), booked_at=NOW, timed_at=NOW,
    )  # fmt: skip

    with pytest.raises(IntegrityError, match="resource_is_in_one_place_at_a_time"), transaction.atomic():
        Hold.objects.create(
            appointment=other, resource=cast.sara, during=DateTimeTZRange(other.starts_at, other.ends_at)
        )

    assert Hold.objects.filter(resource=cast.sara).get().appointment == visit


def test_without_our_own_question_the_database_still_says_no(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes away the early question on purpose: what is left is the constraint, and its answer is the same refusal."""
    monkeypatch.setattr(clashes, "cleared", lambda *_, **__: clashes.Cleared(frozenset(), AHEAD))
    first = cast.book(at(10))
    second = cast.book(at(14), patient=a_patient())

    with pytest.raises(refusals.SlotTaken):
        cast.book(at(10, 15), patient=a_patient())
    with pytest.raises(refusals.SlotTaken):
        booking.move(second, starts_at=at(10), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)

    assert list(Appointment.objects.order_by("starts_at")) == [first, second]
    assert Appointment.objects.get(pk=second.pk).starts_at == at(14)


def test_a_rule_of_the_database_that_we_do_not_know_is_not_hidden(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match=r"a_visit_ends_after_it_starts|a_hold_has_a_length"):
        cast.book(at(10), service=replace(service(), minutes=0))


# --- what no clinic would book


def away(resource: Resource) -> None:
    Absence.objects.create(resource=resource, during=DateTimeTZRange(at(10, 15), at(11)))


def closed(site: Any) -> None:
    Closure.objects.create(site=site, on=date(2026, 9, 14), reason="Holiday")


@pytest.mark.parametrize(
    ("starts_at", "refusal"),
    [
        (at(10, day=11), refusals.InThePast),
        (at(10, month=12) + timedelta(days=365), refusals.TooFarAhead),
        (at(10, 10), refusals.OffTheGrid),
        (at(8), refusals.OutsideHours),
        (at(11, 45), refusals.OutsideHours),  # would run into lunch
        (at(10, day=19), refusals.OutsideHours),  # a Saturday
    ],
)
def test_a_time_the_clinic_does_not_offer_is_refused(cast: Cast, starts_at: datetime, refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        cast.book(starts_at)

    assert not Appointment.objects.exists()


def test_nobody_is_booked_with_somebody_or_something_that_is_away(cast: Cast) -> None:
    away(cast.sara)
    with pytest.raises(refusals.OutsideHours):
        cast.book(at(10))

    away(cast.room)
    with pytest.raises(refusals.OutsideHours):
        cast.book(at(10), resources=[a_clinician("Mei Tanaka"), cast.room])


def test_nobody_is_booked_on_a_day_the_site_or_the_whole_clinic_is_closed(cast: Cast) -> None:
    closed(a_site("Northgate West"))
    cast.book(at(9))

    closed(cast.site)
    with pytest.raises(refusals.OutsideHours):
        cast.book(at(10))
    Closure.objects.all().delete()
    closed(None)
    with pytest.raises(refusals.OutsideHours):
        cast.book(at(10))


def test_a_visit_needs_the_right_people_rooms_and_devices(cast: Cast) -> None:
    west = a_site("Northgate West")
    needler = a_clinician("Li Wen", profession="licensed_acupuncturist")
    gym, west_room, laser = a_room("Gym", "room_gym"), a_room("West 1", site=west), a_device()
    for wrong in (
        [needler, cast.room],
        [cast.sara, gym],
        [cast.sara, west_room],
        [cast.sara],
        [cast.room],
        [cast.sara, cast.room, laser],
        [cast.sara, a_clinician("Mei Tanaka"), cast.room],
        [cast.sara, cast.room, a_room("Room 2")],
    ):
        with pytest.raises(refusals.Unfit):
            cast.book(at(10), resources=wrong)

    assert not Appointment.objects.exists()


def test_a_room_that_was_retired_is_not_booked(cast: Cast) -> None:
    Resource.objects.filter(pk=cast.room.pk).update(is_active=False)

    with pytest.raises(refusals.Unfit):
        cast.book(at(10))


def test_one_device_does_not_serve_two_needs_at_once(cast: Cast) -> None:
    doctor, room = a_clinician("Amara Okafor", profession="physician_interventional"), a_room("PR", "room_procedure")
    both = Resource.objects.create(
        kind="device", name="Cart", site=cast.site, offers=["dev_ultrasound", "dev_centrifuge"]
    )
    with pytest.raises(refusals.Unfit):
        cast.book(at(10), service=service("prp"), resources=[doctor, room, both])

    cast.book(at(10), service=service("prp"), resources=[doctor, room, both, a_device("dev_ultrasound")])


def test_a_treatment_that_is_switched_off_is_not_booked(cast: Cast) -> None:
    with pytest.raises(refusals.NotOffered):
        cast.book(at(10), service=service("stem_cell"))


@pytest.mark.parametrize("closed_by", [{"archived_at": NOW}, {"died_on": date(2026, 9, 1)}])
def test_the_dead_and_the_archived_are_not_booked(cast: Cast, closed_by: dict[str, Any]) -> None:
    with pytest.raises(refusals.NotTreatedAnyMore):
        cast.book(at(10), patient=a_patient(**closed_by))


def test_an_open_warning_sign_holds_treatments_but_not_assessments(cast: Cast) -> None:
    a_flag(cast.leila)
    gym = a_room("Gym", "room_gym")
    laser_room, laser = a_room("Laser", "room_laser"), a_device()

    with pytest.raises(HeldByRedFlag, match="Clinician check needed"):
        cast.book(at(10), service=service("laser_therapy"), resources=[cast.sara, laser_room, laser])
    assert cast.book(at(10)).service_code == "review"
    assert gym.kind == "room"


# --- the plan's sessions


def test_a_session_of_the_plan_is_booked_once(cast: Cast) -> None:
    gym, session = a_room("Gym", "room_gym"), a_session(cast.leila)
    asked: dict[str, Any] = {
        "service": service("exercise_program"), "resources": [cast.sara, gym], "session": session,
    }  # fmt: skip
    first = cast.book(at(10), **asked)

    with pytest.raises(refusals.AlreadyBooked):
        cast.book(at(14), **asked)
    booking.cancel(first, reason="ill", by=cast.rosa, now=NOW)

    assert cast.book(at(14), **asked).session == session


def test_a_session_of_another_patient_or_another_treatment_is_refused(cast: Cast) -> None:
    gym = a_room("Gym", "room_gym")
    for session in (a_session(a_patient()), a_session(cast.leila, modality="laser_therapy")):
        with pytest.raises(refusals.OfAnotherPlan):
            cast.book(at(10), service=service("exercise_program"), resources=[cast.sara, gym], session=session)


# --- a form sent twice


def test_the_same_form_sent_twice_is_one_booking(cast: Cast) -> None:
    key = uuid.uuid4()

    assert cast.book(at(10), request_key=key) == cast.book(at(10), request_key=key)
    assert Appointment.objects.count() == AuditEvent.objects.filter(deed="appointment.booked").count() == 1


def test_the_same_form_with_other_choices_is_refused(cast: Cast) -> None:
    key = uuid.uuid4()
    cast.book(at(10), request_key=key)

    for changes in ({"starts_at": at(11)}, {"patient": a_patient()}):
        with pytest.raises(refusals.UsedForAnother):
            cast.book(**{"starts_at": at(10)} | changes, request_key=key)


# --- moving


def test_a_moved_visit_frees_its_old_time_and_has_to_be_confirmed_anew(cast: Cast) -> None:
    visit = attendance.confirm(cast.book(at(10)), by=None, now=NOW)

    moved = booking.move(
        visit, starts_at=at(14), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW + timedelta(hours=1)
    )

    assert held(moved)["clinician"] == (at(14), at(14, 30))
    assert (moved.status, moved.confirmed_at, moved.revision) == (Status.BOOKED, None, 1)
    assert (moved.booked_at, moved.timed_at) == (NOW, NOW + timedelta(hours=1))
    assert cast.book(at(10), patient=a_patient()).starts_at == at(10)


def test_a_visit_may_move_by_less_than_its_own_length(cast: Cast) -> None:
    visit = cast.book(at(10))

    moved = booking.move(visit, starts_at=at(10, 15), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)

    assert held(moved)["room"] == (at(10, 15), at(10, 50))


def test_a_visit_that_cannot_move_keeps_its_old_time(cast: Cast) -> None:
    visit = cast.book(at(10))
    cast.book(at(14), patient=a_patient())

    with pytest.raises(refusals.SlotTaken):
        booking.move(visit, starts_at=at(14), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)

    visit.refresh_from_db()
    assert (visit.starts_at, visit.revision, held(visit)["room"]) == (at(10), 0, (at(10), at(10, 35)))


def test_a_visit_may_move_to_another_site(cast: Cast) -> None:
    west = a_site("Northgate West")
    mei, west_room = a_clinician("Mei Tanaka", site=west), a_room("West 1", site=west)

    moved = booking.move(
        cast.book(at(10)), starts_at=at(10), resources=[mei, west_room], revision=0, by=cast.rosa, now=NOW
    )

    assert (moved.site, moved.clinician) == (west, mei)


def test_who_moves_a_visit_that_was_moved_meanwhile_is_told_so(cast: Cast) -> None:
    seen = cast.book(at(10))
    booking.move(seen, starts_at=at(14), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)

    with pytest.raises(ChangedMeanwhile):
        booking.move(seen, starts_at=at(15), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)
    with pytest.raises(ChangedMeanwhile):
        booking.cancel(seen, reason="", by=cast.rosa, now=NOW)
    with pytest.raises(ChangedMeanwhile):
        attendance.confirm(seen, by=None, now=NOW)

    assert Appointment.objects.get().starts_at == at(14)


def test_a_visit_under_way_is_neither_moved_nor_cancelled(cast: Cast) -> None:
    visit = cast.book(at(10))
    attendance.set_status(visit, "arrived", was="booked", by=cast.rosa, now=at(9, 50))
    attendance.set_status(visit, "in_room", was="arrived", by=cast.rosa, now=at(10))

    with pytest.raises(refusals.CannotBecome):
        booking.move(visit, starts_at=at(14), resources=cast.pieces, revision=0, by=cast.rosa, now=at(10))
    with pytest.raises(refusals.CannotBecome):
        booking.cancel(visit, reason="", by=cast.rosa, now=at(10))


# --- cancelling


def test_a_cancelled_visit_frees_everything_it_held(cast: Cast) -> None:
    visit = booking.cancel(cast.book(at(10)), reason="ill", by=cast.rosa, now=NOW)

    assert (visit.status, visit.cancelled_at, visit.cancel_reason, visit.revision) == (Status.CANCELLED, NOW, "ill", 1)
    assert not Hold.objects.exists()
    assert cast.book(at(10)).pk != visit.pk
    assert AuditEvent.objects.get(deed="appointment.cancelled").detail == {}


def test_nothing_leads_back_from_a_cancelled_visit(cast: Cast) -> None:
    visit = booking.cancel(cast.book(at(10)), reason="", by=cast.rosa, now=NOW)

    with pytest.raises(refusals.CannotBecome):
        booking.cancel(visit, reason="", by=cast.rosa, now=NOW)
    with pytest.raises(refusals.CannotBecome):
        attendance.confirm(visit, by=None, now=NOW)
    with pytest.raises(refusals.CannotBecome):
        attendance.set_status(visit, "booked", was="cancelled", by=cast.rosa, now=NOW)


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


def test_a_contraindicated_treatment_is_neither_booked_nor_moved_nor_kept_and_nobody_is_told_why(cast: Cast) -> None:
    pieces = [cast.sara, a_room("Laser", "room_laser"), a_device("dev_laser_3b")]
    visit = cast.book(at(10), service=service("laser_therapy"), resources=pieces)
    facts.state(cast.leila, {"cancer_at_treatment_site": True}, by=a_user(Role.CLINICIAN), now=NOW)

    for door in (
        lambda: cast.book(at(11), service=service("laser_therapy"), resources=pieces),
        lambda: booking.move(visit, starts_at=at(14), resources=pieces, revision=0, by=cast.rosa, now=NOW),
        lambda: booking.move(visit, starts_at=at(14), resources=pieces, revision=0, by=None, now=NOW),
    ):
        with pytest.raises(Contraindicated) as refusal:
            door()
        assert str(refusal.value) == "Clinician check needed before this visit can be booked."


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


def test_evening_visits_are_checked_against_the_sites_own_day(cast: Cast) -> None:
    """At 20:30 in New York it is the next day in UTC."""
    shift = cast.sara.shifts.filter(weekday=0, starts=time(13)).get()
    shift.ends = time(21)
    shift.save()

    assert cast.book(at(20, 30)).local_start.time() == time(20, 30)
