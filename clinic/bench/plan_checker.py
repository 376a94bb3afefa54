"""Whether a plan keeps every rule, and what it costs: written from the rules' text, not from the solver.

Nothing here is shared with the solver but the values that go in and come out. It is slow and plain on purpose.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from uuid import UUID

from clinic.appointments.rules.series.problem import Booked, Gap, Happened, Problem, Session
from programs.rules.timing import Happening, TimingRule, judge

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Visits = Mapping[UUID, Booked]


@dataclass(frozen=True, slots=True)
class Event:
    """A session with its visit, or something that has happened."""

    code: str
    technique: str
    is_treatment: bool
    regions: frozenset[str]
    day: date
    starts: int
    ends: int
    id: UUID | None


def wrong(problem: Problem, visits: Visits) -> list[str]:
    """Every hard rule that the plan breaks, in words."""
    found = [f"{it.id} has no place" for it in problem.wanted if it.id not in visits]
    if found:
        return found
    pairs = [(it, visits[it.id]) for it in problem.wanted]
    for it, visit in pairs:
        found += of_one(problem, it, visit)
    for (one, first), (other, then) in combinations(pairs, 2):
        found += of_two(problem, one, first, other, then)
    found += _gaps(problem, visits)
    found += [f"hard: {rule}" for rule, *_rest in _timing(problem, visits, "hard")]
    found += [f"nobody looks: {rule}" for rule, _between in _unseen(problem, visits, "hard")]
    found += _absence(problem, visits)
    return found + _loads(problem, pairs)


def soft(problem: Problem, visits: Visits) -> set[tuple[str, frozenset[UUID | None]]]:
    """Every soft rule that is broken, between whom; without those that everybody agreed to."""
    agreed = {(rule, frozenset({a, b})) for a, b, rule in problem.accepted}
    found = {(rule, between) for rule, between in _timing(problem, visits, "soft")}
    return (found | set(_unseen(problem, visits, "soft"))) - agreed


def local(problem: Problem, minute: int, site: UUID) -> datetime:
    return (EPOCH + timedelta(minutes=minute)).astimezone(problem.zones[site])


def of_one(problem: Problem, it: Session, visit: Booked) -> Iterator[str]:
    """What is wrong with a visit, wherever the others are."""
    if local(problem, visit.starts, visit.site_id).date() != visit.day:
        yield "the day is not that of the site"
    if not it.due_from <= visit.day <= it.due_until:
        yield "outside the window"
    if visit.day in it.blocked:
        yield "on a blocked day"
    if it.booked != visit:  # else agreed to before: neither wishes nor free time are asked again
        yield from _wishes(problem, it, visit)
        yield from _pinned(problem, it, visit)
        yield from _beside_others(problem, visit)
        yield from _free(problem, it, visit)


def _wishes(problem: Problem, it: Session, visit: Booked) -> Iterator[str]:
    wishes = problem.wishes
    starts, ends = (local(problem, minute, visit.site_id) for minute in (visit.starts, visit.ends))
    if wishes.weekdays and visit.day.weekday() not in wishes.weekdays:
        yield "on a weekday that does not suit"
    if visit.day in wishes.away:
        yield "on a day away"
    if wishes.earliest and starts.time() < wishes.earliest:
        yield "too early"
    if wishes.latest and (ends.date() != starts.date() or ends.time() > wishes.latest):
        yield "too late"
    if not it.pinned and wishes.site_id not in {None, visit.site_id}:
        yield "at another site"


def _pinned(problem: Problem, it: Session, visit: Booked) -> Iterator[str]:
    pin = it.pinned
    if visit.ends - visit.starts != problem.supply[it.service].minutes:
        yield "not as long as the service"
    if pin and (visit.starts != pin.starts or pin.clinician_id not in {None, visit.clinician_id}):
        yield "not where it was pinned"
    if visit.starts < problem.not_before:
        yield "in the past"
    if any(visit.starts < end and begin < visit.ends for begin, end in problem.busy):
        yield "while the patient is elsewhere"


def _beside_others(problem: Problem, visit: Booked) -> Iterator[str]:
    for other in problem.happened:
        if other.is_visit:
            way = problem.travel if other.site_id not in {None, visit.site_id} else 0
            if visit.starts < other.ends + way and other.starts - way < visit.ends:
                yield "at the time of another visit, or on the way"


def _free(problem: Problem, it: Session, visit: Booked) -> Iterator[str]:
    supply = problem.supply[it.service]
    nth = (visit.starts - supply.first) // 15
    if (visit.starts - supply.first) % 15 or nth < 0:
        yield "off the grid"
        return

    def is_open(bits: int) -> bool:
        return bool(bits >> nth & 1)

    if not any(
        s.clinician_id == visit.clinician_id and s.site_id == visit.site_id and is_open(s.bits) for s in supply.seats
    ):
        yield "the clinician is not free"
    if not any(r.ids == (visit.room_id,) and r.site_id == visit.site_id and is_open(r.bits) for r in supply.rooms):
        yield "the room is not free"
    if supply.needs_devices:
        if not any(
            d.ids == visit.device_ids and d.site_id == visit.site_id and is_open(d.bits) for d in supply.devices
        ):
            yield "the devices are not free"
    elif visit.device_ids:
        yield "devices that nobody needs"


def of_two(problem: Problem, one: Session, first: Booked, other: Session, then: Booked) -> Iterator[str]:
    """What is wrong with two visits of one plan, wherever the rest is. Gaps and timing rules are not looked at."""
    way = problem.travel if first.site_id != then.site_id and first.day == then.day else 0
    if first.starts < then.ends + way and then.starts < first.ends + way:
        yield "the patient would have to be in two places"
    mine, theirs = held(problem, one, first), held(problem, other, then)
    for what, begin, end in mine:
        if any(what == same and begin < until and since < end for same, since, until in theirs):
            yield "kept twice at once"
    early, late = (one, other) if first.starts < then.starts else (other, one)
    if one.modality == other.modality and early.number > late.number:
        yield "out of order"
    if one.modality != other.modality and early.phase > late.phase:
        yield "phases out of order"
    if late.is_loading and abs((then.day - first.day).days) < early.hold_loading_days:
        yield "loaded too early"


def held(problem: Problem, it: Session, visit: Booked) -> list[tuple[UUID, int, int]]:
    """Who and what a visit keeps, from which minute to which: with what is prepared before and cleaned after."""
    supply = problem.supply[it.service]
    kept = [(visit.clinician_id, supply.clinician_margins), (visit.room_id, supply.room_margins)]
    kept += [(each, supply.device_margins) for each in visit.device_ids]
    return [(what, visit.starts - before, visit.ends + after) for what, (before, after) in kept]


def gaps(problem: Problem) -> Iterator[tuple[Session, Session | date, Gap]]:
    """Each gap that is asked for: the later session, the one or the day before it, and how many days."""
    for modality in {it.modality for it in problem.sessions}:
        before: Session | date | None = None
        most = target = 0
        for it in sorted(
            (each for each in problem.sessions if each.modality == modality), key=lambda each: each.number
        ):
            if before is None and it.follows:
                before = it.follows
            if it.gap is None:
                most = target = 0
            else:
                most, target = most + it.gap.most, target + it.gap.target
                if not it.is_excluded and before is not None:
                    yield it, before, Gap(it.gap.least, target, most)
            if not it.is_excluded:
                before, most, target = it, 0, 0


def _gaps(problem: Problem, visits: Visits) -> Iterator[str]:
    for it, before, gap in gaps(problem):
        day = before if isinstance(before, date) else visits[before.id].day
        apart = (visits[it.id].day - day).days
        if not gap.least <= apart <= gap.most:
            yield f"a gap of {apart} days, not {gap.least} to {gap.most}"


def _events(problem: Problem, visits: Visits) -> list[Event]:
    sessions = [
        Event(
            it.modality,
            it.technique,
            True,
            it.regions,
            visits[it.id].day,
            visits[it.id].starts,
            visits[it.id].ends,
            it.id,
        )
        for it in problem.wanted
    ]
    return sessions + [_event(it) for it in problem.happened]


def _event(it: Happened) -> Event:
    return Event(it.code, it.technique, it.is_treatment, it.regions, it.day, it.starts, it.ends, None)


def _timing(problem: Problem, visits: Visits, strength: str) -> Iterator[tuple[str, frozenset[UUID | None]]]:
    """Rules of that strength that are broken. Of two that are at once nobody knows which was first."""
    events = _events(problem, visits)
    for one, other in combinations(events, 2):
        if one.id is None and other.id is None:
            continue
        ways = [(one, other), (other, one)]
        if one.ends <= other.starts or other.ends <= one.starts:
            ways = [(one, other) if one.ends <= other.starts else (other, one)]
        for first, then in ways:
            for rule in problem.rules:
                if rule.strength == strength and _breaks(problem, first, then, rule):
                    yield rule.code, frozenset({one.id, other.id})


def _breaks(problem: Problem, first: Event, then: Event, rule: TimingRule) -> bool:
    holding = set()
    firsts = [_is_first_ever(problem, it) for it in (first, then)]
    if any(firsts):
        holding.add("first_ever_of_either")
    if all(firsts):
        holding.add("first_ever_of_both")
    whole = float(rule.min_gap).is_integer()
    days = float((then.day - first.day).days) if whole else max(then.starts - first.ends, 0) / (24 * 60)
    if whole and days < 0:
        days = 0
    same_region = not first.regions or not then.regions or bool(first.regions & then.regions)
    one, other = (Happening(it.code, it.technique or None, is_treatment=it.is_treatment) for it in (first, then))
    return bool(judge(one, other, [rule], days, same_region, holding).broken)


def _is_first_ever(problem: Problem, it: Event) -> bool:
    if not it.is_treatment:
        return False
    earlier = [each for each in problem.happened if each.is_treatment and each.code == it.code]
    if it.id is None:
        return all(each.starts >= it.starts for each in earlier)
    own = next(each for each in problem.wanted if each.id == it.id)
    before = [each for each in problem.wanted if each.modality == it.code and each.number < own.number]
    return not earlier and not before and own.follows is None


def _unseen(problem: Problem, visits: Visits, strength: str) -> Iterator[tuple[str, frozenset[UUID | None]]]:
    """Sessions before which somebody should have looked: counted one by one from the last review on."""
    for rule in problem.rules:
        if rule.unit != "sessions" or rule.strength != strength:
            continue
        row = sorted((it for it in problem.wanted if it.modality == rule.first), key=lambda it: it.number)
        since: list[UUID | None] = [None] * problem.unseen.get(rule.first, 0)
        looked_on: date | None = None
        for it in row:
            day = visits[it.id].day
            last = max((look for look in problem.reviews if look <= day), default=None)
            if last != looked_on:
                since = [who for who in since if who and last and visits[who].day >= last]
                looked_on = last
            if len(since) >= rule.min_gap:
                yield rule.code, frozenset({since[-int(rule.min_gap)], it.id})
            since.append(it.id)


def _absence(problem: Problem, visits: Visits) -> Iterator[str]:
    longest = problem.wishes.longest_absence
    days = sorted({visits[it.id].day for it in problem.wanted})
    if longest is None or not days:
        return
    coming = {it.day for it in problem.happened if it.is_visit and days[0] <= it.day <= days[-1]}
    in_order = sorted(coming.union(days))
    for nth in range(1, len(in_order)):
        if (in_order[nth] - in_order[nth - 1]).days > longest:
            yield "away too long"


def _loads(problem: Problem, pairs: Sequence[tuple[Session, Booked]]) -> list[str]:
    new = [(it, visit) for it, visit in pairs if it.booked != visit]
    found = []
    for it, visit in new:
        same = [
            (other, each) for other, each in new if (each.clinician_id, each.day) == (visit.clinician_id, visit.day)
        ]
        if (
            problem.daily is not None
            and problem.load.get((visit.clinician_id, visit.day), 0) + len(same) > problem.daily
        ):
            found.append("the clinician's day is full")
        limit = problem.supply[it.service].daily
        alike = sum(other.service == it.service for other, _each in same)
        if limit is not None and problem.load_of.get((visit.clinician_id, visit.day, it.service), 0) + alike > limit:
            found.append("the clinician's day is full of these")
    return found
