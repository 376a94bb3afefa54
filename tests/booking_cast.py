"""What the tests of the appointment book have in common: a clinic with one of everything, and short words."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from factories import NOW, a_clinician, a_patient, a_room, a_site, a_user, the_clinic

from clinic.appointments.actions import booking
from clinic.appointments.models import Appointment, Resource
from patients.models import Patient
from people.models import Site, User
from people.rules.permissions import Role
from programs.rules.rulebook import rulebook
from programs.rules.services import Service

NEW_YORK = ZoneInfo("America/New_York")
REVIEW = "review"  # 30 minutes in a consultation room, 5 to clean it


def service(code: str = REVIEW) -> Service:
    return rulebook().services[code]


def at(hour: int, minute: int = 0, *, day: int = 14, month: int = 9) -> datetime:
    """On the wall clock of New York in September 2026; the 14th is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


@dataclass
class Cast:
    """A clinic with one site, one therapist, one room, one patient and somebody at the desk."""

    site: Site
    sara: Resource
    room: Resource
    leila: Patient
    rosa: User

    @property
    def pieces(self) -> tuple[Resource, ...]:
        return (self.sara, self.room)

    @property
    def piece_ids(self) -> tuple[UUID, ...]:
        return (self.sara.pk, self.room.pk)

    def book(self, starts_at: datetime, **changes: Any) -> Appointment:
        asked: dict[str, Any] = {
            "patient": self.leila,
            "service": service(),
            "site": self.site,
            "starts_at": starts_at,
            "resources": self.pieces,
            "by": self.rosa,
            "now": NOW,
        }
        return booking.book(**asked | changes)


def a_cast() -> Cast:
    the_clinic()
    site = a_site()
    return Cast(
        site=site,
        sara=a_clinician("Sara Haddad", site=site),
        room=a_room("Room 1", site=site),
        leila=a_patient(given_name="Leila", family_name="Rahimi"),
        rosa=a_user(Role.FRONT_DESK, name="Rosa Bell"),
    )


def later(visit: Appointment, minutes: int) -> datetime:
    return visit.starts_at + timedelta(minutes=minutes)
