"""What stands in the way of a visit: asked before the database would say no, and answered in more words.

Only the constraint on `Hold` decides. What is asked here is asked while everything wanted is locked.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import NamedTuple
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from clinic.appointments.actions.asked import Asked, Shared
from clinic.appointments.models import Hold, Reservation, Resource
from clinic.appointments.rules.refusals import SlotTaken

# A patient in two rooms, or one device in two, helps nobody: these are never shared, whoever asks.
MAY_BE_SHARED = frozenset({Resource.Kind.CLINICIAN, Resource.Kind.ROOM})


class Taken(NamedTuple):
    resource_id: UUID
    kind: str
    during: DateTimeTZRange
    visit_id: UUID | None
    reservation_id: UUID | None
    kept_for: UUID | None  # the patient of the reservation
    expires_at: datetime | None

    def gives_way(self, holder: Resource, now: datetime) -> bool:
        """A time that was kept gives way when its minutes are over, and to the patient it was kept for."""
        if self.reservation_id is None or self.expires_at is None:
            return False
        return self.expires_at <= now or self.kept_for == holder.patient_id


def cleared(asked: Collection[Asked], holder: Resource, *, now: datetime, may_overbook: bool = False) -> Shared:
    """Make room for these visits of one patient, and say what they must share. One query if nothing is in the way.

    Raises `SlotTaken` if something is held that they may not share.
    """
    found = _in_the_way(asked, holder)
    stale = {each.reservation_id for each in found if each.reservation_id and each.gives_way(holder, now)}
    if stale:
        let_go(stale)
    taken = [each for each in found if each.reservation_id not in stale]
    kinds = {each.kind for each in taken}
    if kinds and not (may_overbook and kinds <= MAY_BE_SHARED):
        raise SlotTaken(kinds, visits=[each.visit_id for each in taken if each.visit_id])
    return frozenset(
        (each.visit.pk, piece.pk)
        for each in asked
        for piece in each.pieces
        if any(piece.pk == other.resource_id and _overlap(each.during(piece), other.during) for other in taken)
    )


def let_go(reservation_ids: Collection[UUID]) -> int:
    """Delete reservations with what they hold. Everybody in one order, so that two who do it do not deadlock."""
    rows = Reservation.objects.filter(pk__in=reservation_ids).order_by("pk").select_for_update()
    ids = [row.pk for row in rows]
    Hold.objects.filter(reservation__in=ids).delete()
    Reservation.objects.filter(pk__in=ids).delete()
    return len(ids)


def _in_the_way(asked: Collection[Asked], holder: Resource) -> Sequence[Taken]:
    wanted = reduce(
        or_,
        (Q(resource=piece, during__overlap=each.during(piece)) for each in asked for piece in [*each.pieces, holder]),
    )
    others = Hold.objects.filter(wanted).exclude(appointment__in=[each.visit.pk for each in asked])
    columns = ("resource_id", "resource__kind", "during", "appointment_id")
    kept = ("reservation_id", "reservation__patient_id", "reservation__expires_at")
    return [Taken(*row) for row in others.values_list(*columns, *kept)]


def _overlap(one: tuple[datetime, datetime], other: DateTimeTZRange) -> bool:
    return bool(one[0] < other.upper and other.lower < one[1])


def sweep_stale(wanted: Sequence[Hold], *, now: datetime) -> None:
    """Remove kept times whose minutes are over, where these holds go."""
    if not wanted:
        return
    places = reduce(or_, (Q(resource=hold.resource_id, during__overlap=hold.during) for hold in wanted))
    over = Hold.objects.filter(places, reservation__expires_at__lte=now).values_list("reservation_id", flat=True)
    if stale := {pk for pk in over if pk}:
        let_go(stale)
