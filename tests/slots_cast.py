"""Free times, as somebody reads them."""

from collections.abc import Iterable

from clinic.appointments.actions.availability import Offer


def clocks(found: Iterable[Offer]) -> list[str]:
    return [f"{offer.local_start:%H:%M}" for offer in found]
