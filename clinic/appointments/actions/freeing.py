"""The rest of a visit that nobody came to is given to somebody else."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Func

from clinic.appointments.actions.matches import gap_of
from clinic.appointments.models import Appointment, Hold, Resource
from clinic.appointments.rules.status import Status
from clinic.appointments.rules.waitlist_refusals import NothingToFree
from people.actions import audit
from people.models import User


@transaction.atomic
def free_the_rest(visit: Appointment, *, by: User, now: datetime) -> Appointment:
    """Let go of what a missed visit still holds from the next quarter hour on. Twice is once.

    The visit stays as it is and keeps what has passed: whoever comes after all is checked in and waits.

    Raises `NothingToFree` for a visit that was not missed, or is over.
    """
    missed = Appointment.objects.select_for_update(no_key=True, of=("self",)).select_related("clinician", "site")
    fresh = missed.get(pk=visit.pk)
    gap = gap_of(fresh, now=now)
    if fresh.status != Status.MISSED or gap is None:
        raise NothingToFree
    # In the same order as those who book: nobody waits for us while we wait for them.
    list(Resource.objects.filter(holds__appointment=fresh).order_by("pk").select_for_update(no_key=True, of=("self",)))
    held = Hold.objects.filter(appointment=fresh)
    held.filter(starts_at__gte=gap.starts_at).delete()
    passed = Func(F("starts_at"), gap.starts_at, function="tstzrange")
    if held.filter(during__contains=gap.starts_at).update(during=passed):
        audit.record(by, "appointment.rest_freed", fresh)
    return fresh
