"""Somebody stands at the desk without a visit: the first gap of today, or what can be done instead."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import formats, timezone

from clinic.appointments.actions import attendance, booking, waitlist
from clinic.appointments.actions.asked import asked_in
from clinic.appointments.actions.availability import Offer, free_times
from clinic.appointments.actions.contention import tried_again
from clinic.appointments.actions.squeezing import squeezed
from clinic.appointments.models import Appointment, Resource, WaitlistEntry
from clinic.appointments.models.waitlist import WaitlistQuerySet
from clinic.appointments.rules.refusals import SlotTaken, UsedForAnother
from clinic.appointments.rules.slots import GRID_MINUTES
from clinic.appointments.rules.status import Status
from clinic.appointments.rules.walk_in_refusals import NobodyIsFree, NoRoomForTwo
from patients.models import Patient
from people.actions import audit
from people.models import Site, User
from programs.models import PlannedSession
from programs.rules.services import Service

AHEAD_DAYS = 14


def gaps_today(service: Service, patient: Patient, site: Site, *, now: datetime) -> Sequence[Offer]:
    """Every time that is left today at the site, soonest first, whoever gives it. Reads only."""
    return free_times(service, patient=patient, first=_today(site, now), days=1, now=now, site=site)


@tried_again
@transaction.atomic
def arrive(
    patient: Patient,
    service: Service,
    site: Site,
    *,
    by: User,
    now: datetime,
    session: PlannedSession | None = None,
    request_key: UUID | None = None,
) -> Appointment:
    """Give the patient the first gap of today and check them in, in one go.

    If another desk takes that gap in the same instant, the next one is tried. Raises `NobodyIsFree` when none is
    left, and refuses as a booking does.
    """
    if before := Appointment.objects.filter(request_key=request_key).first() if request_key else None:
        if before.patient_id == patient.pk:
            return before
        raise UsedForAnother
    for offer in gaps_today(asked_in(session, service), patient, site, now=now):
        try:
            visit = booking.book(
                patient=patient,
                service=service,
                site=site,
                starts_at=offer.starts_at,
                resources=offer.resources,
                by=by,
                now=now,
                session=session,
                request_key=request_key,
            )
        except SlotTaken:
            continue
        return _checked_in(visit, by=by, now=now)
    soonest = _soonest(asked_in(session, service), patient, site, now=now)
    raise NobodyIsFree(_in_words(soonest) if soonest else "")


@tried_again
@transaction.atomic
def squeeze_in(
    patient: Patient,
    service: Service,
    clinician: Resource,
    site: Site,
    *,
    because: str,
    by: User,
    now: datetime,
    session: PlannedSession | None = None,
) -> Appointment:
    """Put the patient on top of the next quarter hour of this clinician, with a reason, and check them in.

    Raises `NotAllowed` for who may not overbook, `NoRoomForTwo`, and refuses as a booking does: nobody is squeezed
    in outside of the clinician's hours, and no device serves two.
    """
    offer = squeezed(asked_in(session, service), clinician=clinician, site=site, starts_at=_next_quarter(now), now=now)
    if offer is None:
        raise NoRoomForTwo
    visit = booking.book(
        patient=patient,
        service=service,
        site=site,
        starts_at=offer.starts_at,
        resources=offer.resources,
        by=by,
        now=now,
        session=session,
        overbook_because=because,
    )
    return _checked_in(visit, by=by, now=now)


def wait(patient: Patient, service: Service, site: Site, *, by: User, now: datetime) -> WaitlistEntry:
    """Let the patient wait for today, behind those who came before. Raises as `waitlist.add` does."""
    today = _today(site, now)
    can_make = waitlist.CanMake(from_on=today, until_on=today, site=site)
    return waitlist.add(patient, service.code, can_make, by=by, now=now, on=today)


def waiting_here(among: WaitlistQuerySet, site: Site, *, now: datetime) -> WaitlistQuerySet:
    """Who has been waiting at the site since today, in the order in which they came."""
    today = _today(site, now)
    here = among.waiting().filter(site=site, from_on=today, until_on=today, visit=None)
    return here.select_related("patient", "session").order_by("added_at")


def _checked_in(visit: Appointment, *, by: User, now: datetime) -> Appointment:
    visit.is_walk_in = True
    visit.save(update_fields=["is_walk_in"])
    # Nobody writes to somebody who stands there: a visit that has begun is no news.
    attendance.set_status(visit, Status.ARRIVED, was=visit.status, by=by, now=now)
    waitlist.close_for(visit, now=now)
    audit.record(by, "appointment.walked_in", visit, service=visit.service_code)
    return visit


def _today(site: Site, now: datetime) -> date:
    return timezone.localtime(now, site.zone).date()


def _soonest(service: Service, patient: Patient, site: Site, *, now: datetime) -> Offer | None:
    tomorrow = _today(site, now) + timedelta(days=1)
    found = free_times(service, patient=patient, first=tomorrow, days=AHEAD_DAYS, now=now, site=site, limit=1)
    return found[0] if found else None


def _in_words(offer: Offer) -> str:
    return f"{formats.date_format(offer.local_start, 'l j F')}, {offer.local_start:%H:%M}"


def _next_quarter(now: datetime) -> datetime:
    past = timedelta(minutes=now.minute % GRID_MINUTES, seconds=now.second, microseconds=now.microsecond)
    return now - past + timedelta(minutes=GRID_MINUTES) if past else now
