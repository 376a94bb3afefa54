"""A visit that somebody wants, and what it would hold."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from clinic.appointments.models import Appointment, Resource
from programs.actions.safety import Treatment
from programs.models import PlannedSession
from programs.rules.rulebook import rulebook
from programs.rules.services import Service, in_this_way

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


def treatments(asked: Iterable[Asked]) -> list[Treatment]:
    """What the rules of safety look at: every treatment on its day. An assessment is none."""
    return [it for each in asked if (it := treatment(each.visit, each.service))]


def treatment(visit: Appointment, service: Service) -> Treatment | None:
    """The treatment of a visit, on the calendar of its site; None for an assessment."""
    if service.modality is None:
        return None
    technique = visit.session.technique if visit.session else ""
    return Treatment(service.modality, visit.local_start.date(), technique)


def asked_in_plan(session: PlannedSession, services: Mapping[str, Service]) -> Service:
    """The same of a session that is to be placed with others; with a code of its own if fewer may give it."""
    usual = services[session.modality]
    found = asked_in(session, usual)
    return usual if found == usual else replace(found, code=f"{usual.code}/{session.technique}")


def asked_in(session: PlannedSession | None, service: Service) -> Service:
    """The service with only those who may give it in the way that the plan asks for."""
    modality = rulebook().modalities.get(service.modality or "")
    return in_this_way(service, modality, session.technique if session else "")
