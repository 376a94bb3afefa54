"""What a form asks for: one visit of a patient."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules.refusals import NothingChosen
from patients.models import Patient
from people.models import Site
from programs.models import PlannedSession
from programs.rules.services import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One visit of a patient, with one clinician, one room and the service's devices. No site: where the room is.

    What is asked for is read when it is locked, for what a page knew of it may be old. The same `request_key` sent
    again gives the visit that it gave before.
    """

    service: Service
    starts_at: datetime
    resource_ids: Collection[UUID]
    site: Site | None = None
    session: PlannedSession | None = None
    request_key: UUID | None = None

    def visit(self, patient: Patient, pieces: Collection[Resource], now: datetime) -> Appointment:
        """Unsaved. Raises `NothingChosen` if no room says where it is."""
        site = self.site or next((piece.site for piece in pieces if piece.kind == Resource.Kind.ROOM), None)
        if site is None:
            raise NothingChosen
        return Appointment(
            patient=patient,
            service_code=self.service.code,
            clinician=next((piece for piece in pieces if piece.kind == Resource.Kind.CLINICIAN), None),
            site=site,
            session=self.session,
            starts_at=self.starts_at,
            ends_at=self.starts_at + timedelta(minutes=self.service.minutes),
            request_key=self.request_key,
            booked_at=now,
            timed_at=now,
        )
