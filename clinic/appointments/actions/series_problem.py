"""What the plan solver is asked: plans, their patients and the appointment book, read once. Reads only."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.appointments.actions import limits, series_course, series_gaps
from clinic.appointments.actions.asked import asked_in_plan
from clinic.appointments.actions.series_course import Asked, Course
from clinic.appointments.actions.series_supply import Market
from clinic.appointments.actions.series_supply import Wanted as Looked
from clinic.appointments.models import Appointment, BookingPolicy, Resource
from clinic.appointments.rules import slots
from clinic.appointments.rules.limits import Door
from clinic.appointments.rules.series import relaxing
from clinic.appointments.rules.series.answer import Limit, Placed, Proposal
from clinic.appointments.rules.series.problem import Block, Booked, Happened, Pin, Problem, Session, Supply, Wishes
from clinic.appointments.rules.status import Status
from people.models import Clinic, Site
from people.rules.refusal import Refused
from programs.actions import offering, safety
from programs.actions.safety import Treatment
from programs.actions.safety_file import Nearby, SafetyFile
from programs.models import Plan, PlannedSession
from programs.rules.contraindications import BLOCKED, OVERRIDE_REQUIRED
from programs.rules.services import Service

__all__ = ["Asked", "NothingToBook", "Task", "task", "tasks"]

# From a site to another of the same clinic. Nobody has measured it; a clinic with one site never sees it.
TRAVEL_MINUTES: Final = 45
# Beyond the windows, so that it can be said which wider window would do.
ROOM_TO_RELAX = timedelta(days=28)
LATE_WITHIN = timedelta(days=14)


class NothingToBook(Refused):
    """Every session is booked, done or past."""

    def __init__(self) -> None:
        super().__init__(_("Every session of this plan is booked or done. There is nothing to book."))


@dataclass(frozen=True, slots=True)
class Task:
    """A plan to be booked or mended, with everything a page needs to say about it."""

    course: Course
    sessions: Mapping[UUID, PlannedSession]
    problem: Problem
    lost: frozenset[UUID]  # the sessions whose visit cannot stay
    resources: Mapping[UUID, Resource]
    sites: Mapping[UUID, Site]
    services: Mapping[str, Service]

    @property
    def plan(self) -> Plan:
        return self.course.plan

    @property
    def ahead(self) -> Mapping[UUID, Appointment]:
        """The visits that stand and could move, by session."""
        return self.course.ahead

    @property
    def forbidden(self) -> frozenset[UUID]:
        """The sessions whose visit stands on a day on which facts or flags are against it."""
        sessions = (it for it in self.problem.sessions if it.booked and it.booked.day in it.blocked)
        return frozenset(it.id for it in sessions)

    def without_broken(self, proposal: Proposal) -> tuple[list[Placed], list[Placed]]:
        """What of an earlier proposal can still be had, and what is lost."""
        kept: list[Placed] = []
        lost: list[Placed] = []
        known = {it.id: it for it in self.problem.wanted}
        for it in proposal.placed:
            if session := known.get(it.session_id):
                stands = session.booked == it.visit and it.session_id not in self.lost
                (kept if stands or self._is_free(it.visit, self.problem.supply[session.service]) else lost).append(it)
        return kept, lost

    @staticmethod
    def _is_free(it: Booked, supply: Supply) -> bool:
        nth = (it.starts - supply.first) // slots.GRID_MINUTES
        who = (it.clinician_id, it.site_id)
        seats = [seat.bits for seat in supply.seats if (seat.clinician_id, seat.site_id) == who]
        rooms = [place.bits for place in supply.rooms if place.ids == (it.room_id,)]
        devices = [place.bits for place in supply.devices if place.ids == it.device_ids]
        needed = [seats, rooms, devices] if supply.needs_devices else [seats, rooms]
        return nth >= 0 and all(any(bits >> nth & 1 for bits in each) for each in needed)


def task(plan: Plan, asked: Asked, *, now: datetime, door: Door = Door.DESK) -> Task:
    """Everything the solver has to know of a plan, its patient and the book. Under twenty queries, however long.

    Raises `NothingToBook`.
    """
    found = tasks([plan], asked, now=now, door=door)
    if not found:
        raise NothingToBook
    return found[0]


def tasks(plans: Collection[Plan], asked: Asked, *, now: datetime, door: Door = Door.DESK) -> list[Task]:
    """The same for many plans over one and the same free time. As many queries as for one."""
    today = Clinic.day_of(now)
    services = offering.current()
    courses = series_course.courses(plans, asked, services, today=today, now=now)
    if not courses:
        return []
    every = [session for course in courses for session in course.sessions]
    first = max(today, min(it.due_from for it in every) - ROOM_TO_RELAX)
    last = max(today + LATE_WITHIN, *(it.due_until for it in every)) + ROOM_TO_RELAX
    policy = BookingPolicy.current()
    market = Market(
        Looked(
            services=list({(kind := asked_in_plan(it, services)).code: kind for it in every}.values()),
            first=first,
            last=last,
            now=now,
            limits=limits.under(policy, door),
            patients=[course.plan.patient for course in courses],
            # What cannot stay gives its time back. What could move keeps it until it does.
            freeing=[course.ahead[pk] for course in courses for pk in course.lost(asked)],
        )
    )
    supply = market.supply()
    return [_task(course, asked, market, supply, policy=policy, services=services, today=today) for course in courses]


def _task(
    course: Course,
    asked: Asked,
    market: Market,
    supply: Mapping[str, Supply],
    *,
    policy: BookingPolicy,
    services: Mapping[str, Service],
    today: date,
) -> Task:
    sites = {**{it.site_id: it.site for it in course.ahead.values()}, **market.sites}
    problem = Problem(
        sessions=tuple(_sessions(course, asked, services, today=today)),
        supply=supply,
        zones={pk: site.zone for pk, site in sites.items()},
        rules=tuple(course.file.book.timing_rules.values()),
        happened=tuple(_happened(course.fixed, course.file)),
        wishes=_wishes(course, asked),
        not_before=slots.minute_from(market.wanted.now + market.wanted.limits.notice),
        busy=tuple(_elsewhere(course, market)),
        load=market.load,
        load_of=market.load_of,
        daily=policy.daily_limit,
        travel=TRAVEL_MINUTES if len(market.sites) > 1 else 0,
        reviews=tuple(course.reviews),
        unseen=_unseen(course, today),
    )
    problem = relaxing.applied(problem, *(step for step in asked.allowed if step.limit != Limit.OVERRIDE))
    sessions = {it.pk: it for it in course.sessions}
    return Task(course, sessions, problem, course.lost(asked), market.resources, sites, services)


def _elsewhere(course: Course, market: Market) -> Iterator[tuple[int, int]]:
    """When the patient is held by what does not move. Nobody is in two places: what overlaps a visit is that visit."""
    own = [(slots.minute_of(it.starts_at), slots.minute_from(it.ends_at)) for it in course.ahead.values()]
    for starts, ends in market.elsewhere(course.plan.patient):
        if not any(starts < until and begins < ends for begins, until in own):
            yield starts, ends


def _sessions(course: Course, asked: Asked, services: Mapping[str, Service], *, today: date) -> Iterator[Session]:
    blocked = _blocked(course, today=today)
    given, lost = course.given, course.lost(asked)
    seen: dict[str, PlannedSession] = {}
    for it in course.sessions:
        due_from, due_on = max(it.due_from, today), max(it.due_on, today)
        # A session whose days are over is not lost: it is due now, and soon.
        due_until = it.due_until if it.due_until >= today else today + LATE_WITHIN
        visit = course.ahead.get(it.pk)
        booked = series_course.booked(visit) if visit else None
        against = blocked[it.modality, it.technique]
        # To leave out a visit that stands is to leave it where it is.
        is_left = it.pk in asked.left_out and booked is not None and it.pk not in lost and booked.day not in against
        last = given.get(it.modality)
        gap = series_gaps.gap(it, seen.get(it.modality), last, course)
        seen[it.modality] = it
        yield Session(
            id=it.pk,
            service=asked_in_plan(it, services).code,
            modality=it.modality,
            technique=it.technique,
            phase=it.phase.ordinal,
            number=it.ordinal,
            due_from=due_from,
            due_on=min(due_on, due_until),
            due_until=due_until,
            gap=gap,
            follows=last.local_start.date() if last else None,
            is_optional=it.is_optional,
            hold_loading_days=it.hold_loading_days,
            blocked=against,
            pinned=_where(booked) if booked and is_left else asked.pins.get(it.pk),
            is_excluded=it.pk in asked.left_out and not is_left,
            booked=booked,
            was_moved=visit is not None and visit.timed_at > visit.booked_at,
        )


def _unseen(course: Course, today: date) -> Mapping[str, int]:
    """By treatment, how often it was given since somebody last looked whether it helps, or is about to be."""
    given = Counter({code: len(notes) for code, notes in course.file.unlooked.items()})
    coming = (it for it in course.fixed if it.status != Status.DONE and it.local_start.date() >= today)
    given.update(it.service.modality for it in coming if it.service.modality)
    return given


def _where(it: Booked) -> Pin:
    return Pin(it.starts, it.clinician_id, it.site_id)


def _blocked(course: Course, *, today: date) -> Mapping[tuple[str, str], Mapping[date, Block]]:
    """On which days facts and flags speak against a treatment."""
    kinds = sorted({(it.modality, it.technique) for it in course.sessions})
    standing = {it.local_start.date() for it in course.ahead.values()}
    first = max(today, min(it.due_from for it in course.sessions) - ROOM_TO_RELAX)
    last = max(today + LATE_WITHIN, *(it.due_until for it in course.sessions), *standing) + ROOM_TO_RELAX
    days = sorted({*standing, *(first + timedelta(days=n) for n in range((last - first).days + 1))})
    wanted = [Treatment(modality, day, technique) for modality, technique in kinds for day in days]
    words = {BLOCKED: Block.BLOCKED, OVERRIDE_REQUIRED: Block.OVERRIDABLE}
    found: dict[tuple[str, str], dict[date, Block]] = {kind: {} for kind in kinds}
    # Each day by itself: the solver keeps the treatments apart.
    for it in safety.standings(course.file, wanted, nearby=Nearby(is_plan=True)):
        if it.status in words:
            found[it.treatment.modality, it.treatment.technique][it.treatment.on] = words[it.status]
    return found


def _happened(visits: Iterable[Appointment], file: SafetyFile) -> Iterator[Happened]:
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


def _wishes(course: Course, asked: Asked) -> Wishes:
    liked = course.liked
    seen = sorted([*course.fixed, *course.ahead.values()], key=lambda it: it.starts_at)
    last = next((it for it in reversed(seen) if it.status == Status.DONE), None)
    clinicians = {it.service.modality: it.clinician_id for it in seen if it.service.modality}
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
