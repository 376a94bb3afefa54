"""A place that is free in a class, as a time that somebody who waits can be offered. Reads only, but for `kept`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch

from clinic.appointments.actions.availability import Choice, Offer
from clinic.appointments.actions.openings import Gap, time_of
from clinic.appointments.actions.seats import with_a_place
from clinic.appointments.models import Appointment, GroupSession, Hold, Resource, SlotOffer
from clinic.appointments.models.group import GroupSessionQuerySet
from clinic.appointments.rules import matching
from clinic.appointments.rules.matching import Wish
from clinic.appointments.rules.slots import Span, Spanned

Kind = Resource.Kind


def coming(services: Collection[str], *, begins: datetime, ends: datetime) -> GroupSessionQuerySet:
    """The classes of these services with a place left, and with what they hold. Two queries."""
    held = Prefetch("holds", Hold.objects.select_related("resource__site"))
    classes = with_a_place(GroupSession.objects.standing()).filter(service_code__in=services)
    classes = classes.filter(starts_at__gte=begins, starts_at__lt=ends, site__is_active=True)
    return classes.select_related("site", "clinician").prefetch_related(held).order_by("starts_at", "name")


def of(offer: SlotOffer) -> GroupSessionQuerySet:
    """The class whose place was offered, as long as it meets at that time with that clinician.

    A clinician is in one place at a time, so there is one at most; one that was moved is no longer what was offered.
    """
    ids = offer.offer.split("~")[1:]
    classes = GroupSession.objects.standing().filter(starts_at=offer.starts_at)
    return classes.filter(service_code=offer.entry.service_code, clinician__in=[UUID(hex=each) for each in ids])


def meeting_at(choice: Choice) -> GroupSession | None:
    """The class that the code of a time stands for, if a place of it is free; None for a time of one's own."""
    classes = with_a_place(GroupSession.objects.standing()).filter(starts_at=choice.starts_at)
    leading = [it for it in choice.resources if it.kind == Kind.CLINICIAN]
    return classes.select_related("site", "clinician").filter(clinician__in=leading, site=choice.site).first()


def kept(offer: SlotOffer) -> GroupSession | None:
    """The class of the offer, locked until we are done: before the offers and the wish, as whoever seats somebody."""
    return of(offer).select_for_update(of=("self",), no_key=True).first()


def gap(group: GroupSession, *, now: datetime) -> Gap | None:
    """The free place of a class that has not begun; None if there is none. One query."""
    taken = group.seats.standing().count()
    if group.cancelled_at or group.starts_at <= now or taken >= group.places:
        return None
    return gap_in(group)


def gap_in(group: GroupSession) -> Gap:
    """The same, where a place is known to be free."""
    return Gap(
        clinician=group.clinician, site=group.site, starts_at=group.starts_at, ends_at=group.ends_at, group=group
    )


def gap_of(visit: Appointment, *, now: datetime) -> Gap | None:
    """The place that a seat left behind when it was called off. Whoever missed a class leaves one that has begun."""
    return gap(visit.group, now=now) if visit.group else None


def offer_in(group: GroupSession) -> Offer | None:
    """The class as a time; None for one that holds no room. No query for one of `coming`."""
    pieces = [hold.resource for hold in group.holds.all()]
    room = next((piece for piece in pieces if piece.kind == Kind.ROOM), None)
    if room is None:
        return None
    return Offer(
        starts_at=group.starts_at,
        ends_at=group.ends_at,
        site=group.site,
        clinician=group.clinician,
        room=room,
        devices=tuple(piece for piece in pieces if piece.kind == Kind.DEVICE),
    )


def soonest(groups: Collection[GroupSession], service_code: str, wish: Wish, busy: Sequence[Spanned]) -> Offer | None:
    """The first of these classes that they wait for and can make, and at which they are nowhere else."""
    for group in groups:
        span = Span.of(group.starts_at, group.ends_at)
        if group.service_code != service_code or any(span.overlaps(Span(*it)) for it in busy):
            continue
        offer = offer_in(group)
        if offer and matching.fits(wish, time_of(offer)):
            return offer
    return None
