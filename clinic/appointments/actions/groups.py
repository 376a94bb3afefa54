"""Classes: giving them a time, a clinician and a room, changing that, and calling them off.

A class holds its clinician and room; the patients in it (`seats`) hold only themselves. Whoever locks, locks the
class first, then its visits, then resources in the order of their keys, so nobody waits in a circle.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from clinic.appointments.actions import attendance, booking, clashes, class_undo, history, holding
from clinic.appointments.actions.contention import tried_again
from clinic.appointments.actions.meetings import Meeting, may_meet, weekly
from clinic.appointments.models import Appointment, GroupSession, Hold, Resource, VisitChange
from clinic.appointments.rules.class_refusals import (
    ClassHasBegun,
    ClassIsOver,
    SomebodyIsBusy,
    TooFewPlaces,
)
from clinic.appointments.rules.refusals import CHANGED
from clinic.appointments.rules.status import MAY_BE_CANCELLED, MAY_BE_MOVED, Status
from people.actions import audit
from people.models import Site, User
from people.rules.refusal import ChangedMeanwhile
from programs.actions import offering
from programs.actions.safety import Contraindicated, HeldByRedFlag
from programs.rules.services import Service

Deed = VisitChange.Deed
MOST_WEEKS = 26  # of one series: rosters are not known further ahead


@tried_again
@transaction.atomic
def create(
    *,
    name: str,
    service: Service,
    site: Site,
    starts_at: datetime,
    resources: Collection[Resource],
    by: User,
    now: datetime,
    places: int | None = None,
    weeks: int = 1,
) -> list[GroupSession]:
    """Set up a class once, or in each of so many weeks at the same time of the site's clock. All or none.

    Raises `NotAClass`, `ClassTimeTaken` and `ClassOutsideHours` with the day, and refuses as a booking does.
    """
    fresh = holding.lock(Q(pk__in=[piece.pk for piece in resources]))
    starts = weekly(starts_at, site, min(max(weeks, 1), MOST_WEEKS))
    meetings = [Meeting(service=service, site=site, starts_at=start, resources=fresh) for start in starts]
    may_meet(meetings, now=now)
    classes = GroupSession.objects.bulk_create(
        GroupSession(
            name=name,
            service_code=service.code,
            clinician=each.clinician,
            site=site,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            places=places or service.places,
        )
        for each in meetings
    )
    _hold(list(zip(classes, meetings, strict=True)), now=now)
    audit.record_all(by, "class.created", [(it, {"service": it.service_code, "places": it.places}) for it in classes])
    return classes


@tried_again
@transaction.atomic
def change(
    group: GroupSession,
    *,
    name: str,
    places: int,
    starts_at: datetime,
    resources: Collection[Resource],
    revision: int,
    by: User,
    now: datetime,
) -> GroupSession:
    """Rename the class, give it other places, another time, room or clinician. Who is in it comes along.

    At another time everybody has to confirm anew and is told; until then it can be undone (`class_undo`).
    `revision` is what the changer looked at.

    Raises `ChangedMeanwhile`, `TooFewPlaces`, `ClassHasBegun`, `SomebodyIsBusy`, and refuses as `create` does.
    """
    it = claimed(group, revision=revision)
    seats = list(_seats(it))
    if places < len(seats):
        raise TooFewPlaces(len(seats))
    is_moved = starts_at != it.starts_at
    if is_moved and any(visit.status not in MAY_BE_MOVED for visit in seats):
        raise ClassHasBegun
    kept = Hold.objects.filter(Q(group=it) | Q(appointment__in=seats)).values("resource")
    rows = {row.pk: row for row in holding.lock(Q(pk__in=[piece.pk for piece in resources]) | Q(pk__in=kept))}
    fresh = [rows[piece.pk] for piece in resources if piece.pk in rows]
    service = offering.current()[it.service_code]
    meeting = Meeting(service=service, site=it.site, starts_at=starts_at, resources=fresh)
    is_elsewhere = is_moved or {piece.pk for piece in fresh} != set(it.holds.values_list("resource", flat=True))
    before = _as_they_were(it, seats) if is_elsewhere else {}
    if is_elsewhere:
        may_meet([meeting], now=now, but=it)
        it.starts_at, it.ends_at, it.clinician = meeting.starts_at, meeting.ends_at, meeting.clinician
    it.name, it.places, it.revision = name, places, it.revision + 1
    it.save()
    if is_elsewhere:
        it.holds.all().delete()
        _hold([(it, meeting)], now=now)
        _take_along(it, seats, by=by, now=now, is_moved=is_moved)
        history.remember(Deed.MOVED, seats, by=by, now=now, before=before)
    if is_moved:
        audit.record_all(by, "appointment.moved", [(visit, {"revision": visit.revision}) for visit in seats])
    audit.record(by, "class.changed", it, revision=it.revision, is_moved=is_moved)
    return it


@tried_again
@transaction.atomic
def cancel(group: GroupSession, *, reason: str, by: User, now: datetime, revision: int | None = None) -> GroupSession:
    """Call the class off. Everybody in it is cancelled, and told, as with any visit; room and clinician are free.

    Raises `ClassHasBegun` once somebody has come to it, `ClassIsOver` if it was called off already, and
    `ChangedMeanwhile` if it is not at `revision` any more.
    """
    it = claimed(group, revision=revision)
    seats = list(_seats(it))
    if any(visit.status not in MAY_BE_CANCELLED for visit in seats):
        raise ClassHasBegun
    before = _as_they_were(it, seats)
    for visit in seats:
        booking.cancel(visit, reason=reason, by=by, now=now)
    # So that it can be undone as a whole: nobody goes back alone to a class that does not meet.
    for change in (changes := list(VisitChange.objects.filter(appointment__in=seats, at=now, deed=Deed.CANCELLED))):
        change.before = before[change.appointment_id]
    VisitChange.objects.bulk_update(changes, ["before"])
    it.cancelled_at, it.cancel_reason, it.revision = now, reason, it.revision + 1
    it.save()
    it.holds.all().delete()
    audit.record(by, "class.cancelled", it, seats=len(seats))
    return it


@transaction.atomic
def set_all(group: GroupSession, status: Status, *, was: Collection[Status], by: User, now: datetime) -> int:
    """Everybody in the class who is `was` goes a step on, as if each had been tapped. Returns how many did.

    Who has come but must not be treated now waits for a clinician; the others are checked in.
    """
    it = claimed(group)
    count = 0
    for visit in (each for each in _seats(it) if each.status in was):
        try:
            attendance.set_status(visit, status, was=visit.status, by=by, now=now)
        except (HeldByRedFlag, Contraindicated):
            if status != Status.ARRIVED:
                raise
            attendance.wait_for_clinician(visit, is_here=True, by=by, now=now)
        else:
            count += 1
    audit.record(by, "class.status_set", it, status=str(status), count=count)
    return count


def claimed(group: GroupSession, *, revision: int | None = None) -> GroupSession:
    """The class as it is now, locked until we are done.

    Raises `ClassIsOver` if it was called off, `ChangedMeanwhile` if it was changed since `revision`.
    """
    rows = GroupSession.objects.select_related("site", "clinician")
    it = rows.select_for_update(of=("self",), no_key=True).get(pk=group.pk)
    if it.cancelled_at is not None:
        raise ClassIsOver
    if revision is not None and it.revision != revision:
        raise ChangedMeanwhile(CHANGED)
    return it


def _seats(it: GroupSession) -> "Collection[Appointment]":
    visits = it.seats.standing().select_related("patient", "site", "clinician").order_by("pk")
    return visits.select_for_update(of=("self",), no_key=True)


def _as_they_were(it: GroupSession, seats: Collection[Appointment]) -> dict[UUID, history.Image]:
    """Each seat with the class that it is in, so that a slip is undone for all of them at once."""
    group = class_undo.image(it)
    return {pk: image | {class_undo.CLASS: group} for pk, image in history.images(seats).items()}


def _hold(classes: Sequence[tuple[GroupSession, Meeting]], *, now: datetime) -> None:
    holds = [
        Hold(group=it, resource=piece, during=DateTimeTZRange(*meeting.during(piece)))
        for it, meeting in classes
        for piece in meeting.resources
    ]
    clashes.sweep_stale(holds, now=now)
    # All of it is locked and was looked at: the constraint has nothing left to refuse.
    Hold.objects.bulk_create(holds)


def _take_along(it: GroupSession, seats: Sequence[Appointment], *, by: User, now: datetime, is_moved: bool) -> None:
    """Give everybody in the class its new time and clinician."""
    news_at = history.news_at(by, now)
    for visit in seats:
        visit.clinician, visit.revision = it.clinician, visit.revision + 1
        if is_moved:
            visit.starts_at, visit.ends_at, visit.timed_at, visit.news_at = it.starts_at, it.ends_at, now, news_at
            visit.status, visit.confirmed_at, visit.arrived_at = Status.BOOKED, None, None
    changed = ["clinician", "revision", "starts_at", "ends_at", "timed_at", "news_at"]
    Appointment.objects.bulk_update(seats, [*changed, "status", "confirmed_at", "arrived_at"])
    if is_moved:
        _hold_people(it, seats)


def _hold_people(it: GroupSession, seats: Sequence[Appointment]) -> None:
    during = DateTimeTZRange(it.starts_at, it.ends_at)
    theirs = Hold.objects.filter(appointment__in=seats)
    clashing = Hold.objects.filter(resource__in=theirs.values("resource"), during__overlap=during)
    busy = clashing.exclude(appointment__in=seats).select_related("resource__patient")
    if names := sorted({hold.resource.patient.full_name for hold in busy if hold.resource.patient}):
        raise SomebodyIsBusy(", ".join(names))
    theirs.update(during=during)
