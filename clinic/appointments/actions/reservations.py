"""Keeping a time for some minutes while a patient makes up their mind on the phone."""

from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from clinic.appointments.actions import booking, checks, clashes, holding
from clinic.appointments.actions.asked import Asked, treatments
from clinic.appointments.actions.availability import chosen
from clinic.appointments.actions.contention import tried_again
from clinic.appointments.actions.wanted import Wanted
from clinic.appointments.models import Hold, Reservation
from clinic.appointments.rules.refusals import NothingChosen
from patients.models import Patient
from people.actions import audit
from people.models import User
from programs.actions import safety
from programs.rules.services import Service

MINUTES: Final = 10


@tried_again
@transaction.atomic
def keep(
    offer: str, service: Service, patient: Patient, *, by: User, now: datetime, minutes: int = MINUTES
) -> Reservation:
    """Keep the time behind the code of an offer for this patient. It holds what the visit would hold.

    One time is kept for a patient: keeping another one lets the first go. Raises as `booking.book` does, and
    `NothingChosen` for a code that no offer has.
    """
    choice = chosen(offer)
    if choice is None:
        raise NothingChosen
    ids = [piece.pk for piece in choice.resources]
    locked = holding.locked([patient], ids)
    before = Reservation.objects.filter(patient=patient, by=by).values_list("pk", flat=True)
    clashes.let_go(set(before))
    pieces, holder = locked.of(ids), locked.holders[patient.pk]
    wanted = Wanted(service=service, site=choice.site, starts_at=choice.starts_at, resource_ids=ids)
    asked = Asked(wanted.visit(patient, pieces, now), service, pieces)
    cleared = checks.may_be_booked([asked], holder=holder, now=now)
    safety.refuse_if_unsafe(patient, treatments([asked]), nearby=cleared.nearby)
    kept = Reservation.objects.create(patient=patient, by=by, offer=offer, expires_at=now + timedelta(minutes=minutes))
    try:
        Hold.objects.bulk_create(
            Hold(reservation=kept, resource=piece, during=DateTimeTZRange(*asked.during(piece)))
            for piece in [*pieces, holder]
        )
    except IntegrityError as error:
        raise booking.refusal(error) from error
    audit.record(by, "time.kept", kept, minutes=minutes)
    return kept


@transaction.atomic
def release(reservation: Reservation, *, by: User) -> None:
    """Nobody wants it any more. Released twice is released once."""
    if clashes.let_go([reservation.pk]):
        audit.record(by, "time.let_go", reservation)


@tried_again
@transaction.atomic
def sweep(*, now: datetime) -> int:
    """The system lets go of every kept time whose minutes are over. They count as free already; this is tidying."""
    over = Reservation.objects.filter(expires_at__lte=now).order_by("pk").select_for_update(skip_locked=True)
    ids = [kept.pk for kept in over]
    if ids:
        Hold.objects.filter(Q(reservation__in=ids)).delete()
        Reservation.objects.filter(pk__in=ids).delete()
    return len(ids)
