"""Giving, moving and cancelling visits. The only code that writes appointments and what they hold."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinic.appointments.actions import checks, history, holding, repeats
from clinic.appointments.actions.asked import Asked, Shared, treatments
from clinic.appointments.actions.availability import Offer
from clinic.appointments.actions.contention import broken_rule, tried_again
from clinic.appointments.actions.wanted import Wanted
from clinic.appointments.models import Appointment, BookingPolicy, Hold, Resource, VisitChange
from clinic.appointments.rules import lengths
from clinic.appointments.rules.limits import Door
from clinic.appointments.rules.refusals import CHANGED, AlreadyBooked, CannotBecome, SlotTaken, UsedForAnother
from clinic.appointments.rules.status import MAY_BE_CANCELLED, MAY_BE_MOVED, Status
from patients.models import Patient
from people.actions import audit
from people.actions.together import create_together
from people.actions.wall import seen_by_the_clinic
from people.models import Site, User
from people.rules.permissions import Permission
from people.rules.refusal import ChangedMeanwhile, NotAllowed, Refused
from programs.actions import offering, safety
from programs.actions.safety_file import AHEAD
from programs.models import PlannedSession, SafetyDecision
from programs.rules.services import Service


def book(
    *,
    patient: Patient,
    service: Service,
    site: Site,
    starts_at: datetime,
    resources: Collection[Resource],
    by: User | None,
    now: datetime,
    session: PlannedSession | None = None,
    request_key: UUID | None = None,
    overbook_because: str = "",
) -> Appointment:
    """Give the patient a visit and keep everything it needs, or change nothing. See `Wanted` and `book_all`."""
    wanted = Wanted(
        service=service,
        site=site,
        starts_at=starts_at,
        resource_ids=[piece.pk for piece in resources],
        session=session,
        request_key=request_key,
    )
    return book_all(patient, [wanted], by=by, now=now, overbook_because=overbook_because)[0]


def book_all(
    patient: Patient,
    wanted: Sequence[Wanted],
    *,
    by: User | None,
    now: datetime,
    overbook_because: str = "",
    door: Door = Door.DESK,
) -> list[Appointment]:
    """Give the patient all these visits and keep everything they need, or change nothing.

    As many queries for a whole plan as for one visit. With a reason to overbook, a clinician or a room that is
    held already is shared and marked. `by` is None when the patient does it through the link in a message.

    Raises `SlotTaken` if any of it is held: the database decides that, so two desks cannot both win.
    `NotAllowed` for who may not overbook, `UsedForAnother`. Other refusals: see `checks`.
    """
    try:
        return _book_all(patient, wanted, by=by, now=now, overbook_because=overbook_because, door=door)
    except Refused:
        # The same form again: what stands in its way now is what it gave the first time.
        if again := repeats.given_before(patient, wanted):
            return again
        raise


@tried_again
@seen_by_the_clinic()
@transaction.atomic
def _book_all(
    patient: Patient, wanted: Sequence[Wanted], *, by: User | None, now: datetime, overbook_because: str, door: Door
) -> list[Appointment]:
    policy = BookingPolicy.current()
    may_overbook = _may_overbook(by, overbook_because)
    locked = holding.locked([patient], [pk for each in wanted for pk in each.resource_ids])
    asked = []
    for each in wanted:
        pieces = locked.of(each.resource_ids)
        asked.append(Asked(each.visit(patient, pieces, now), each.service, pieces))
    shared, nearby = checks.may_be_booked(
        asked, holder=locked.holders[patient.pk], now=now, may_overbook=may_overbook, door=door, policy=policy
    )
    grounds = safety.decided(patient, treatments(asked), SafetyDecision.Moment.BOOKED, by=by, now=now, nearby=nearby)
    news_at = history.news_at(by, now, policy=policy)
    for it in asked:
        it.visit.news_at = news_at
        _mark(it, shared, overbook_because)
    visits = [it.visit for it in asked]
    lines = [(each.visit, {"service": each.visit.service_code, **_kinds(each, shared)}) for each in asked]
    try:
        create_together(
            visits,
            holding.holds(asked, locked.holders, shared=shared),
            history.changes(VisitChange.Deed.BOOKED, visits, by=by, now=now),
            grounds,
            audit.lines(by, "appointment.booked" if by else "appointment.booked_by_link", lines),
        )
    except IntegrityError as error:
        raise refusal(error) from error
    return visits


def move(
    appointment: Appointment,
    *,
    starts_at: datetime,
    resources: Collection[Resource],
    revision: int,
    by: User | None,
    now: datetime,
    overbook_because: str = "",
    door: Door = Door.DESK,
    minutes: int | None = None,
) -> Appointment:
    """Give the visit another time, place or length. The old one is kept until the new one is certain.

    A confirmed visit has to be confirmed anew, unless all that changes is when it ends. `revision` is what the
    mover looked at. Without `minutes` it takes as long as it did.

    Raises `ChangedMeanwhile` if somebody else moved or cancelled it first, `OddLength`, and refuses as `book` does.
    """
    elsewhere = Elsewhere(appointment, revision, starts_at, resources, minutes)
    return _move_all([elsewhere], by=by, now=now, overbook_because=overbook_because, door=door)[0]


def move_all(moves: Sequence[tuple[Appointment, Offer]], *, by: User, now: datetime) -> list[Appointment]:
    """Give each visit the time of its offer, or change nothing: a sick clinician's day moves as a whole.

    Two of them may swap their times. Raises as `move` does.
    """
    elsewhere = [Elsewhere(visit, visit.revision, offer.starts_at, offer.resources) for visit, offer in moves]
    return _move_all(elsewhere, by=by, now=now)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    visit: Appointment
    revision: int
    starts_at: datetime
    resources: Collection[Resource]
    minutes: int | None = None  # as long as before


@tried_again
@seen_by_the_clinic()
@transaction.atomic
def _move_all(
    moves: Sequence[Elsewhere], *, by: User | None, now: datetime, overbook_because: str = "", door: Door = Door.DESK
) -> list[Appointment]:
    may_overbook = _may_overbook(by, overbook_because)
    visits = claimed({each.visit.pk: each.revision for each in moves}, may_be=MAY_BE_MOVED)
    before = history.images(list(visits.values()))
    wanted = [piece.pk for each in moves for piece in each.resources]
    patients = [visit.patient for visit in visits.values()]
    locked = holding.locked(patients, wanted, freeing=list(visits.values()))
    services, policy = offering.current(), BookingPolicy.current()
    Hold.objects.filter(appointment__in=visits).delete()
    lines = []
    for each in moves:
        visit, pieces = visits[each.visit.pk], locked.of([piece.pk for piece in each.resources])
        asked = Asked(visit, services[visit.service_code], pieces)
        _elsewhere(asked, each, now)
        visit.news_at = history.news_at(by, now, policy=policy)
        holder = locked.holders[visit.patient_id]
        shared, nearby = checks.may_be_booked(
            [asked], holder=holder, now=now, may_overbook=may_overbook, door=door, policy=policy
        )
        if each.visit.local_start.date() == visit.local_start.date():
            nearby = AHEAD  # on its own day it comes no nearer to anything: a day of somebody sick moves as it is
        grounds = safety.decided(
            visit.patient, treatments([asked]), SafetyDecision.Moment.BOOKED, by=by, now=now, nearby=nearby
        )
        _mark(asked, shared, overbook_because)
        try:
            visit.save()
            # One after the other: the next one must find what this one holds.
            create_together(holding.holds([asked], locked.holders, shared=shared), grounds)
        except IntegrityError as error:
            raise refusal(error) from error
        length = {"minutes": each.minutes} if each.minutes else {}
        lines.append((visit, {"revision": visit.revision, **length, **_kinds(asked, shared)}))
    moved = [visits[each.visit.pk] for each in moves]
    create_together(
        history.changes(VisitChange.Deed.MOVED, moved, by=by, now=now, before=before),
        audit.lines(by, "appointment.moved" if by else "appointment.moved_by_link", lines),
    )
    return moved


def _elsewhere(asked: Asked, to: Elsewhere, now: datetime) -> None:
    visit = asked.visit
    was = (visit.starts_at, visit.clinician_id, visit.site_id)
    if to.minutes is not None:
        lengths.refuse_odd(to.minutes, usual=asked.service.minutes, so_far=visit.minutes)
    length = visit.ends_at - visit.starts_at if to.minutes is None else timedelta(minutes=to.minutes)
    if visit.group_id:  # a seat: its patient changes to another class instead
        raise CannotBecome
    room = next((piece for piece in asked.pieces if piece.kind == Resource.Kind.ROOM), None)
    if room and room.site and room.site_id != visit.site_id:
        visit.site = room.site
    visit.clinician = next((it for it in asked.pieces if it.kind == Resource.Kind.CLINICIAN), visit.clinician)
    visit.starts_at, visit.ends_at = to.starts_at, to.starts_at + length
    visit.revision += 1
    if to.minutes is None or was != (visit.starts_at, visit.clinician_id, visit.site_id):
        visit.status, visit.confirmed_at, visit.expected_at, visit.arrived_at = Status.BOOKED, None, None, None
        visit.timed_at = now


@tried_again
@seen_by_the_clinic()
@transaction.atomic
def cancel(appointment: Appointment, *, reason: str, by: User | None, now: datetime) -> Appointment:
    """Call the visit off and free everything it held. Staff can undo it for some minutes (`undo`).

    `by` is None when the patient does it through the link in a message.

    Raises `ChangedMeanwhile` if it is no longer what `appointment` shows, `CannotBecome` once it has begun.
    """
    visit = claimed({appointment.pk: appointment.revision}, may_be=MAY_BE_CANCELLED)[appointment.pk]
    before = history.images([visit])
    # In the same order as those who book: nobody waits for us while we wait for them.
    holding.lock(holding.held_by([visit]))
    visit.status, visit.cancelled_at, visit.cancel_reason = Status.CANCELLED, now, reason
    visit.news_at = history.news_at(by, now)
    visit.revision += 1
    visit.save()
    visit.holds.all().delete()
    create_together(
        history.changes(VisitChange.Deed.CANCELLED, [visit], by=by, now=now, before=before),
        audit.lines(by, "appointment.cancelled" if by else "appointment.cancelled_by_link", [(visit, {})]),
    )
    return visit


def claimed(revisions: Mapping[UUID, int], *, may_be: Collection[Status]) -> dict[UUID, Appointment]:
    """The visits as they are now, locked, by id.

    Raises `ChangedMeanwhile` if one was moved or cancelled since its revision, `CannotBecome` if its status is none
    of `may_be`.
    """
    visits = Appointment.objects.select_related("patient", "site", "clinician", "session__plan")
    visits = visits.filter(pk__in=revisions)
    found = {visit.pk: visit for visit in visits.order_by("pk").select_for_update(of=("self",), no_key=True)}
    if any(pk not in found or found[pk].revision != revision for pk, revision in revisions.items()):
        raise ChangedMeanwhile(CHANGED)
    if any(visit.status not in may_be for visit in found.values()):
        raise CannotBecome
    return found


def _may_overbook(by: User | None, reason: str) -> bool:
    if reason and not (by and by.may(Permission.APPOINTMENT_OVERBOOK)):
        raise NotAllowed(_("You may not book two patients at the same time. Ask a clinician or the manager."))
    return bool(reason)


def _mark(asked: Asked, shared: Shared, reason: str) -> None:
    asked.visit.overbooked_because = reason if _kinds(asked, shared) else ""


def _kinds(asked: Asked, shared: Shared) -> dict[str, list[str]]:
    kinds = sorted({piece.kind for piece in asked.pieces if (asked.visit.pk, piece.pk) in shared})
    return {"overbooked": kinds} if kinds else {}


def refusal(error: IntegrityError) -> Exception:
    """The clinic's words for the rule of the database that the booking ran into."""
    match broken_rule(error):
        case "resource_is_in_one_place_at_a_time" | "a_seat_is_given_to_one_patient" | "a_patient_sits_in_a_class_once":
            return SlotTaken()
        case "a_planned_session_is_booked_once":
            return AlreadyBooked()
        case "appointments_appointment_request_key_key":
            # Had it been for the same patient, it would have waited for her row and found the first one.
            return UsedForAnother()
    return error
