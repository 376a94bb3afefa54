"""A freed time for somebody who says yes while the desk is still talking to them."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from clinic.appointments.actions import offers
from clinic.appointments.actions.contention import tried_again
from clinic.appointments.actions.matches import Match
from clinic.appointments.models import Appointment, SlotOffer
from people.models import User


@tried_again
@transaction.atomic
def give(chosen: Sequence[Match], *, by: User, now: datetime, missed: Appointment | None = None) -> SlotOffer:
    """Offer the time and take it in one go, or change nothing.

    In one transaction: where the yes is refused no offer may stay behind, to be sent as a letter later.

    Raises as `offers.offer_out` and `offers.accept` do.
    """
    made = offers.offer_out(chosen, by=by, now=now, missed=missed)
    return offers.accept(made[0], by=by, now=now)
