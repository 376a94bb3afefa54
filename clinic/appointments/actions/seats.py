"""Giving patients a place in a class."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Count, F, Q

from clinic.appointments.actions import booking, clashes, history, holding, limits, neighbours, waitlist
from clinic.appointments.actions.contention import tried_again
from clinic.appointments.actions.groups import claimed
from clinic.appointments.models import Appointment, GroupSession, Hold, VisitChange
from clinic.appointments.models.group import GroupSessionQuerySet
from clinic.appointments.rules.class_refusals import ClassFull, ClassIsOver, NotAClass, SitsAlready
from clinic.appointments.rules.limits import Door
from clinic.appointments.rules.refusals import (
    CHANGED,
    CannotBecome,
    NotOffered,
    NotTreatedAnyMore,
    OfAnotherPlan,
    SlotTaken,
    UsedForAnother,
)
from clinic.appointments.rules.status import MAY_BE_MOVED, Status
from patients.models import Patient
from people.actions import audit
from people.actions.wall import seen_by_the_clinic
from people.models import Site, User
from people.rules.refusal import ChangedMeanwhile
from programs.actions import offering, safety
from programs.actions.safety import Treatment
from programs.models import PlannedSession, SafetyDecision
from programs.rules.services import Service

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FreeSeats:
    """A class that still has `free` places, and in which the patient could sit."""

    group: GroupSession
    free: int


@seen_by_the_clinic()
def free_seats(
    service: Service,
    *,
    patient: Patient | None,
    first: date,
    days: int,
    now: datetime,
    site: Site | None = None,
    moving: Appointment | None = None,
) -> list[FreeSeats]:
    """The coming classes of a service with a place left, soonest first. Two queries, however many days.

    `first` is a date of each site's own calendar. Classes at which the patient is busy, or is already, are left out;
    the seat that is `moving` keeps nobody busy.
    """
    begins = datetime.combine(first, time.min, tzinfo=now.tzinfo) - DAY
    classes = with_taken(GroupSession.objects.standing()).filter(service_code=service.code, starts_at__gt=now)
    classes = classes.filter(starts_at__gte=begins, starts_at__lt=begins + (days + 2) * DAY, site__is_active=True)
    if site:
        classes = classes.filter(site=site)
    if moving:
        classes = classes.exclude(seats=moving)
    last = first + timedelta(days=days)
    coming: Iterable[Any] = classes.select_related("site", "clinician").order_by("starts_at", "name")
    found = [it for it in coming if first <= it.local_start.date() < last]
    busy = _busy(patient, found, moving) if patient and found else []
    return [
        FreeSeats(it, it.places - it.taken)
        for it in found
        if it.taken < it.places and not any(start < it.ends_at and it.starts_at < end for start, end in busy)
    ]


def with_taken(classes: GroupSessionQuerySet) -> GroupSessionQuerySet:
    """Each class with `taken`, how many sit in it, and `came`, how many of them have come."""
    standing = ~Q(seats__status=Status.CANCELLED)
    came = Q(seats__status__in=[Status.ARRIVED, Status.IN_ROOM, Status.DONE])
    return classes.annotate(taken=Count("seats", filter=standing), came=Count("seats", filter=came))


def with_a_place(classes: GroupSessionQuerySet) -> GroupSessionQuerySet:
    """Those in which somebody could still sit."""
    given = Count("seats", filter=~Q(seats__status=Status.CANCELLED))
    return classes.annotate(given=given).filter(given__lt=F("places"))


def others_of_a_kind(visit: Appointment) -> GroupSessionQuerySet:
    """The classes that who sits in one may change to, full or not."""
    return GroupSession.objects.standing().filter(service_code=visit.service_code).exclude(seats=visit)


def _busy(
    patient: Patient, classes: Sequence[GroupSession], moving: Appointment | None
) -> list[tuple[datetime, datetime]]:
    window = (min(it.starts_at for it in classes), max(it.ends_at for it in classes))
    holds = Hold.objects.filter(resource__patient=patient, during__overlap=window, reservation=None)
    if moving:
        holds = holds.exclude(appointment=moving)
    return [(during.lower, during.upper) for during in holds.values_list("during", flat=True)]


@tried_again
@seen_by_the_clinic()
@transaction.atomic
def seat(
    group: GroupSession,
    *,
    patient: Patient,
    by: User | None,
    now: datetime,
    session: PlannedSession | None = None,
    request_key: UUID | None = None,
) -> Appointment:
    """Give the patient the lowest free place in the class. The same `request_key` again gives the same visit.

    `by` is None when the patient takes it through the link in a message.

    Raises `ClassFull`, `SitsAlready`, `ClassIsOver`, `SlotTaken` where the patient has another visit then,
    `HeldByRedFlag` while a warning sign holds the treatment back, and `OfAnotherPlan`.
    """
    it = claimed(group)
    if before := Appointment.objects.filter(request_key=request_key).first() if request_key else None:
        if (before.patient_id, before.group_id) == (patient.pk, it.pk):
            return before
        raise UsedForAnother
    service = offering.current()[it.service_code]
    _may_sit(it, service, patient, session, by=by, now=now)
    visit = Appointment(
        patient=patient,
        service_code=it.service_code,
        clinician=it.clinician,
        site=it.site,
        session=session,
        group=it,
        seat=_lowest_free(it),
        starts_at=it.starts_at,
        ends_at=it.ends_at,
        request_key=request_key,
        booked_at=now,
        timed_at=now,
        news_at=history.news_at(by, now),
    )
    _keep(visit, now=now)
    history.remember(VisitChange.Deed.BOOKED, [visit], by=by, now=now)
    waitlist.close_for(visit, now=now)
    audit.record(
        by,
        "appointment.booked" if by else "appointment.booked_by_link",
        visit,
        service=visit.service_code,
        seat=visit.seat,
    )
    return visit


@tried_again
@seen_by_the_clinic()
@transaction.atomic
def reseat(
    visit: Appointment, into: GroupSession, *, revision: int, by: User, now: datetime, door: Door = Door.DESK
) -> Appointment:
    """Let the patient come to another class of the same kind. The old place is kept until the new one is certain.

    Raises `ChangedMeanwhile` if the visit is not at `revision` any more, `NotAClass` for a class of another kind,
    `TooSoon` and its like at the patients' door, and refuses as `seat` does.
    """
    it = claimed(into)
    if door != Door.DESK:  # the desk lets people in who come late
        limits.current(door).refuse(it.starts_at, now)
    rows = Appointment.objects.select_related("patient", "session")
    moved = rows.select_for_update(of=("self",), no_key=True).get(pk=visit.pk)
    if moved.revision != revision:
        raise ChangedMeanwhile(CHANGED)
    if moved.status not in MAY_BE_MOVED:
        raise CannotBecome
    if moved.group_id is None or moved.service_code != it.service_code:
        raise NotAClass
    before = history.images([moved])
    service = offering.current()[it.service_code]
    # What it holds now is no hindrance: classes may overlap, and one of them is being left.
    moved.holds.all().delete()
    _may_sit(it, service, moved.patient, moved.session, by=by, now=now, leaving=[moved.pk])
    moved.group, moved.seat, moved.site, moved.clinician = it, _lowest_free(it), it.site, it.clinician
    moved.starts_at, moved.ends_at, moved.timed_at = it.starts_at, it.ends_at, now
    moved.news_at, moved.expected_at, moved.arrived_at = history.news_at(by, now), None, None
    moved.status, moved.confirmed_at, moved.revision = Status.BOOKED, None, moved.revision + 1
    _keep(moved, now=now)
    history.remember(VisitChange.Deed.MOVED, [moved], by=by, now=now, before=before)
    audit.record(by, "appointment.moved", moved, revision=moved.revision, seat=moved.seat)
    return moved


def _may_sit(
    it: GroupSession,
    service: Service,
    patient: Patient,
    session: PlannedSession | None,
    *,
    by: User | None,
    now: datetime,
    leaving: Collection[UUID] = (),
) -> None:
    # Whoever comes late may still be let in; a class that has ended takes nobody.
    if it.ends_at <= now:
        raise ClassIsOver
    if not service.is_enabled:
        raise NotOffered
    if not Patient.objects.current().filter(pk=patient.pk, died_on=None).exists():
        raise NotTreatedAnyMore
    if session and (session.patient_id != patient.pk or session.modality != service.modality):
        raise OfAnotherPlan
    seated = it.seats.standing()
    if seated.filter(patient=patient).exists():
        raise SitsAlready
    if seated.count() >= it.places:
        raise ClassFull(it.places)
    if service.modality:
        wanted = Treatment(service.modality, it.local_start.date(), session.technique if session else "")
        nearby = neighbours.of(patient, it.starts_at, leaving=leaving)
        safety.decide(patient, [wanted], SafetyDecision.Moment.BOOKED, by=by, now=now, nearby=nearby)


def _lowest_free(it: GroupSession) -> int:
    taken = set(it.seats.standing().values_list("seat", flat=True))
    return next(number for number in range(1, it.places + 1) if number not in taken)


def _keep(visit: Appointment, *, now: datetime) -> None:
    """Save the visit and hold the patient for it. Raises `SlotTaken` if they are somewhere else then."""
    holder = holding.locked([visit.patient], []).holders[visit.patient_id]
    kept = Hold(appointment=visit, resource=holder, during=DateTimeTZRange(visit.starts_at, visit.ends_at))
    clashes.sweep_stale([kept], now=now)
    try:
        visit.save()
        kept.save(force_insert=True)
    except IntegrityError as error:
        refusal = booking.refusal(error)
        raise SlotTaken({"patient"}) if isinstance(refusal, SlotTaken) else refusal from error
