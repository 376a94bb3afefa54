"""What is held of the appointment book, read fast. Reads only."""

import sys
from array import array
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import Func, Q

from clinic.appointments.models import Appointment, Hold, Reservation
from clinic.appointments.rules.slots import Spanned
from patients.models import Patient

# No hold is longer, so whatever reaches into a day began at most this long before it.
LONGEST_HOLD = timedelta(days=1)


class Minutes(models.Aggregate):
    """Moments as whole minutes since 1970, four bytes each, most significant first.

    Of a month of sixty resources (25,600 holds) ranges took 265 ms to fetch, rows of timestamps 230, arrays of
    numbers 44 and packed bytes 17: most of what remains is PostgreSQL reading them.
    """

    template = "string_agg(int4send(%(rounded)s(date_part('epoch', %(expressions)s) / 60)::int), '')"
    output_field = models.BinaryField()


def spans(
    resource_ids: Collection[UUID],
    *,
    begins: datetime,
    ends: datetime,
    now: datetime,
    patient: Patient | None = None,
    freeing: Collection[Appointment] = (),
) -> Mapping[UUID, list[Spanned]]:
    """From when to when each is held, in no order. One query.

    A time that was kept while somebody was on the phone counts as free when its minutes are over, and for the
    patient it was kept for. What the visits `freeing` hold counts as free too.
    """
    kept = Reservation.objects.filter(expires_at__gt=now)
    if patient:
        kept = kept.exclude(patient=patient)
    rows = (
        Hold.objects.filter(resource__in=resource_ids, starts_at__gte=begins - LONGEST_HOLD, starts_at__lt=ends)
        .filter(Q(reservation=None) | Q(reservation__in=kept.values("pk")))
        .order_by()
        .values_list("resource_id")
        .annotate(
            starts=Minutes("starts_at", rounded="floor"),
            ends=Minutes(Func("during", function="upper"), rounded="ceil"),
        )
    )
    if freeing:
        rows = rows.filter(Q(appointment=None) | ~Q(appointment__in=freeing))
    return {pk: list(zip(_numbers(starts), _numbers(ends), strict=True)) for pk, starts, ends in rows}


def _numbers(packed: bytes) -> "array[int]":
    numbers = array("i", bytes(packed))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
