"""A visit that somebody wants, and what it would hold."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from clinic.appointments.models import Appointment, Resource
from programs.rules.services import Service

# A visit and a clinician or room that it shares with another one, because somebody may and has said why.
Shared = frozenset[tuple[UUID, UUID]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A visit that is asked for, what it is, and what it would hold besides the patient."""

    visit: Appointment
    service: Service
    pieces: Collection[Resource]

    def during(self, piece: Resource) -> tuple[datetime, datetime]:
        """How long it holds the piece: a room has to be cleaned before the next patient."""
        before, after = self.service.margins(piece.kind)
        return self.visit.starts_at - timedelta(minutes=before), self.visit.ends_at + timedelta(minutes=after)
