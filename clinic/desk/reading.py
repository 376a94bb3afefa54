"""The visits of a day as plain values, read in one query: a board of 320 visits prints no model instances."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Cast

from clinic.appointments.models import Appointment, Hold, Resource
from clinic.appointments.rules import local_time
from clinic.appointments.rules.status import MAY_BE_MOVED, Status
from clinic.appointments.web import names
from patients.models import Intake, RedFlag
from people.models import AuditEvent, Site, User
from people.rules.permissions import Role


@dataclass(frozen=True, slots=True)
class Who:
    """A patient as a board names them: in full, or by initials and number while others can see the screen."""

    pk: UUID
    list_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A visit as the board prints it. `held` are the resources it keeps, the patient too;
    a seat in a class keeps nothing else."""

    pk: UUID
    patient: Who
    clinician_id: UUID
    service_code: str
    nth: int | None  # of the plan's course
    of: int | None
    status: str
    starts_at: datetime
    ends_at: datetime
    revision: int
    group_id: UUID | None
    arrived_at: datetime | None
    expected_at: datetime | None
    in_room_at: datetime | None
    next_at: datetime | None  # read only for visits that are done
    held: tuple[UUID, ...]
    is_overbooked: bool
    is_walk_in: bool
    is_new: bool
    has_form: bool
    needs_clinician_check: bool
    by_phone: bool  # she said herself that she is here, from outside

    @property
    def is_standing(self) -> bool:
        return self.status != Status.CANCELLED


_PLAIN = (
    "pk", "clinician_id", "service_code", "session__ordinal", "session__course_length", "status", "starts_at",
    "ends_at", "revision", "group_id", "arrived_at", "expected_at", "overbooked_because", "is_walk_in",
)  # fmt: skip
_LOOKED_UP = ("in_room_at", "next_at", "held", "came_before", "has_form", "needs_clinician_check", "who_said_here")
_NAMED = ("patient_id", "patient__given_name", "patient__family_name", "patient__number")


def visits_of(user: User, site: Site, day: date, *, hide_names: bool) -> list[Seen]:
    """Every visit of the site's day that `user` may see, the cancelled too, in the order of the day. One query."""
    begins, ends = local_time.day_bounds(day, site.zone)
    return _read(Appointment.objects.visible_to(user).filter(site=site).starting_between(begins, ends), hide_names)


def visits_holding(
    user: User, site: Site, resource: Resource, *, begins: datetime, ends: datetime, hide_names: bool
) -> list[Seen]:
    """The standing visits that keep one person, room or device. One query."""
    visits = Appointment.objects.visible_to(user).standing().filter(site=site, holds__resource=resource)
    return _read(visits.starting_between(begins, ends), hide_names)


def _read(visits: QuerySet[Appointment], hide_names: bool) -> list[Seen]:
    rows = _looked_up(visits).order_by("starts_at", "clinician__name")
    found = rows.values_list(*_PLAIN, *_LOOKED_UP, *_NAMED, named=True)
    return [_seen(row, hide_names=hide_names) for row in found]


def _seen(row: Any, *, hide_names: bool) -> Seen:
    """`row` is a named tuple of `_PLAIN`, `_LOOKED_UP` and `_NAMED`."""
    shown = names.listed(row.patient__given_name, row.patient__family_name, row.patient__number, hide=hide_names)
    return Seen(
        pk=row.pk,
        patient=Who(row.patient_id, shown),
        clinician_id=row.clinician_id,
        service_code=row.service_code,
        nth=row.session__ordinal,
        of=row.session__course_length,
        status=row.status,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        revision=row.revision,
        group_id=row.group_id,
        arrived_at=row.arrived_at,
        expected_at=row.expected_at,
        in_room_at=row.in_room_at,
        next_at=row.next_at,
        held=tuple(row.held),
        is_overbooked=bool(row.overbooked_because),
        is_walk_in=row.is_walk_in,
        is_new=not row.came_before,
        has_form=row.has_form,
        needs_clinician_check=row.needs_clinician_check,
        by_phone=row.who_said_here == Role.PATIENT,
    )


def _looked_up(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    patient, pk = OuterRef("patient"), OuterRef("pk")
    others = Appointment.objects.filter(patient=patient)
    came = others.filter(starts_at__lt=OuterRef("starts_at")).exclude(status__in=[Status.CANCELLED, Status.MISSED])
    to_come = others.expected().filter(starts_at__gt=OuterRef("starts_at")).order_by("starts_at")
    # The trail knows when somebody was taken in; it is asked only for those who are in a room now. Who was done by a
    # slip of the hand is there since before; who was sent out and marked done without coming in again, nobody knows.
    steps = AuditEvent.objects.filter(patient_id=OuterRef("patient_id"), deed="appointment.status_set")
    last_in_or_out = (
        steps.filter(object_id=Cast(pk, CharField()), detail__status__in=[str(Status.IN_ROOM), str(Status.ARRIVED)])
        .exclude(detail__was=str(Status.DONE))
        .order_by("-at")
        .values(since=Case(When(detail__status=str(Status.IN_ROOM), then="at")))[:1]
    )
    trail = AuditEvent.objects.filter(patient_id=OuterRef("patient_id"), object_id=Cast(pk, CharField()))
    here = Q(deed="appointment.status_set", detail__status=str(Status.ARRIVED)) | Q(
        deed="appointment.waits_for_clinician"
    )
    who_said_so = trail.filter(here).order_by("-at").values("role")[:1]
    is_waiting = Q(arrived_at__isnull=False, status__in=[Status.ARRIVED, *MAY_BE_MOVED])
    held = Hold.objects.filter(appointment=pk).values("resource_id")
    return visits.annotate(
        # That there is one, never which: the desk sees this.
        needs_clinician_check=Exists(RedFlag.objects.open().filter(patient=patient)),
        came_before=Exists(came),
        has_form=Exists(Intake.objects.submitted().filter(patient=patient)),
        in_room_at=Case(When(status=Status.IN_ROOM, then=Subquery(last_in_or_out))),
        next_at=Case(When(status=Status.DONE, then=Subquery(to_come.values("starts_at")[:1]))),
        held=ArraySubquery(held),
        who_said_here=Case(When(is_waiting, then=Subquery(who_said_so))),
    )
