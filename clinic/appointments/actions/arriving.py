"""A patient who says by phone that she is outside."""

from datetime import datetime

from django.db import transaction

from clinic.appointments.actions import attendance
from clinic.appointments.models import Appointment
from clinic.appointments.rules import arriving
from clinic.appointments.rules.status import MAY_BE_MOVED, Status
from people.models import User
from programs.actions.safety import Contraindicated, HeldByRedFlag


def says_here(visit: Appointment, *, by: User, now: datetime) -> Appointment:
    """Check the patient in, as the desk would. Who must be looked at first waits for a clinician instead.

    Saying so twice changes nothing. The trail tells that it was the patient (`attendance` writes the line).

    Raises `NotNear`, and what `attendance.set_status` raises for a visit that is over or was called off.
    """
    if not arriving.may_say_so(visit.starts_at, visit.ends_at, now):
        raise arriving.NotNear
    if visit.waits_for_clinician or visit.status not in MAY_BE_MOVED | {Status.CANCELLED, Status.MISSED}:
        return visit  # she is here, and everybody knows
    try:
        # Its own savepoint: a refusal must not take the second way with it.
        with transaction.atomic():
            return attendance.set_status(visit, Status.ARRIVED, was=visit.status, by=by, now=now)
    except (HeldByRedFlag, Contraindicated):
        return attendance.wait_for_clinician(visit, is_here=True, by=by, now=now)
