"""Giving, moving and cancelling visits. The only code that writes appointments and what they hold."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from clinic.appointments.actions import checks
from clinic.appointments.actions.contention import broken_rule, tried_again
from clinic.appointments.models import Appointment, Hold, Resource
from clinic.appointments.rules.refusals import AlreadyBooked, CannotBecome, NotYet, SlotTaken, UsedForAnother
from clinic.appointments.rules.status import MAY_BE_CANCELLED, MAY_BE_MOVED, Status, may_follow
from patients.models import Patient
from people.actions import audit
from people.models import Site, User
from people.rules.refusal import ChangedMeanwhile
from programs.models import PlannedSession
from programs.rules.services import Service


@tried_again
@transaction.atomic
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
    """Give the patient a visit and keep everything it needs, or change nothing.

    `resources` are one clinician, one room and the service's devices; the patient is held too. The same
    `request_key` sent again gives the visit that it gave before.

    Raises `SlotTaken` if any of them is held: the database decides that, so two desks cannot both win. Other
    refusals: see `checks`.
    """
    pieces, holder = _locked(patient, resources)
    asked = Appointment(
        patient=patient,
        service_code=service.code,
        clinician=next((piece for piece in pieces if piece.kind == Resource.Kind.CLINICIAN), None),
        site=site,
        session=session,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=service.minutes),
        request_key=request_key,
        booked_at=now,
        timed_at=now,
    )
    if request_key and (before := Appointment.objects.filter(request_key=request_key).first()):
        return _the_same(before, asked)
    checks.may_be_booked(asked, pieces, holder=holder, now=now)
    try:
        asked.save(force_insert=True)
        _hold(asked, pieces, holder)
    except IntegrityError as error:
        raise _refusal(error) from error
    audit.record(by, "appointment.booked", asked, service=service.code)
    return asked


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
    visit.starts_at, visit.ends_at = starts_at, starts_at + timedelta(minutes=visit.service.minutes)
    visit.status, visit.confirmed_at, visit.timed_at = Status.BOOKED, None, now
    visit.revision += 1
    checks.may_be_booked(visit, pieces, holder=holder, now=now)
    try:
        visit.save()
        visit.holds.all().delete()
        _hold(visit, pieces, holder)
    except IntegrityError as error:
        raise _refusal(error) from error
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


@transaction.atomic
def set_status(appointment: Appointment, status: str, *, was: str, by: User, now: datetime) -> Appointment:
    """Take the visit one step on, or one step back. `was` is what the screen showed.

    Raises `ChangedMeanwhile` if it is no longer `was`, and `CannotBecome` or `NotYet` if no step leads there.
    """
    visit = _claimed(appointment, appointment.revision)
    if visit.status == status:
        return visit  # two people tapped the same button: both got what they wanted
    if visit.status != was:
        raise ChangedMeanwhile(checks.CHANGED)
    if not may_follow(was, status):
        raise CannotBecome
    if status == Status.MISSED and now < visit.starts_at:
        raise NotYet
    _step(visit, Status(status), now)
    audit.record(by, "appointment.status_set", visit, was=was, status=str(status))
    return visit


@transaction.atomic
def confirm(appointment: Appointment, *, by: User | None, now: datetime) -> Appointment:
    """The patient will come. Saying so twice changes nothing. `by` is None through the link in a message.

    Raises `CannotBecome` for a visit that is over, called off or under way, and `ChangedMeanwhile` for one that
    was moved since: the yes was to another time.
    """
    visit = _claimed(appointment, appointment.revision)
    if visit.status == Status.CONFIRMED:
        return visit
    if visit.status != Status.BOOKED or now >= visit.ends_at:
        raise CannotBecome
    _step(visit, Status.CONFIRMED, now)
    audit.record(by, "appointment.confirmed" if by else "appointment.confirmed_by_link", visit)
    return visit


def _step(visit: Appointment, status: Status, now: datetime) -> None:
    back_to_the_door = visit.status == Status.IN_ROOM
    visit.status = status
    if status == Status.BOOKED:
        visit.confirmed_at = None
    if status == Status.CONFIRMED:
        visit.confirmed_at = visit.confirmed_at or now
    if status == Status.ARRIVED and not back_to_the_door:
        visit.arrived_at = now
    elif status in {Status.BOOKED, Status.CONFIRMED}:
        visit.arrived_at = None
    try:
        visit.save(update_fields=["status", "confirmed_at", "arrived_at"])
    except IntegrityError as error:  # a missed visit comes back, but its session was booked anew
        raise _refusal(error) from error


def _claimed(appointment: Appointment, revision: int) -> Appointment:
    """The visit as it is now, locked; refused if it was moved or cancelled since `revision`."""
    visits = Appointment.objects.select_related("patient", "site", "clinician")
    visit = visits.select_for_update(of=("self",), no_key=True).get(pk=appointment.pk)
    if visit.revision != revision:
        raise ChangedMeanwhile(checks.CHANGED)
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


def _hold(visit: Appointment, pieces: Collection[Resource], holder: Resource) -> None:
    cleaned_at = visit.ends_at + timedelta(minutes=visit.service.cleanup_minutes)
    Hold.objects.bulk_create(
        Hold(
            appointment=visit,
            resource=piece,
            during=DateTimeTZRange(visit.starts_at, cleaned_at if piece.kind == Resource.Kind.ROOM else visit.ends_at),
        )
        for piece in [*pieces, holder]
    )


def _refusal(error: IntegrityError) -> Exception:
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


def _the_same(before: Appointment, asked: Appointment) -> Appointment:
    """The visit that the form gave the first time. Raises `UsedForAnother` if it asks for something else now."""
    same = (before.patient_id, before.service_code) == (asked.patient_id, asked.service_code)
    if before.revision == 0:  # moved since, it may lie elsewhere
        same = same and (before.starts_at, before.clinician_id) == (asked.starts_at, asked.clinician_id)
    if not same:
        raise UsedForAnother
    return before
