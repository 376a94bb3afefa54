"""Whether an offered time may still be told: it is open, they still wait, and nobody has the time or the place."""

from datetime import timedelta

from django.db.models import Exists, Q

from clinic.appointments.actions import availability, places, seats
from clinic.appointments.models import Hold, SlotOffer
from clinic.reminders.models import Message
from clinic.reminders.rules import occasions
from programs.actions import offering


def conditions(message: Message) -> dict[str, Q | Exists]:
    """By the reason to give when it does not hold. That it has not lapsed is the message's own `not_after`."""
    offer_id = occasions.offer_of(message.occasion)
    still_open = SlotOffer.objects.filter(pk=offer_id, state=SlotOffer.State.OPEN, entry__closed_at=None)
    offer = SlotOffer.objects.select_related("entry").get(pk=offer_id)
    service = offering.current()[offer.entry.service_code]
    if service.is_class:
        return {"answered": Exists(still_open), "taken": Q(Exists(seats.with_a_place(places.of(offer))))}
    choice = availability.chosen(offer.offer)
    during = (offer.starts_at, offer.starts_at + timedelta(minutes=service.minutes))
    resources = choice.resources if choice else ()
    # A time that is only kept for a caller may become free again.
    taken = Hold.objects.filter(resource__in=resources, during__overlap=during, reservation=None)
    return {"answered": Exists(still_open), "taken": Q(~Exists(taken))}
