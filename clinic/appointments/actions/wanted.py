"""What a form asks for: one visit of a patient."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from clinic.appointments.models import Appointment, Resource
from patients.models import Patient
from people.models import Site
from programs.models import PlannedSession
from programs.rules.services import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One visit of a patient. `resources` are one clinician, one room and the service's devices.

    The same `request_key` sent again gives the visit that it gave before.
    """

    service: Service
    site: Site
    starts_at: datetime
    resources: Collection[Resource]
    session: PlannedSession | None = None
    request_key: UUID | None = None

    def visit(self, patient: Patient, pieces: Collection[Resource], now: datetime) -> Appointment:
        return Appointment(
            patient=patient,
            service_code=self.service.code,
            clinician=next((piece for piece in pieces if piece.kind == Resource.Kind.CLINICIAN), None),
            site=self.site,
            session=self.session,
            starts_at=self.starts_at,
            ends_at=self.starts_at + timedelta(minutes=self.service.minutes),
            request_key=self.request_key,
            booked_at=now,
            timed_at=now,
        )
