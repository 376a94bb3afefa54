"""A visit is dropped on another time or column. Nothing is saved yet: the answer is a line to confirm, or why not."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.appointments.actions import availability
from clinic.appointments.actions.asked import asked_in
from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules import lengths
from clinic.appointments.rules.status import MAY_BE_MOVED
from clinic.appointments.web import names
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs
from programs.actions import offering

NEAREST = 3
Kind = Resource.Kind


@dataclass(frozen=True, slots=True)
class Target:
    starts_at: datetime
    clinician: Resource
    place: Resource | None  # a room or device it was dropped on


@needs(Permission.APPOINTMENT_BOOK)
def drop(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """Ask whether the visit shall be moved there. The button posts the move that the Move page posts."""
    visits = Appointment.objects.visible_to(request.user).select_related("patient", "clinician", "site", "session")
    visit = visits.filter(pk=visit_id).first()
    if visit is None or visit.status not in MAY_BE_MOVED:
        raise Http404
    target = _target(request, visit)
    minutes = _minutes(request, visit)
    offers = _offers(visit, target, minutes)
    wanted = next((offer for offer in offers if offer.starts_at == target.starts_at), None)
    patient = visit.patient
    context = {
        "visit": visit,
        "name": names.listed(patient.given_name, patient.family_name, patient.number, hide=names.are_hidden(request)),
        "target": target,
        "local_start": target.starts_at.astimezone(visit.site.zone),
        "offer": wanted,
        "minutes": minutes,
        "is_resized": target == Target(visit.starts_at, visit.clinician, None),
        "nearest": [] if wanted else _nearest(visit, offers, target),
    }
    return render(request, "desk/drop.html", context)


def _target(request: SignedInRequest, visit: Appointment) -> Target:
    """Raises `Http404` for a time or a column that no board has."""
    try:
        starts_at = datetime.fromtimestamp(int(request.GET.get("at", "")), tz=UTC)
        to = Resource.objects.in_use().exclude(kind=Kind.PATIENT).get(pk=UUID(request.GET.get("to", "")))
    except (ValueError, OverflowError, OSError, Resource.DoesNotExist):
        raise Http404 from None
    if to.kind == Kind.CLINICIAN:
        return Target(starts_at, to, None)
    return Target(starts_at, visit.clinician, to)


def _minutes(request: SignedInRequest, visit: Appointment) -> int:
    """As long as its lower edge was drawn to; as long as it is, where it was dragged as a whole."""
    asked = request.GET.get("minutes", "")
    if asked.isascii() and asked.isdigit():
        return int(asked)
    return visit.minutes


def _offers(visit: Appointment, target: Target, minutes: int) -> list[Offer]:
    """The free times of that day with that clinician, in the room they were asked for where there is one."""
    service = asked_in(visit.session, offering.current()[visit.service_code])
    if minutes not in lengths.lengths(service.minutes, so_far=visit.minutes):
        return []
    service = lengths.lasting(service, minutes)
    day = timezone.localdate(target.starts_at, visit.site.zone)
    found = availability.free_times(
        service, patient=visit.patient, first=day, days=1, now=timezone.now(), site=visit.site,
        clinician=target.clinician, moving=visit,
    )  # fmt: skip
    offers = [it for it in found if timezone.localdate(it.starts_at, visit.site.zone) == day]
    return [_placed(offer, target.place) for offer in offers]


def _nearest(visit: Appointment, offers: list[Offer], target: Target) -> list[Offer]:
    """The free times closest to where it was dropped; where it stands now is no move."""
    others = [it for it in offers if (it.starts_at, it.clinician.pk) != (visit.starts_at, visit.clinician_id)]
    return sorted(others, key=lambda it: abs(it.starts_at - target.starts_at))[:NEAREST]


def _placed(offer: Offer, place: Resource | None) -> Offer:
    """In that room, or with that device instead of its like. Booking looks whether it is free and fits."""
    if place is None:
        return offer
    if place.kind == Kind.ROOM:
        return replace(offer, room=place)
    return replace(offer, devices=tuple(place if set(it.offers) & set(place.offers) else it for it in offer.devices))
