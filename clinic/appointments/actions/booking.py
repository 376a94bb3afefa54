"""Giving, moving and cancelling visits. The only code that writes appointments and what they hold."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from clinic.appointments.actions import checks
from clinic.appointments.actions.asked import Asked
from clinic.appointments.actions.contention import broken_rule, tried_again
from clinic.appointments.models import Appointment, Hold, Resource
from clinic.appointments.rules.refusals import CHANGED, AlreadyBooked, CannotBecome, SlotTaken, UsedForAnother
from clinic.appointments.rules.status import MAY_BE_CANCELLED, MAY_BE_MOVED, Status
from patients.models import Patient
from people.actions import audit
from people.models import Site, User
from people.rules.refusal import ChangedMeanwhile
from programs.actions import offering
from programs.models import PlannedSession
from programs.rules.services import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One visit of a patient. `resources` are one clinician, one room and the service's devices.

    The same `request_key` sent again gives the visit that it gave before.
    """

    service: Service
    site: Site
    starts_at: datetime
    resources: Collection[Resource]
    session: PlannedSession | None = None
    request_key: UUID | None = None

    def visit(self, patient: Patient, pieces: Collection[Resource], now: datetime) -> Appointment:
        return Appointment(
            patient=patient,
            service_code=self.service.code,
            clinician=next((piece for piece in pieces if piece.kind == Resource.Kind.CLINICIAN), None),
            site=self.site,
            session=self.session,
            starts_at=self.starts_at,
            ends_at=self.starts_at + timedelta(minutes=self.service.minutes),
            request_key=self.request_key,
            booked_at=now,
            timed_at=now,
        )


def book(
    *,
    patient: Patient,
    service: Service,
    site: Site,
    starts_at: datetime,
    resources: Collection[Resource],
    by: User,
    now: datetime,
    session: PlannedSession | None = None,
    request_key: UUID | None = None,
) -> Appointment:
    """Give the patient a visit and keep everything it needs, or change nothing. See `Wanted` and `book_all`."""
    wanted = Wanted(
        service=service,
        site=site,
        starts_at=starts_at,
        resources=resources,
        session=session,
        request_key=request_key,
    )
    return book_all(patient, [wanted], by=by, now=now)[0]


@tried_again
@transaction.atomic
def book_all(patient: Patient, wanted: Sequence[Wanted], *, by: User, now: datetime) -> list[Appointment]:
    """Give the patient all these visits and keep everything they need, or change nothing.

    As many queries for a whole plan as for one visit.

    Raises `SlotTaken` if any of it is held: the database decides that, so two desks cannot both win. Other
    refusals: see `checks`.
    """
    rows, holder = _locked(patient, [piece for each in wanted for piece in each.resources])
    fresh = {row.pk: row for row in rows}
    asked = []
    for each in wanted:
        pieces = [fresh[piece.pk] for piece in each.resources if piece.pk in fresh]
        asked.append(Asked(each.visit(patient, pieces, now), each.service, pieces))
    if again := _given_before([each.visit for each in asked]):
        return again
    checks.may_be_booked(asked, holder=holder, now=now)
    try:
        visits = Appointment.objects.bulk_create([each.visit for each in asked])
        _hold(asked, holder)
    except IntegrityError as error:
        raise refusal(error) from error
    audit.record_all(by, "appointment.booked", [(visit, {"service": visit.service_code}) for visit in visits])
    return visits


@tried_again
@transaction.atomic
def move(
    appointment: Appointment,
    *,
    starts_at: datetime,
    resources: Collection[Resource],
    revision: int,
    by: User | None,
    now: datetime,
) -> Appointment:
    """Give the visit another time or place. The old one is kept until the new one is certain.

    A confirmed visit has to be confirmed anew. `revision` is what the mover looked at.

    Raises `ChangedMeanwhile` if somebody else moved or cancelled it first, and refuses as `book` does.
    """
    visit = _claimed(appointment, revision)
    if visit.status not in MAY_BE_MOVED:
        raise CannotBecome
    kept = [hold.resource for hold in visit.holds.select_related("resource")]
    pieces, holder = _locked(visit.patient, resources, also=kept)
    room = next((piece for piece in pieces if piece.kind == Resource.Kind.ROOM), None)
    if room and room.site and room.site_id != visit.site_id:
        visit.site = room.site
    visit.clinician = next((piece for piece in pieces if piece.kind == Resource.Kind.CLINICIAN), visit.clinician)
    service = offering.current()[visit.service_code]
    visit.starts_at, visit.ends_at = starts_at, starts_at + timedelta(minutes=service.minutes)
    visit.status, visit.confirmed_at, visit.timed_at = Status.BOOKED, None, now
    visit.revision += 1
    asked = [Asked(visit, service, pieces)]
    checks.may_be_booked(asked, holder=holder, now=now)
    try:
        visit.save()
        visit.holds.all().delete()
        _hold(asked, holder)
    except IntegrityError as error:
        raise refusal(error) from error
    audit.record(by, "appointment.moved" if by else "appointment.moved_by_link", visit, revision=visit.revision)
    return visit


@tried_again
@transaction.atomic
def cancel(appointment: Appointment, *, reason: str, by: User | None, now: datetime) -> Appointment:
    """Call the visit off and free everything it held. There is no way back: a new visit is booked instead.

    `by` is None when the patient does it through the link in a message.

    Raises `ChangedMeanwhile` if it is no longer what `appointment` shows, `CannotBecome` once it has begun.
    """
    visit = _claimed(appointment, appointment.revision)
    if visit.status not in MAY_BE_CANCELLED:
        raise CannotBecome
    # In the same order as those who book: nobody waits for us while we wait for them.
    _lock(Q(holds__appointment=visit))
    visit.status, visit.cancelled_at, visit.cancel_reason = Status.CANCELLED, now, reason
    visit.revision += 1
    visit.save()
    visit.holds.all().delete()
    audit.record(by, "appointment.cancelled" if by else "appointment.cancelled_by_link", visit)
    return visit


def _claimed(appointment: Appointment, revision: int) -> Appointment:
    """The visit as it is now, locked; refused if it was moved or cancelled since `revision`."""
    visits = Appointment.objects.select_related("patient", "site", "clinician")
    visit = visits.select_for_update(of=("self",), no_key=True).get(pk=appointment.pk)
    if visit.revision != revision:
        raise ChangedMeanwhile(CHANGED)
    return visit


def _locked(
    patient: Patient, resources: Collection[Resource], *, also: Collection[Resource] = ()
) -> tuple[list[Resource], Resource]:
    """What the visit needs, and the patient's own row in the book, fresh and locked."""
    wanted = {resource.pk for resource in resources}
    everything = Q(pk__in=wanted | {resource.pk for resource in also}) | Q(patient=patient)
    rows = _lock(everything)
    if not any(row.patient_id for row in rows):
        new, is_ours = Resource.objects.get_or_create(
            patient=patient, defaults={"kind": Resource.Kind.PATIENT, "name": patient.clinic_number}
        )
        # Nobody else can see a row before we commit. One that another desk made in this instant must be queued for.
        rows = [*rows, new] if is_ours else _lock(everything)
    holder = next(row for row in rows if row.patient_id)
    return [row for row in rows if row.pk in wanted], holder


def _lock(wanted: Q) -> list[Resource]:
    # The constraint alone is correct but lets two bookings of several resources deadlock (3 of 180 races even
    # when sorted). Queueing for the rows first, everybody in one order, cannot (0 of 240).
    return list(Resource.objects.filter(wanted).order_by("pk").select_for_update(no_key=True))


def _hold(visits: Collection[Asked], holder: Resource) -> None:
    Hold.objects.bulk_create(
        Hold(appointment=each.visit, resource=piece, during=DateTimeTZRange(*each.during(piece)))
        for each in visits
        for piece in [*each.pieces, holder]
    )


def refusal(error: IntegrityError) -> Exception:
    """The clinic's words for the rule of the database that the booking ran into."""
    match broken_rule(error):
        case "resource_is_in_one_place_at_a_time":
            return SlotTaken()
        case "a_planned_session_is_booked_once":
            return AlreadyBooked()
        case "appointments_appointment_request_key_key":
            # Had it been for the same patient, it would have waited for her row and found the first one.
            return UsedForAnother()
    return error


def _given_before(asked: Sequence[Appointment]) -> list[Appointment]:
    """The visits that the same forms gave the first time. Raises `UsedForAnother` if they ask for something else."""
    keys = [visit.request_key for visit in asked if visit.request_key]
    if not keys:
        return []
    before = {visit.request_key: visit for visit in Appointment.objects.filter(request_key__in=keys)}
    if not before:
        return []
    found = [before.get(visit.request_key) for visit in asked]
    for then, visit in zip(found, asked, strict=True):
        if then is None or not _is_same(then, visit):
            raise UsedForAnother
    return [then for then in found if then]


def _is_same(before: Appointment, asked: Appointment) -> bool:
    same = (before.patient_id, before.service_code) == (asked.patient_id, asked.service_code)
    if before.revision:  # moved since, it may lie elsewhere
        return same
    return same and (before.starts_at, before.clinician_id) == (asked.starts_at, asked.clinician_id)
