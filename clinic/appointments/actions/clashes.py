"""What stands in the way of a visit: asked before the database would say no, and answered in more words.

Only the constraint on `Hold` decides. What is asked here is asked while everything wanted is locked.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from clinic.appointments.actions import neighbours
from clinic.appointments.actions.asked import Asked, Shared
from clinic.appointments.models import Hold, Reservation, Resource
from clinic.appointments.rules.refusals import SlotTaken
from programs.actions.safety_file import Nearby
from programs.rules.pacing import Session

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
    # Of the visit it is taken by, as `neighbours.session` reads them.
    service_code: str | None
    starts_at: datetime | None
    zone: str | None
    technique: str | None

    def gives_way(self, holder: Resource, now: datetime) -> bool:
        """A time that was kept gives way when its minutes are over, and to the patient it was kept for."""
        if self.reservation_id is None or self.expires_at is None:
            return False
        return self.expires_at <= now or self.kept_for == holder.patient_id


class Cleared(NamedTuple):
    shared: Shared
    nearby: Nearby  # what else the patient is booked for


def cleared(asked: Collection[Asked], holder: Resource, *, now: datetime, may_overbook: bool = False) -> Cleared:
    """Make room for these visits of one patient, and say what they must share. One query if nothing is in the way.

    Raises `SlotTaken` if something is held that they may not share.
    """
    around = _around(asked, holder)
    found = [each for each in around if _is_in_the_way(each, asked, holder)]
    stale = {each.reservation_id for each in found if each.reservation_id and each.gives_way(holder, now)}
    if stale:
        let_go(stale)
    taken = [each for each in found if each.reservation_id not in stale]
    kinds = {each.kind for each in taken}
    if kinds and not (may_overbook and kinds <= MAY_BE_SHARED):
        raise SlotTaken(kinds, visits=[each.visit_id for each in taken if each.visit_id])
    shared = frozenset(
        (each.visit.pk, piece.pk)
        for each in asked
        for piece in each.pieces
        if any(piece.pk == other.resource_id and _overlap(each.during(piece), other.during) for other in taken)
    )
    return Cleared(shared, neighbours.nearby(_session(each) for each in around if each.resource_id == holder.pk))


def let_go(reservation_ids: Collection[UUID]) -> int:
    """Delete reservations with what they hold. Everybody in one order, so that two who do it do not deadlock."""
    rows = Reservation.objects.filter(pk__in=reservation_ids).order_by("pk").select_for_update()
    ids = [row.pk for row in rows]
    Hold.objects.filter(reservation__in=ids).delete()
    Reservation.objects.filter(pk__in=ids).delete()
    return len(ids)


# By hand: written by the ORM, this one statement took a quarter of the time of a whole booking.
_AROUND = """
SELECT h.resource_id, r.kind, h.during, h.appointment_id, h.reservation_id, k.patient_id, k.expires_at,
       v.service_code, v.starts_at, s.time_zone, p.technique
FROM appointments_hold h
JOIN appointments_resource r ON r.id = h.resource_id
LEFT JOIN appointments_reservation k ON k.id = h.reservation_id
LEFT JOIN appointments_appointment v ON v.id = h.appointment_id
LEFT JOIN people_site s ON s.id = v.site_id
LEFT JOIN programs_plannedsession p ON p.id = v.session_id
WHERE (h.appointment_id IS NULL OR h.appointment_id <> ALL(%s)) AND ({wanted})
"""
_HELD = "h.resource_id = %s AND h.during && tstzrange(%s, %s)"
_BOOKED = f"{_HELD} AND v.status = ANY(%s)"


def _around(asked: Collection[Asked], holder: Resource) -> Sequence[Taken]:
    """What is in the way, and what the patient is booked for as far as a rule of distance looks."""
    held = [(piece.pk, *each.during(piece)) for each in asked for piece in [*each.pieces, holder]]
    # One condition for each, not a joined list of them: PostgreSQL looks each up in the index of the constraint.
    wanted = [_HELD] * len(held)
    values: list[Any] = [[each.visit.pk for each in asked], *(value for row in held for value in row)]
    if window := neighbours.window(asked):
        wanted.append(_BOOKED)
        values += [holder.pk, *window, [str(status) for status in neighbours.STILL_TO_COME]]
    with connection.cursor() as cursor:
        cursor.execute(_AROUND.format(wanted=" OR ".join(f"({each})" for each in wanted)), values)
        return [Taken(*row) for row in cursor.fetchall()]


def _is_in_the_way(taken: Taken, asked: Collection[Asked], holder: Resource) -> bool:
    return any(
        piece.pk == taken.resource_id and _overlap(each.during(piece), taken.during)
        for each in asked
        for piece in [*each.pieces, holder]
    )


def _session(taken: Taken) -> Session | None:
    if taken.service_code is None or taken.starts_at is None or taken.zone is None:
        return None  # a time that is only kept
    return neighbours.session(taken.service_code, taken.starts_at, taken.zone, taken.technique)


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
