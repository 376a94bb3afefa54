"""A time that is taken, for somebody who may put a second visit on top of the first. Reads only."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Hold, Resource
from clinic.appointments.rules import needs
from people.models import Site
from programs.rules.services import Service


def squeezed(service: Service, *, clinician: Resource, site: Site, starts_at: datetime, now: datetime) -> Offer | None:
    """What a visit on top of others would keep: a room that is free if there is one, and devices that are.

    None if nothing would do: a device is never in two places. Whether it is allowed is for booking to say.
    """
    ends_at = starts_at + timedelta(minutes=service.minutes)
    devices = {code for alternatives in service.devices for code in alternatives}
    things = Q(kind=Resource.Kind.ROOM, offers__overlap=sorted(service.room_kinds))
    if devices:
        things |= Q(kind=Resource.Kind.DEVICE, offers__overlap=sorted(devices))
    found = list(Resource.objects.in_use().filter(things, site=site))
    busy = _busy(found, service, starts_at, ends_at, now)
    # What can do least comes first, as where times are offered; a room in use comes last.
    rooms = [it for it in found if it.kind == Resource.Kind.ROOM]
    rooms.sort(key=lambda it: (it.pk in busy, len(it.offers), it.ordinal))
    kept = needs.assigned(service, [it for it in found if it.kind == Resource.Kind.DEVICE and it.pk not in busy])
    if not rooms or kept is None or not needs.serves(clinician, service.professions):
        return None
    return Offer(starts_at=starts_at, ends_at=ends_at, site=site, clinician=clinician, room=rooms[0], devices=kept)


def _busy(pieces: list[Resource], service: Service, starts_at: datetime, ends_at: datetime, now: datetime) -> set[UUID]:
    wanted = Q(pk=None)
    for piece in pieces:
        before, after = service.margins(piece.kind)
        during = (starts_at - timedelta(minutes=before), ends_at + timedelta(minutes=after))
        wanted |= Q(resource=piece, during__overlap=during)
    held = Hold.objects.filter(wanted).filter(Q(reservation=None) | Q(reservation__expires_at__gt=now))
    return set(held.values_list("resource_id", flat=True))
