"""Made-up clinics and plans for the plan solver: the same for the same chance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.appointments.rules import local_time
from clinic.appointments.rules.series.problem import (
    Block,
    Gap,
    Happened,
    Pin,
    Place,
    Problem,
    Seat,
    Session,
    Supply,
    Wishes,
)
from clinic.appointments.rules.slots import Grid, Span
from programs.rules.rulebook import rulebook

DAY = timedelta(days=1)
LOOKS = (14, 28, 42, 56, 84)  # days of a plan on which somebody looks whether it helps, as the programs have them
ZONE = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Course:
    """A row of sessions as templates have them: gaps in days, and minutes of the visit."""

    modality: str
    technique: str
    gap: Gap
    minutes: int
    cleanup: int = 0  # minutes of the room
    devices: int = 0  # machines in the clinic; none is needed if there are none


COURSES = (
    Course("laser_therapy", "lllt_3b", Gap(1, 3, 7), 30, 5, devices=3),
    Course("exercise_program", "ex_resistance", Gap(3, 7, 14), 30, 5),
    Course("chiropractic_care", "cervical_mobilization", Gap(2, 4, 10), 30, 5),
    Course("dry_needling", "dn_deep", Gap(5, 7, 14), 30, 10),
    Course("shockwave", "eswt_radial", Gap(5, 7, 14), 30, 5, devices=2),
    Course("prp", "prp_ligament", Gap(28, 42, 56), 60, 15),
)


@dataclass(frozen=True, slots=True)
class Clinic:
    supply: dict[str, Supply]
    zones: dict[UUID, ZoneInfo]
    clinicians: tuple[UUID, ...]
    first: date
    days: int

    @property
    def sites(self) -> tuple[UUID, ...]:
        return tuple(self.zones)


def a_chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - made-up data that must be the same every time, not a secret


def a_clinic(
    chance: Random, *, first: date, days: int, clinicians: int, sites: int = 2, busy: float = 0.6, opens: int = 8
) -> Clinic:
    """Everybody works most weekdays, `busy` of it is taken, and each can give most of the modalities."""
    zones = {_id(chance): ZONE for _n in range(sites)}
    people = tuple(_id(chance) for _n in range(clinicians))
    grid = Grid(_midnight(first - DAY), _midnight(first + (days + 1) * DAY))
    where = {who: chance.choice(list(zones)) for who in people}
    working = {who: _hours(chance, first, days, opens) for who in people}
    taken = {who: _taken(chance, working[who], busy) for who in people}
    rooms = {_id(chance): site for site in zones for _n in range(max(2, clinicians // 2))}
    filled = {room: _taken(chance, _hours(chance, first, days, opens, always=True), busy / 2) for room in rooms}
    supply = {}
    for course in COURSES:
        able = [who for who in people if chance.random() < 0.7] or list(people)
        seats = [
            Seat(
                who, where[who], grid.fitting(working[who], course.minutes) & ~grid.clashing(taken[who], course.minutes)
            )
            for who in able
        ]
        kept = course.minutes + course.cleanup
        free = tuple(
            Place((room,), site, ~grid.clashing(filled[room], kept) & _all(grid)) for room, site in rooms.items()
        )
        machines = tuple(
            Place(
                (_id(chance),),
                site,
                ~grid.clashing(_taken(chance, working[people[0]], busy / 2), course.minutes) & _all(grid),
            )
            for site in zones
            for _n in range(course.devices)
        )
        supply[course.modality] = Supply(
            first=grid.first,
            minutes=course.minutes,
            seats=tuple(_with_rooms(seat, free, machines) for seat in seats),
            rooms=free,
            devices=machines,
            needs_devices=bool(machines),
            room_margins=(0, course.cleanup),
        )
    return Clinic(supply, zones, people, first, days)


def a_plan(
    chance: Random, clinic: Clinic, *, sessions: int, weeks: int, courses: Sequence[Course] = COURSES
) -> Problem:
    """Sessions of several courses side by side, due over so many weeks, in up to three phases."""
    counts = {course.modality: 0 for course in courses}
    for _n in range(sessions):
        most = [it for it in courses if (counts[it.modality] + 1) * it.gap.least <= weeks * 7]
        counts[chance.choice(most or list(courses)).modality] += 1
    made = [it for course in courses for it in _course(chance, clinic, course, counts[course.modality], weeks)]
    return Problem(
        sessions=tuple(made),
        supply=clinic.supply,
        zones=clinic.zones,
        rules=tuple(rulebook().timing_rules.values()),
        travel=30,
        reviews=tuple(clinic.first + n * DAY for n in LOOKS),
    )


def _course(chance: Random, clinic: Clinic, course: Course, count: int, weeks: int) -> list[Session]:
    if not count:
        return []
    gap = course.gap
    days = weeks * 7
    pace = min(max(gap.target, days // count), gap.most)
    begins = chance.randrange(0, max(1, min(14, days - count * pace + 1)))
    made = []
    for n in range(count):
        due = begins + n * pace
        made.append(
            Session(
                id=_id(chance),
                service=course.modality,
                modality=course.modality,
                technique=course.technique,
                phase=1,
                number=n + 1,
                due_from=clinic.first + max(0, due - max(pace // 2, 2) - n) * DAY,
                due_on=clinic.first + due * DAY,
                due_until=clinic.first + (due + max(pace // 2, 2) + n) * DAY,
                gap=gap if n else None,
                is_loading=course.technique == "ex_resistance",
                hold_loading_days=3 if course.modality == "prp" else 0,
            )
        )
    return made


def with_a_life(chance: Random, problem: Problem, clinic: Clinic) -> Problem:
    """The patient has a job, a holiday, pills and other visits; some sessions are pinned, blocked or left out."""
    day = clinic.first + chance.randrange(clinic.days) * DAY
    away = {day + n * DAY for n in range(chance.randrange(1, 6))} if chance.random() < 0.5 else set()
    wishes = Wishes(
        weekdays=frozenset(chance.sample(range(5), chance.randrange(2, 6))) if chance.random() < 0.5 else frozenset(),
        earliest=time(chance.randrange(8, 11)) if chance.random() < 0.3 else None,
        latest=time(chance.randrange(14, 18)) if chance.random() < 0.3 else None,
        site_id=chance.choice(clinic.sites) if chance.random() < 0.3 else None,
        longest_absence=chance.randrange(5, 30) if chance.random() < 0.3 else None,
        away=frozenset(away),
        usual=time(chance.randrange(8, 17)) if chance.random() < 0.4 else None,
        clinicians={problem.sessions[0].modality: chance.choice(clinic.clinicians)} if chance.random() < 0.4 else {},
    )
    sessions = [_of_a_life(chance, it, clinic) for it in problem.sessions]
    return replace(
        problem,
        sessions=tuple(sessions),
        wishes=wishes,
        happened=tuple(happened(chance, clinic.sites, clinic.first, clinic.days) for _n in range(chance.randrange(4))),
        not_before=local_minute(clinic.first, chance.randrange(0, 12)),
        busy=tuple(_busy(chance, clinic) for _n in range(chance.randrange(4))),
        load={
            (who, clinic.first + n * DAY): chance.randrange(6) for who in clinic.clinicians for n in range(clinic.days)
        },
        daily=5 if chance.random() < 0.3 else None,
        reviews=tuple(sorted(clinic.first + chance.randrange(clinic.days) * DAY for _n in range(chance.randrange(4)))),
        unseen={it.modality: chance.randrange(4) for it in COURSES if chance.random() < 0.3},
    )


def _of_a_life(chance: Random, it: Session, clinic: Clinic) -> Session:
    lot = chance.random()
    if lot < 0.05:
        return replace(it, is_excluded=True)
    if lot < 0.12:
        seats = clinic.supply[it.service].seats
        starts = Grid(_midnight(clinic.first), _midnight(clinic.first + DAY)).first
        bits = reduce(or_, (seat.bits for seat in seats), 0)
        ahead = (local_minute(it.due_on, 0) - clinic.supply[it.service].first) // 15
        nearest = next((n for n in range(ahead, ahead + 96) if bits >> n & 1), None)
        return replace(it, pinned=Pin(clinic.supply[it.service].first + nearest * 15)) if nearest and starts else it
    if lot < 0.2:
        block = chance.choice(list(Block))
        return replace(it, blocked={it.due_on + n * DAY: block for n in range(-1, chance.randrange(0, 4))})
    return replace(it, phase=1 + (it.number > 2)) if lot < 0.3 else it


def happened(chance: Random, sites: Sequence[UUID], first: date, days: int) -> Happened:
    day = first + chance.randrange(-20, days) * DAY
    is_treatment = chance.random() < 0.7
    code = chance.choice(COURSES).modality if is_treatment else chance.choice(["med_nsaid", "med_systemic_steroid"])
    begins, ends = (local_minute(day, 0), local_minute(day + DAY, 0))
    if is_treatment:
        begins = local_minute(day, chance.randrange(8, 16))
        ends = begins + 30
    return Happened(
        code=code,
        day=day,
        starts=begins,
        ends=ends,
        is_treatment=is_treatment,
        is_visit=is_treatment,
        site_id=chance.choice(sites) if is_treatment else None,
    )


def _busy(chance: Random, clinic: Clinic) -> Span:
    begins = local_minute(clinic.first + chance.randrange(clinic.days) * DAY, chance.randrange(8, 16))
    return Span(begins, begins + 60 * chance.randrange(1, 5))


def _hours(chance: Random, first: date, days: int, opens: int, *, always: bool = False) -> list[Span]:
    spans = []
    for n in range(days):
        day = first + n * DAY
        if day.weekday() < 5 and (always or chance.random() < 0.85):
            begins = local_minute(day, opens)
            spans.append(Span(begins, begins + 60 * (8 if always else chance.choice((4, 8)))))
    return spans


def _taken(chance: Random, working: Sequence[Span], busy: float) -> list[Span]:
    found: list[Span] = []
    for span in working:
        halves = range(span.starts, span.ends, 30)
        found += [Span(begins, begins + 30) for begins in halves if chance.random() < busy]
    return found


def _with_rooms(seat: Seat, rooms: Sequence[Place], machines: Sequence[Place]) -> Seat:
    free = reduce(or_, (it.bits for it in rooms if it.site_id == seat.site_id), 0)
    if machines:
        free &= reduce(or_, (it.bits for it in machines if it.site_id == seat.site_id), 0)
    return replace(seat, bits=seat.bits & free)


def _all(grid: Grid) -> int:
    return (1 << grid.count) - 1


def _id(chance: Random) -> UUID:
    return UUID(int=chance.getrandbits(128))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def local_minute(day: date, hour: int) -> int:
    return int(local_time.instant(day, time(hour), ZONE).timestamp()) // 60
