"""Giving visits: what a booking keeps for itself, a session of the plan, and a form sent twice."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
from booking_cast import Cast, a_session, at, held, service
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from factories import NOW, a_clinician, a_device, a_patient, a_room

from clinic.appointments.actions import booking, clashes
from clinic.appointments.models import Appointment, Hold
from clinic.appointments.rules import refusals
from people.models import AuditEvent
from programs.actions.safety_file import AHEAD

pytestmark = pytest.mark.django_db


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
