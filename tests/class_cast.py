"""What the tests of classes have in common: a gym, somebody who leads, and short words."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from booking_cast import Cast, a_cast
from factories import NOW, a_patient, a_room, consents_signed

from clinic.appointments.actions import groups, seats
from clinic.appointments.models import Appointment, GroupSession, Resource, Shift
from patients.models import Patient
from programs.actions import offering
from programs.rules.services import Service

CLASS = "exercise_class"  # 45 minutes in the gym, 10 to clean it, six places


@dataclass
class ClassCast:
    """The usual cast with a gym."""

    usual: Cast
    gym: Resource

    @property
    def pieces(self) -> tuple[Resource, ...]:
        return (self.usual.sara, self.gym)

    def create(self, starts_at: datetime, **changes: Any) -> list[GroupSession]:
        asked: dict[str, Any] = {
            "name": "Neck group",
            "service": the_service(),
            "site": self.usual.site,
            "starts_at": starts_at,
            "resources": self.pieces,
            "by": self.usual.rosa,
            "now": NOW,
        }
        return groups.create(**asked | changes)

    def seat(self, group: GroupSession, patient: Patient | None = None, **changes: Any) -> Appointment:
        patient = consents_signed(patient or a_patient(), "exercise_program")
        asked: dict[str, Any] = {"patient": patient, "by": self.usual.rosa, "now": NOW}
        return seats.seat(group, **asked | changes)


def the_service() -> Service:
    return offering.current()[CLASS]


def a_class_cast() -> ClassCast:
    usual = a_cast()
    return ClassCast(usual, a_room("Gym", "room_gym", site=usual.site))


def open_on_sundays(cast: ClassCast) -> None:
    Shift.objects.create(
        resource=cast.usual.sara,
        site=cast.usual.site,
        weekday=6,
        starts=time(0),
        ends=time(12),
        valid_from=NOW.date(),
    )
