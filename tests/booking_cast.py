"""What the tests of the appointment book have in common: a clinic with one of everything, and short words."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from factories import MONDAY, NOW, a_clinician, a_patient, a_room, a_site, a_user, the_clinic

from clinic.appointments.actions import booking
from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Appointment, Hold, Resource, VisitChange
from patients.models import Patient
from people.models import Site, User
from people.rules.permissions import Role
from programs.models import Phase, Plan, PlannedSession
from programs.rules.rulebook import rulebook
from programs.rules.services import Service

NEW_YORK = ZoneInfo("America/New_York")
REVIEW = "review"  # 30 minutes in a consultation room, 5 to clean it
SOON = NOW + timedelta(seconds=20)  # within the minutes in which a change can be undone


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


def held(visit: Appointment) -> dict[str, tuple[datetime, datetime]]:
    return {
        hold.resource.kind: (hold.during.lower.astimezone(UTC), hold.during.upper.astimezone(UTC))
        for hold in Hold.objects.filter(appointment=visit).select_related("resource")
    }


def a_session(patient: Patient, *, modality: str = "exercise_program", **dates: date) -> PlannedSession:
    """The third of six, due on Monday or in the three days after it."""
    plan = Plan.objects.create(
        patient=patient, template_code="x", rulebook_version="1", name="Neck program", starts_on=MONDAY,
        ends_on=MONDAY + timedelta(weeks=12), started_by=a_user(Role.CLINICIAN), started_at=NOW,
    )  # fmt: skip
    phase = Phase.objects.create(plan=plan, ordinal=1, code="p", name="First", starts_on=MONDAY, ends_on=plan.ends_on)
    when = {"due_from": MONDAY, "due_on": MONDAY, "due_until": MONDAY + timedelta(days=3)} | dates
    return PlannedSession.objects.create(plan=plan, phase=phase, modality=modality, ordinal=3, course_length=6, **when)


def last(deed: str) -> VisitChange:
    return VisitChange.objects.filter(deed=deed).latest("at", "revision")


def move(cast: Cast, visit: Appointment, hour: int, **changes: Any) -> Appointment:
    asked: dict[str, Any] = {
        "starts_at": at(hour), "resources": cast.pieces, "revision": visit.revision, "by": cast.rosa, "now": NOW,
    }  # fmt: skip
    return booking.move(visit, **asked | changes)


def offer_of(visit: Appointment, starts_at: datetime, *pieces: Resource) -> Offer:
    return Offer(
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30), site=visit.site, clinician=pieces[0],
        room=pieces[1],
    )  # fmt: skip
