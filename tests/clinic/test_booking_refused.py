"""What no clinic would book: times it does not offer, people and rooms that do not fit, and patients who must wait."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from booking_cast import Cast, at, service
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from factories import NOW, a_clinician, a_device, a_patient, a_room, a_site, a_user

from clinic.appointments.actions import booking
from clinic.appointments.models import Absence, Appointment, Closure, Resource
from clinic.appointments.rules import refusals
from patients.actions import facts
from patients.models import RedFlag
from people.rules.permissions import Role
from people.rules.refusal import Refused
from programs.actions.safety import Contraindicated, HeldByRedFlag

pytestmark = pytest.mark.django_db


def a_flag(patient: Any, code: str = "rf_fever") -> RedFlag:
    return RedFlag.objects.create(patient=patient, code=code, urgency="emergency_now", raised_at=NOW)


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


def test_evening_visits_are_checked_against_the_sites_own_day(cast: Cast) -> None:
    """At 20:30 in New York it is the next day in UTC."""
    shift = cast.sara.shifts.filter(weekday=0, starts=time(13)).get()
    shift.ends = time(21)
    shift.save()

    assert cast.book(at(20, 30)).local_start.time() == time(20, 30)
