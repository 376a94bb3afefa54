"""Another meeting of the same class, for somebody who sits in one."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from clinic.appointments.actions import limits, seats
from clinic.appointments.actions.seats import FreeSeats
from clinic.appointments.models import Appointment, GroupSession
from clinic.appointments.rules.limits import Door
from programs.actions import offering

LOOK_AHEAD = 42  # days: a class meets once or twice a week
MOST = 8


def others(seat: Appointment, now: datetime) -> list[FreeSeats]:
    """The next meetings with a free place that the patient could come to instead, soonest first."""
    allowed = limits.current(Door.PORTAL)
    found = seats.free_seats(
        offering.current()[seat.service_code],
        patient=seat.patient,
        first=timezone.localtime(now, seat.site.zone).date(),
        days=LOOK_AHEAD,
        now=now + allowed.notice,
        moving=seat,
    )
    return [it for it in found if it.group.starts_at <= now + allowed.horizon][:MOST]


def chosen(seat: Appointment, asked: str) -> GroupSession | None:
    """The meeting behind a button of the page; None for anything else that an address may hold."""
    try:
        group_id = UUID(asked)
    except ValueError:
        return None
    return seats.others_of_a_kind(seat).select_related("site", "clinician").filter(pk=group_id).first()
