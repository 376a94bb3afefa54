"""Taking on somebody who calls for the first time, and giving them their first visit, in one go."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from clinic.appointments.actions import booking
from clinic.appointments.actions.contention import tried_again
from clinic.appointments.models import Appointment, Resource
from patients.actions import registration
from patients.actions.registration import Details
from people.models import Site, User
from programs.rules.services import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstVisit:
    """What the caller chose. The same `request_key` sent again is the same patient and the same visit."""

    service: Service
    site: Site
    starts_at: datetime
    resources: Collection[Resource]
    request_key: UUID


@tried_again
@transaction.atomic
def register_and_book(
    details: Details, visit: FirstVisit, *, by: User, now: datetime, even_if_known: bool = False
) -> Appointment:
    """Register the caller and book the visit, or do neither: a time that is gone leaves no half-known patient behind.

    Raises `PerhapsKnown` if somebody much alike is registered, and refuses as `registration` and `booking` do.
    """
    patient = registration.register(
        by=by, now=now, request_key=visit.request_key.hex, even_if_known=even_if_known, **details
    )
    return booking.book(
        patient=patient,
        service=visit.service,
        site=visit.site,
        starts_at=visit.starts_at,
        resources=visit.resources,
        by=by,
        now=now,
        request_key=visit.request_key,
    )
