"""A second patient on top of the first, with a reason, by who may."""

from typing import Any

import pytest
from booking_cast import SOON, Cast, at, last, move, service
from factories import NOW, a_clinician, a_device, a_patient, a_room, a_user

from clinic.appointments.actions import booking, undo
from clinic.appointments.models import Appointment
from clinic.appointments.rules import refusals
from patients.models import RedFlag
from people.models import AuditEvent
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed, Refused
from programs.actions.safety import HeldByRedFlag

pytestmark = pytest.mark.django_db


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
