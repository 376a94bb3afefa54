"""What a visit that is booked needs of another time. Reads only."""

from collections.abc import Mapping

from clinic.appointments.actions.asked import asked_in
from clinic.appointments.models import Appointment
from clinic.appointments.rules import lengths
from programs.actions import offering
from programs.rules.services import Service


def service_of(visit: Appointment, services: Mapping[str, Service] | None = None) -> Service:
    """Its service, as long as the visit itself and by whom its plan asks for.

    A move keeps the visit's length, so a time for the usual one may not fit. `services` is what the clinic offers,
    where it has been read; otherwise one query.
    """
    offered = offering.current() if services is None else services
    return asked_in(visit.session, lengths.lasting(offered[visit.service_code], visit.minutes))
