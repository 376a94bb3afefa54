"""Whether a plan keeps every rule: from the text of the rules and of the issue, not from the code that solves.

The timing rules are read from `interactions.toml` itself. Nothing is imported but the values that the solver is given
and gives back. Slow and plain on purpose.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from clinic.appointments.rules.series.problem import Booked, Happened, Problem, Session

RULES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).parents[1].joinpath("programs/knowledge/interactions.toml").read_text(encoding="utf-8")
)["interaction"]
Visits = Mapping[UUID, Booked]
Broken = set[tuple[str, frozenset[UUID | None]]]  # a timing rule, and between which sessions; None is the past
ONE_DAY = timedelta(days=1)


def at(minute: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)


def breaches(problem: Problem, visits: Visits) -> list[str]:
    """Everything that must not be, in words. `visits` is where each session is that is not left out."""
    sessions = [it for it in problem.sessions if not it.is_excluded]
    if set(visits) != {it.id for it in sessions}:
        return ["a session without a visit, or a visit without a session"]
    found = [f"{it.id}: {words}" for it in sessions for words in alone(problem, it, visits[it.id])]
    for n, one in enumerate(sessions):
        for other in sessions[:n]:
            early, late = sorted((one, other), key=lambda it: visits[it.id].starts)
            found += _together(problem, early, visits[early.id], late, visits[late.id])
    found += _spaced(problem, visits)
    found += [f"{rule} is hard" for rule, _between in too_near(problem, visits, "hard")]
    return found + list(_too_long_away(problem, visits)) + list(_too_many(problem, visits))


@dataclass(frozen=True, slots=True)
class Event:
    """A session at its place, or something of the past. `is_first`: the patient never had that treatment before."""

    id: UUID | None
    code: str
    technique: str
    is_treatment: bool
    regions: frozenset[str]
    day: date
    starts: int
    ends: int
    is_first: bool


def _session(problem: Problem, it: Session, visits: Visits) -> Event:
    visit = visits[it.id]
    earlier = [s for s in problem.sessions if s.modality == it.modality and s.number < it.number and s.id in visits]
    past = [each for each in problem.happened if each.is_treatment and each.code == it.modality]
    is_first = not earlier and not past and it.follows is None
    return Event(it.id, it.modality, it.technique, True, it.regions, visit.day, visit.starts, visit.ends, is_first)


def _past(problem: Problem, it: Happened) -> Event:
    before = [
        each for each in problem.happened if each.is_treatment and each.code == it.code and each.starts < it.starts
    ]
    is_first = it.is_treatment and not before
    return Event(None, it.code, it.technique, it.is_treatment, it.regions, it.day, it.starts, it.ends, is_first)


def too_near(problem: Problem, visits: Visits, strength: str) -> Broken:
    """The timing rules of that strength that are broken."""
    events = [_session(problem, it, visits) for it in problem.sessions if it.id in visits]
    events += [_past(problem, it) for it in problem.happened]
    return set(_never_looked_at(problem, visits, strength)) | {
        (rule["code"], frozenset({first.id, then.id}))
        for rule in RULES
        if rule["unit"] == "days" and rule["strength"] == strength
        for first in events
        for then in events
        # Of two that are at the same time nobody knows which was first.
        if first is not then and (first.id or then.id) and first.starts < then.ends
        if _speaks_of(rule, first, then) and _lies_between(rule, first, then) < rule["min_gap"]
    }


def _never_looked_at(problem: Problem, visits: Visits, strength: str) -> Iterator[tuple[str, frozenset[UUID | None]]]:
    """Sessions with so many before them, since the first of which nobody has looked whether the treatment helps."""
    for rule in RULES:
        if rule["unit"] != "sessions" or rule["strength"] != strength:
            continue
        mine = sorted((it for it in problem.sessions if it.modality == rule["first"]), key=lambda it: it.number)
        row = [None] * problem.unseen.get(rule["first"], 0) + [it.id for it in mine if it.id in visits]
        for first, then in zip(row, row[rule["min_gap"] :], strict=False):
            since = visits[first].day if first else date.min
            if then and not any(since < look <= visits[then].day for look in problem.reviews):
                yield rule["code"], frozenset({first, then})


def _speaks_of(rule: dict[str, Any], first: Event, then: Event) -> bool:
    if rule["same_region_only"] and first.regions and then.regions and not first.regions & then.regions:
        return False
    condition = rule.get("applies_when", "")
    if condition == "first_ever_of_either" and not (first.is_first or then.is_first):
        return False
    if condition == "first_ever_of_both" and not (first.is_first and then.is_first):
        return False
    ways = [(first, then), (then, first)] if rule.get("symmetric") else [(first, then)]
    return any(
        _is(one, [rule["first"]], rule["first_techniques"])
        and _is(other, [rule["then"], *rule.get("also", [])], rule["then_techniques"])
        for one, other in ways
    )


def _is(event: Event, codes: list[str], techniques: list[str]) -> bool:
    named = event.code in codes or (event.is_treatment and "any_modality" in codes)
    return named and (not techniques or not event.technique or event.technique in techniques)


def _lies_between(rule: dict[str, Any], first: Event, then: Event) -> float:
    """Days of the calendar; where the rule is of a part of a day, the time that has passed."""
    if float(rule["min_gap"]).is_integer():
        return float(max((then.day - first.day).days, 0))
    return max((at(then.starts) - at(first.ends)) / ONE_DAY, 0.0)


def alone(problem: Problem, it: Session, visit: Booked) -> Iterator[str]:
    zone = problem.zones[visit.site_id]
    begins, ends = at(visit.starts).astimezone(zone), at(visit.ends).astimezone(zone)
    if begins.date() != visit.day or not it.due_from <= visit.day <= it.due_until or visit.day in it.blocked:
        yield "not on one of its days"
    if it.booked == visit:
        return  # they have agreed to it
    yield from _against_wishes(problem, it, visit, begins, ends)
    yield from _unfree(problem, it, visit)
    if visit.starts < problem.not_before:
        yield "too soon"
    if any(begin < visit.ends and visit.starts < end for begin, end in problem.busy):
        yield "while the patient is elsewhere"
    for other in problem.happened:
        way = 0 if other.site_id in {None, visit.site_id} else problem.travel
        if other.is_visit and visit.starts - way < other.ends and other.starts < visit.ends + way:
            yield "at the time of another visit, or on the way to it"


def _against_wishes(problem: Problem, it: Session, visit: Booked, begins: datetime, ends: datetime) -> Iterator[str]:
    wishes, pin = problem.wishes, it.pinned
    if (wishes.weekdays and visit.day.isoweekday() - 1 not in wishes.weekdays) or visit.day in wishes.away:
        yield "on a day on which the patient cannot come"
    too_late = wishes.latest and (ends.date() > begins.date() or ends.time() > wishes.latest)
    if (wishes.earliest and begins.time() < wishes.earliest) or too_late:
        yield "at an hour at which the patient cannot come"
    if pin and (visit.starts != pin.starts or (pin.clinician_id or visit.clinician_id) != visit.clinician_id):
        yield "not where it was put by hand"
    if ((pin.site_id if pin else wishes.site_id) or visit.site_id) != visit.site_id:
        yield "at another site"


def _unfree(problem: Problem, it: Session, visit: Booked) -> Iterator[str]:
    supply = problem.supply[it.service]
    if visit.ends - visit.starts != supply.minutes:
        yield "not as long as the service"
    offered: dict[str, list[tuple[object, UUID, int]]] = {
        "clinician": [(seat.clinician_id, seat.site_id, seat.bits) for seat in supply.seats],
        "room": [(room.ids, room.site_id, room.bits) for room in supply.rooms],
        "devices": [(device.ids, device.site_id, device.bits) for device in supply.devices],
    }
    taken = {"clinician": visit.clinician_id, "room": (visit.room_id,), "devices": visit.device_ids}
    for what, chosen in taken.items():
        if what == "devices" and not supply.needs_devices:
            continue
        free = [bits for who, where, bits in offered[what] if (who, where) == (chosen, visit.site_id)]
        starts = {supply.first + 15 * n for bits in free for n in range(bits.bit_length()) if bits & 1 << n}
        if visit.starts not in starts:
            yield f"the {what} is not free"


def _together(problem: Problem, early: Session, first: Booked, late: Session, then: Booked) -> Iterator[str]:
    way = problem.travel if first.site_id != then.site_id and first.day == then.day else 0
    if then.starts < first.ends + way:
        yield "the patient cannot be in two places"
    for what, begin, end in _kept(problem, early, first):
        if any(what == same and begin < until and since < end for same, since, until in _kept(problem, late, then)):
            yield "a clinician, room or device is given twice"
    if early.modality == late.modality and late.number < early.number:
        yield "sessions of a modality are out of order"
    if early.modality != late.modality and late.phase < early.phase:
        yield "phases are out of order"
    if late.is_loading and then.day < first.day + early.hold_loading_days * ONE_DAY:
        yield "resistance exercise too soon after an injection"


def _kept(problem: Problem, it: Session, visit: Booked) -> Iterator[tuple[UUID, int, int]]:
    supply = problem.supply[it.service]
    for ids, (before, after) in (
        ([visit.clinician_id], supply.clinician_margins),
        ([visit.room_id], supply.room_margins),
        (visit.device_ids, supply.device_margins),
    ):
        yield from ((each, visit.starts - before, visit.ends + after) for each in ids)


def _spaced(problem: Problem, visits: Visits) -> Iterator[str]:
    """What is left out hands its longest gap on to the next; the shortest is that of the next alone."""
    for modality in {it.modality for it in problem.sessions}:
        before: date | None = None
        most: int | None = 0
        for it in sorted((s for s in problem.sessions if s.modality == modality), key=lambda s: s.number):
            before = before or it.follows
            most = None if it.gap is None else it.gap.most + (most or 0)
            if it.is_excluded:
                continue
            day = visits[it.id].day
            if before and it.gap and most and not it.gap.least <= (day - before).days <= most:
                yield f"{modality} {it.number} comes {(day - before).days} days after the one before"
            before, most = day, 0


def _too_long_away(problem: Problem, visits: Visits) -> Iterator[str]:
    days = {visit.day for visit in visits.values()}
    if problem.wishes.longest_absence and days:
        also = {it.day for it in problem.happened if it.is_visit and min(days) < it.day < max(days)}
        coming = sorted(days | also)
        if any((b - a).days > problem.wishes.longest_absence for a, b in pairwise(coming)):
            yield "away for too long"


def _too_many(problem: Problem, visits: Visits) -> Iterator[str]:
    """More than a clinician gives in a day, of all or of one service. What stays where it is booked is in the load."""
    new: dict[tuple[UUID, date], list[str]] = {}
    for it in problem.sessions:
        if it.id in visits and visits[it.id] != it.booked:
            new.setdefault((visits[it.id].clinician_id, visits[it.id].day), []).append(it.service)
    for (who, day), services in new.items():
        if problem.daily is not None and problem.load.get((who, day), 0) + len(services) > problem.daily:
            yield "too many for a clinician in a day"
        for service in set(services):
            limit, has = problem.supply[service].daily, problem.load_of.get((who, day, service), 0)
            if limit is not None and has + services.count(service) > limit:
                yield "too many of one kind for a clinician in a day"
