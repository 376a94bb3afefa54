"""What the clinic asks of every booking, whoever makes it."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.utils import timezone

from clinic.appointments.actions import clashes, hours, limits
from clinic.appointments.actions.asked import Asked, asked_in
from clinic.appointments.actions.clashes import Cleared
from clinic.appointments.models import Appointment, BookingPolicy, Resource
from clinic.appointments.rules import local_time, needs, slots
from clinic.appointments.rules.class_refusals import OnlyInAClass
from clinic.appointments.rules.limits import Door, Limits
from clinic.appointments.rules.refusals import (
    DayIsFull,
    NotOffered,
    NotTreatedAnyMore,
    OfAnotherPlan,
    OffTheGrid,
    OutsideHours,
    Unfit,
)
from clinic.appointments.rules.slots import Span
from programs.actions import checkpoints
from programs.rules.services import Service


def may_be_booked(
    asked: Collection[Asked],
    *,
    holder: Resource,
    now: datetime,
    may_overbook: bool = False,
    door: Door = Door.DESK,
    policy: BookingPolicy | None = None,
) -> Cleared:
    """Refuse what no clinic would book: visits of one patient, each with what it would hold.

    Says which clinicians and rooms are shared with others, if that is what is wanted (`may_overbook`), and what else
    the patient is booked for.

    `holder` is the patient's row in the book; all are fresh and locked. As many queries for a series as for one.

    Raises `InThePast`, `TooSoon`, `TooFarAhead`, `OffTheGrid`, `SlotTaken`, `NotOffered`, `NotForPatients`, `Unfit`,
    `NotTreatedAnyMore`, `OfAnotherPlan`, `OutsideHours`, `DayIsFull` and `OnlyInAClass`. Whether a treatment is
    safe on its day is asked by whoever books it, and kept (`safety.decide`).
    """
    allowed = limits.under(policy or BookingPolicy.current(), door)
    for each in asked:
        allowed.refuse(each.visit.starts_at, now)
        # A visit that the clinic gave is at its first revision or later when somebody moves it.
        allowed.refuse_closed(each.service, is_new=each.visit.revision == 0)
        if not slots.is_on_grid(each.visit.starts_at):
            raise OffTheGrid
        if not each.service.is_enabled:
            raise NotOffered
        if each.service.is_class:
            raise OnlyInAClass
        if not needs.fits(asked_in(each.visit.session, each.service), each.pieces, site_id=each.visit.site_id):
            raise Unfit
        _session(each.visit, each.service)
    cleared = clashes.cleared(asked, holder, now=now, may_overbook=may_overbook)
    _patient(holder)
    _hours(asked)
    _full_days(asked, allowed)
    return cleared


def _patient(holder: Resource) -> None:
    # Read with the lock: the page that asks may have been opened before somebody recorded a death.
    if holder.patient is None or holder.patient.is_archived or holder.patient.is_dead:
        raise NotTreatedAnyMore


def _session(asked: Appointment, service: Service) -> None:
    """A form names the session by an id that anybody can change."""
    session = asked.session
    if session and (session.patient_id != asked.patient_id or session.modality != service.modality):
        raise OfAnotherPlan
    if asked.revision == 0:  # moving it away from a pause is how such a visit is settled
        checkpoints.refuse_unless_asked_for(session)


def _hours(asked: Collection[Asked]) -> None:
    days = [_day(each) for each in asked]
    # A visit does not run past midnight, but the cleaning of its room may.
    ids = {piece.pk for each in asked for piece in each.pieces}
    roster = hours.hours(ids, first=min(days), last=max(days) + timedelta(days=1))
    for each in asked:
        for piece in each.pieces:
            span = Span.of(*each.during(piece))
            if piece.kind == Resource.Kind.CLINICIAN and not roster.is_working(piece.pk, each.visit.site_id, span):
                raise OutsideHours
            if roster.is_away(piece.pk, span):
                raise OutsideHours


def _full_days(asked: Collection[Asked], allowed: Limits) -> None:
    """The clinicians' rows are locked, so nobody else fills the day meanwhile."""
    limited = [each for each in asked if allowed.has_days(each.service)]
    if not limited:
        return
    bounds = [local_time.day_bounds(_day(each), each.visit.site.zone) for each in limited]
    found = limits.loads(
        {each.visit.clinician_id for each in limited},
        min(begins for begins, _ in bounds),
        max(ends for _, ends in bounds),
        without=[each.visit.pk for each in asked],
    )
    for each in limited:
        day = (each.visit.clinician_id, each.visit.site_id, _day(each))
        if found.is_full(allowed, each.service, day):
            raise DayIsFull
        found.add(each.service, day)


def _day(asked: Asked) -> date:
    """On the calendar of the site."""
    return timezone.localtime(asked.visit.starts_at, asked.visit.site.zone).date()
