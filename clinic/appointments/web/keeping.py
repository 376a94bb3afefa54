"""A time that is kept for a caller who has to ask somebody first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from clinic.appointments.actions import availability
from clinic.appointments.actions.availability import Choice, Offer
from clinic.appointments.models import Reservation, Resource
from patients.models import Patient
from people.models import User
from programs.rules.services import Service


@dataclass(frozen=True, slots=True)
class Kept:
    pk: UUID
    offer: Offer
    until: datetime


def kept_for(patient: Patient, service: Service, *, by: User, now: datetime) -> Kept | None:
    """What this person keeps for the patient right now, if it is for such a visit."""
    reservation = Reservation.objects.filter(patient=patient, by=by, expires_at__gt=now).order_by("-expires_at").first()
    choice = availability.chosen(reservation.offer) if reservation else None
    offer = _offer(choice, service) if choice else None
    return Kept(reservation.pk, offer, reservation.expires_at) if reservation and offer else None


def _offer(choice: Choice, service: Service) -> Offer | None:
    by_kind = {kind: [it for it in choice.resources if it.kind == kind] for kind in Resource.Kind.values}
    people, rooms = by_kind[Resource.Kind.CLINICIAN], by_kind[Resource.Kind.ROOM]
    if not (people and rooms) or not service.professions.intersection(people[0].offers):
        return None
    return Offer(
        starts_at=choice.starts_at,
        ends_at=choice.starts_at + timedelta(minutes=service.minutes),
        site=choice.site,
        clinician=people[0],
        room=rooms[0],
        devices=tuple(by_kind[Resource.Kind.DEVICE]),
    )
