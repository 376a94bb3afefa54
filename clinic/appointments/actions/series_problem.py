"""What the plan solver is asked: a plan, its patient and the appointment book, read once. Reads only."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.appointments.actions import limits
from clinic.appointments.actions.series_supply import Market
from clinic.appointments.actions.series_supply import Wanted as Looked
from clinic.appointments.models import Appointment, BookingPolicy, Resource, VisitPreference
from clinic.appointments.rules import slots
from clinic.appointments.rules.limits import Door
from clinic.appointments.rules.series import relaxing
from clinic.appointments.rules.series.answer import Limit, Placed, Proposal, Step
from clinic.appointments.rules.series.problem import Block, Gap, Happened, Pin, Problem, Session, Wishes
from clinic.appointments.rules.status import Status
from patients.models import Patient
from people.models import Clinic, Site
from people.rules.refusal import Refused
from programs.actions import offering, safety, safety_file
from programs.actions.safety import Treatment
from programs.actions.safety_file import Nearby
from programs.models import Plan, PlannedSession
from programs.rules.contraindications import BLOCKED, OVERRIDE_REQUIRED
from programs.rules.services import Service

# From a site to another of the same clinic. Nobody has measured it; a clinic with one site never sees it.
TRAVEL_MINUTES: Final = 45
# Beyond the windows, so that it can be said which wider window would do.
ROOM_TO_RELAX = timedelta(days=28)
DUE_WITHIN = timedelta(days=14)  # "what is due"
LATE_WITHIN = timedelta(days=14)
NOT_COMING = (Status.CANCELLED, Status.MISSED)


class NothingToBook(Refused):
    """Every session is booked, done or past."""

    def __init__(self) -> None:
        super().__init__(_("Every session of this plan is booked or done. There is nothing to book."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the desk wants of it. What is empty is as the patient likes it (`VisitPreference`)."""

    whole: bool = True  # else what is due within two weeks
    with_optional: bool = False
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
class Task:
    """A plan to be booked, with everything a page needs to say about it."""

    plan: Plan
    sessions: Mapping[UUID, PlannedSession]
    problem: Problem
    resources: Mapping[UUID, Resource]
    sites: Mapping[UUID, Site]
    services: Mapping[str, Service]

    def without_broken(self, proposal: Proposal) -> tuple[list[Placed], list[Placed]]:
        """What of an earlier proposal can still be had, and what is lost."""
        kept: list[Placed] = []
        lost: list[Placed] = []
        wanted = {it.id for it in self.problem.wanted}
        for it in proposal.placed:
            if it.session_id in wanted:
                (kept if self._is_free(it) else lost).append(it)
        return kept, lost

    def _is_free(self, placed: Placed) -> bool:
        it, supply = placed.visit, self.problem.supply[self.sessions[placed.session_id].modality]
        nth = (it.starts - supply.first) // slots.GRID_MINUTES
        who = (it.clinician_id, it.site_id)
        seats = [seat.bits for seat in supply.seats if (seat.clinician_id, seat.site_id) == who]
        rooms = [place.bits for place in supply.rooms if place.ids == (it.room_id,)]
        devices = [place.bits for place in supply.devices if place.ids == it.device_ids]
        needed = [seats, rooms, devices] if supply.needs_devices else [seats, rooms]
        return nth >= 0 and all(any(bits >> nth & 1 for bits in each) for each in needed)


def task(plan: Plan, asked: Asked, *, now: datetime, door: Door = Door.DESK) -> Task:
    """Everything the solver has to know of a plan, its patient and the book. About a dozen queries, however long.

    Raises `NothingToBook`.
    """
    today = Clinic.day_of(now)
    services = offering.current()
    visits = _visits(plan.patient)
    sessions = _open_sessions(plan, asked, visits, services, today=today)
    if not sessions:
        raise NothingToBook
    first = max(today, min(it.due_from for it in sessions) - ROOM_TO_RELAX)
    last = max(today, *(it.due_until for it in sessions)) + ROOM_TO_RELAX
    policy = BookingPolicy.current()
    market = Market(
        Looked(
            services=[services[code] for code in sorted({it.modality for it in sessions})],
            first=first,
            last=last,
            now=now,
            limits=limits.under(policy, door),
            patients=[plan.patient],
        )
    )
    file = safety_file.read(plan.patient)
    problem = Problem(
        sessions=tuple(_sessions(plan, sessions, asked, visits, today=today, span=(first, last))),
        supply=market.supply(),
        zones=market.zones,
        rules=tuple(file.book.timing_rules.values()),
        happened=tuple(_happened(visits, file)),
        wishes=_wishes(plan.patient, asked, visits),
        not_before=slots.minute_from(now + market.wanted.limits.notice),
        busy=market.elsewhere(plan.patient),
        load=market.load,
        load_of=market.load_of,
        daily=policy.daily_limit,
        travel=TRAVEL_MINUTES if len(market.sites) > 1 else 0,
    )
    problem = relaxing.applied(problem, *(step for step in asked.allowed if step.limit != Limit.OVERRIDE))
    return Task(plan, {it.pk: it for it in sessions}, problem, market.resources, market.sites, services)


def _visits(patient: Patient) -> list[Appointment]:
    visits = Appointment.objects.exclude(status__in=NOT_COMING).filter(patient=patient)
    return list(visits.select_related("site", "session").order_by("starts_at"))


def _open_sessions(
    plan: Plan, asked: Asked, visits: Iterable[Appointment], services: Mapping[str, Service], *, today: date
) -> list[PlannedSession]:
    """Those that nobody has booked. A class is joined, not booked."""
    taken = {visit.session_id for visit in visits}
    found = []
    for it in plan.sessions.standing().select_related("phase", "plan").order_by("phase__ordinal", "ordinal"):
        service = services.get(it.modality)
        is_wanted = asked.with_optional or not it.is_optional
        is_near = asked.whole or it.due_from <= today + DUE_WITHIN
        can_be_booked = service and service.is_enabled and not service.is_class and it.pk not in taken
        if can_be_booked and is_wanted and is_near:
            found.append(it)
    return found


def _sessions(
    plan: Plan,
    sessions: Sequence[PlannedSession],
    asked: Asked,
    visits: Sequence[Appointment],
    *,
    today: date,
    span: tuple[date, date],
) -> Iterator[Session]:
    blocked = _blocked(plan.patient, sessions, first=span[0], last=span[1])
    before = _days_before(plan, visits)
    seen: set[str] = set()
    for it in sessions:
        due_from, due_on = max(it.due_from, today), max(it.due_on, today)
        # A session whose days are over is not lost: it is due now, and soon.
        due_until = it.due_until if it.due_until >= today else today + LATE_WITHIN
        follows = None
        if it.modality not in seen:
            earlier = [day for ordinal, day in before[it.modality] if ordinal < it.ordinal]
            follows = max(earlier, default=None)
        seen.add(it.modality)
        yield Session(
            id=it.pk,
            service=it.modality,
            modality=it.modality,
            technique=it.technique,
            phase=it.phase.ordinal,
            number=it.ordinal,
            due_from=due_from,
            due_on=min(due_on, due_until),
            due_until=due_until,
            gap=_gap(it),
            follows=follows,
            is_optional=it.is_optional,
            hold_loading_days=it.hold_loading_days,
            blocked=blocked[it.modality, it.technique],
            pinned=asked.pins.get(it.pk),
            is_excluded=it.pk in asked.left_out,
        )


def _gap(it: PlannedSession) -> Gap | None:
    if it.gap_days_min is None or it.gap_days_target is None or it.gap_days_max is None:
        return None
    return Gap(it.gap_days_min, it.gap_days_target, it.gap_days_max)


def _days_before(plan: Plan, visits: Iterable[Appointment]) -> Mapping[str, list[tuple[int, date]]]:
    """By treatment, the sessions of this plan that are booked or done: their number and day."""
    found: dict[str, list[tuple[int, date]]] = defaultdict(list)
    for visit in visits:
        if visit.session and visit.session.plan_id == plan.pk:
            found[visit.session.modality].append((visit.session.ordinal, visit.local_start.date()))
    return found


def _blocked(
    patient: Patient, sessions: Iterable[PlannedSession], *, first: date, last: date
) -> Mapping[tuple[str, str], Mapping[date, Block]]:
    """On which days facts and flags speak against a treatment. One query."""
    kinds = sorted({(it.modality, it.technique) for it in sessions})
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    wanted = [Treatment(modality, day, technique) for modality, technique in kinds for day in days]
    words = {BLOCKED: Block.BLOCKED, OVERRIDE_REQUIRED: Block.OVERRIDABLE}
    found: dict[tuple[str, str], dict[date, Block]] = {kind: {} for kind in kinds}
    # Each day by itself: the solver keeps the treatments apart.
    for it in safety.standings(patient, wanted, nearby=Nearby(is_plan=True)):
        if it.status in words:
            found[it.treatment.modality, it.treatment.technique][it.treatment.on] = words[it.status]
    return found


def _happened(visits: Iterable[Appointment], file: safety_file.SafetyFile) -> Iterator[Happened]:
    """What the patient comes for anyway, and what was given; at such a visit it counts twice, which is no harm."""
    for visit in visits:
        yield Happened(
            code=visit.service.modality or visit.service_code,
            technique=visit.session.technique if visit.session else "",
            day=visit.local_start.date(),
            starts=slots.minute_of(visit.starts_at),
            ends=slots.minute_from(visit.ends_at),
            is_treatment=visit.service.modality is not None,
            is_visit=True,
            site_id=visit.site_id,
        )
    for given in file.given:
        begins = slots.minute_of(datetime.combine(given.on, time.min, tzinfo=UTC))
        yield Happened(
            code=given.modality,
            technique=given.technique,
            day=given.on,
            starts=begins,
            ends=begins + 24 * 60,
            regions=frozenset(given.regions),
        )


def _wishes(patient: Patient, asked: Asked, visits: Sequence[Appointment]) -> Wishes:
    liked = VisitPreference.objects.filter(patient=patient).first() or VisitPreference()
    last = next((it for it in reversed(visits) if it.status == Status.DONE), None)
    clinicians = {it.service.modality: it.clinician_id for it in visits if it.service.modality}
    if liked.clinician_id:
        clinicians = dict.fromkeys(clinicians, liked.clinician_id)
    return Wishes(
        weekdays=asked.weekdays or frozenset(liked.weekdays or ()),
        earliest=asked.earliest or liked.earliest,
        latest=asked.latest or liked.latest,
        site_id=asked.site_id or liked.site_id,
        longest_absence=asked.longest_absence,
        away=asked.away,
        usual=timezone.localtime(last.starts_at, last.site.zone).time() if last else None,
        clinicians=clinicians,
    )
