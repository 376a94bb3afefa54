"""What is known of plans that are booked or mended: their sessions, visits, wishes and files, read once. Reads only."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Prefetch

from clinic.appointments.actions import stranded
from clinic.appointments.models import Appointment, GroupSession, Hold, Resource, VisitPreference
from clinic.appointments.rules import slots
from clinic.appointments.rules.series.answer import Step
from clinic.appointments.rules.series.problem import Booked, Pin
from clinic.appointments.rules.status import MAY_BE_MOVED, Status
from clinic.appointments.rules.why_outside import Why
from programs.actions import safety_file
from programs.actions.safety_file import SafetyFile
from programs.models import Checkpoint, Plan, PlannedSession
from programs.rules.services import Service

DUE_WITHIN = timedelta(days=14)  # "what is due"
NOT_COMING: Final = (Status.CANCELLED, Status.MISSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the desk wants of it. What is empty is as the patient likes it (`VisitPreference`)."""

    whole: bool = True  # else what is due within two weeks
    with_optional: bool = False
    only_mending: bool = False  # what was booked before; what nobody has booked yet is left for another day
    weekdays: frozenset[int] = frozenset()
    earliest: time | None = None
    latest: time | None = None
    site_id: UUID | None = None
    longest_absence: int | None = None
    away: frozenset[date] = frozenset()
    pins: Mapping[UUID, Pin] = field(default_factory=dict)
    left_out: frozenset[UUID] = frozenset()
    allowed: tuple[Step, ...] = ()  # what may give way, agreed with the patient


@dataclass(frozen=True, slots=True)
class Course:
    """One plan and its patient. `ahead` are the visits that could move, by session; `fixed` is all the rest."""

    plan: Plan
    sessions: Sequence[PlannedSession]  # to be booked, or booked ahead
    ahead: Mapping[UUID, Appointment]
    fixed: Sequence[Appointment]
    failed: Mapping[UUID, Appointment]  # by session the visit that was missed or called off
    stranded: Mapping[UUID, Why]  # by session, the visits that can no longer take place where they stand
    liked: VisitPreference
    file: SafetyFile
    reviews: Sequence[date]  # from today on, the days on which somebody looks whether the treatments help

    @property
    def given(self) -> Mapping[str, Appointment]:
        """By treatment, the last visit of this plan at which it was given, or which stands and does not move."""
        found: dict[str, Appointment] = {}
        for visit in sorted(self.fixed, key=lambda it: it.starts_at):
            if visit.session and visit.session.plan_id == self.plan.pk:
                found[visit.session.modality] = visit
        return found

    def least_days(self, later: PlannedSession) -> int:
        """From the session of its treatment before it, whatever row of the plan that belongs to."""
        return max(later.gap_days_min or 0, self.file.book.modalities[later.modality].course.gap_days_min)

    def lost(self, asked: Asked) -> frozenset[UUID]:
        """The sessions that cannot stay: nobody is there for them, or somebody put them elsewhere by hand."""
        elsewhere = {pk for pk, pin in asked.pins.items() if pk in self.ahead and not _is_at(self.ahead[pk], pin)}
        return frozenset({*self.stranded, *elsewhere})


def courses(
    plans: Collection[Plan], asked: Asked, services: Mapping[str, Service], *, today: date, now: datetime
) -> list[Course]:
    """As many queries for fifty plans as for one. Plans of which nothing is left to be booked or kept are left out."""
    patients = {plan.patient_id for plan in plans}
    visits: dict[UUID, list[Appointment]] = defaultdict(list)
    held = Prefetch("holds", Hold.objects.select_related("resource"))
    rows = Appointment.objects.filter(patient__in=patients)
    for visit in rows.select_related("site", "session", "clinician").prefetch_related(held).order_by("starts_at"):
        visits[visit.patient_id].append(visit)
    sessions: dict[UUID, list[PlannedSession]] = defaultdict(list)
    standing = PlannedSession.objects.standing().filter(plan__in=plans).select_related("phase", "plan")
    for session in standing.order_by("phase__ordinal", "ordinal"):
        sessions[session.plan_id].append(session)
    ahead = {plan.pk: _ahead(visits[plan.patient_id], sessions[plan.pk], services, now=now) for plan in plans}
    wrong = _stranded([visit for each in ahead.values() for visit in each.values()], now=now)
    liked = {it.patient_id: it for it in VisitPreference.objects.filter(patient__in=patients)}
    files = safety_file.of_all(patients)
    looks: dict[UUID, list[date]] = defaultdict(list)
    for plan_id, due_on in Checkpoint.objects.undecided().filter(plan__in=plans).values_list("plan", "due_on"):
        # One that is past stands in the way of everything until somebody has looked: it is today's.
        looks[plan_id].append(max(due_on, today))
    found = []
    for plan in plans:
        mine = visits[plan.patient_id]
        coming = [it for it in mine if it.status not in NOT_COMING]
        failed = dict(_failed(mine))
        open_to = [it for it in sessions[plan.pk] if not asked.only_mending or it.pk in {*failed, *ahead[plan.pk]}]
        wanted = _wanted(open_to, asked, coming, ahead[plan.pk], services, today=today)
        if not wanted:
            continue
        moving = {it.pk for it in ahead[plan.pk].values()}
        found.append(
            Course(
                plan=plan,
                sessions=wanted,
                ahead=ahead[plan.pk],
                fixed=[it for it in coming if it.pk not in moving],
                failed=failed,
                stranded={pk: wrong[it.pk] for pk, it in ahead[plan.pk].items() if it.pk in wrong},
                liked=liked.get(plan.patient_id) or VisitPreference(),
                file=files[plan.patient_id],
                reviews=[*looks[plan.pk], *_assessments(coming, today)],
            )
        )
    return found


def _assessments(visits: Collection[Appointment], today: date) -> Iterator[date]:
    """Visits that are booked for looking, not for a treatment."""
    for visit in visits:
        if visit.service.modality is None and visit.status in MAY_BE_MOVED and visit.local_start.date() >= today:
            yield visit.local_start.date()


def booked(visit: Appointment) -> Booked | None:
    """The visit as the solver sees it; None for one without a room, which it could not move."""
    held = [hold.resource for hold in visit.holds.all()]
    rooms = [it.pk for it in held if it.kind == Resource.Kind.ROOM]
    if not rooms:
        return None
    return Booked(
        starts=slots.minute_of(visit.starts_at),
        ends=slots.minute_from(visit.ends_at),
        day=visit.local_start.date(),
        site_id=visit.site_id,
        clinician_id=visit.clinician_id,
        room_id=rooms[0],
        device_ids=tuple(it.pk for it in held if it.kind == Resource.Kind.DEVICE),
    )


def _is_at(visit: Appointment, pin: Pin) -> bool:
    return slots.minute_of(visit.starts_at) == pin.starts and pin.clinician_id in {None, visit.clinician_id}


def _ahead(
    visits: Sequence[Appointment], sessions: Sequence[PlannedSession], services: Mapping[str, Service], *, now: datetime
) -> dict[UUID, Appointment]:
    known = {it.pk: it for it in sessions}
    return {
        visit.session_id: visit
        for visit in visits
        if visit.session_id in known
        and visit.status in MAY_BE_MOVED
        and visit.starts_at > now
        and not visit.group_id
        and _may_be_booked(services.get(known[visit.session_id].modality))
        and booked(visit)
    }


def _may_be_booked(service: Service | None) -> bool:
    """A class is joined, not booked."""
    return service is not None and service.is_enabled and not service.is_class


def _stranded(visits: Collection[Appointment], *, now: datetime) -> Mapping[UUID, Why]:
    if not visits:
        return {}
    rows = Appointment.objects.filter(pk__in=[it.pk for it in visits])
    found = stranded.outside(rows, GroupSession.objects.none(), now=now)
    # Who was booked for a shorter visit may come all the same.
    return {each.it.pk: each.why for each in found if each.why != Why.SHORT}


def _wanted(
    sessions: Sequence[PlannedSession],
    asked: Asked,
    coming: Collection[Appointment],
    ahead: Mapping[UUID, Appointment],
    services: Mapping[str, Service],
    *,
    today: date,
) -> list[PlannedSession]:
    """Those that nobody has booked, and those whose visit could move."""
    taken = {visit.session_id for visit in coming}
    found = []
    for it in sessions:
        is_wanted = asked.with_optional or not it.is_optional
        is_near = asked.whole or it.due_from <= today + DUE_WITHIN
        is_open = it.pk not in taken and is_wanted and is_near and _may_be_booked(services.get(it.modality))
        if is_open or it.pk in ahead:
            found.append(it)
    return found


def _failed(visits: Collection[Appointment]) -> Iterator[tuple[UUID, Appointment]]:
    """The last one of each session. What was undone never was."""
    for visit in visits:
        is_undone = visit.cancel_reason == "undone"
        if visit.session_id and visit.status in NOT_COMING and not is_undone:
            yield visit.session_id, visit
