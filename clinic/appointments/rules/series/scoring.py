"""What a finished plan costs, worked out from its visits alone: shown is what is counted, not what was searched for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from uuid import UUID

from clinic.appointments.rules.series.answer import Broken, Score
from clinic.appointments.rules.series.book import QUARTER, Book
from clinic.appointments.rules.series.gaps import own_gap
from clinic.appointments.rules.series.problem import Booked, Problem, Session
from clinic.appointments.rules.series.reviews import Reviews
from clinic.appointments.rules.series.spacing import DAY_MINUTES, Kind, Spacing, Waits, is_whole
from clinic.appointments.rules.series.visiting import HOUR, Leads
from clinic.appointments.rules.series.weights import Weights
from programs.rules.timing import HARD


@dataclass(frozen=True, slots=True)
class Plan:
    """A place for every session that is wanted, in their order, and whom each of them should be with."""

    problem: Problem
    book: Book
    spacing: Spacing
    visits: Sequence[Booked]
    leads: Leads
    is_repair: bool = False


def broken(plan: Plan) -> tuple[Broken, ...]:
    """Every soft rule that is not kept, but for those on which everybody has agreed."""
    found: list[Broken] = []
    for i, j in combinations(range(len(plan.visits)), 2):
        first, then = (i, j) if plan.visits[i].starts <= plan.visits[j].starts else (j, i)
        rules = plan.spacing.between(first, then)[0]
        found += _near(plan, then, plan.spacing.sessions[first].id, plan.visits[first], plan.visits[then], rules)
    for happened in plan.problem.happened:
        kind = plan.spacing.kind_of(happened)
        span = Booked(
            starts=happened.starts,
            ends=happened.ends,
            day=happened.day,
            site_id=happened.site_id or UUID(int=0),
            clinician_id=UUID(int=0),
            room_id=UUID(int=0),
        )
        for nth, visit in enumerate(plan.visits):
            ways = [_near(plan, nth, None, *way) for way in _in_order(plan.spacing, kind, nth, span, visit)]
            found += {it.rule: it for way in ways for it in way}.values()
    days = {nth: visit.day for nth, visit in enumerate(plan.visits)}
    return (*found, *unseen(plan.spacing.reviews, plan.spacing.sessions, days))


def unseen(reviews: Reviews, sessions: Sequence[Session], days: Mapping[int, date]) -> Iterator[Broken]:
    """Where nobody looks whether a treatment helps, after as many sessions of it as a soft rule allows.

    `days` are those of the sessions that have one.
    """
    between = [(i, j, rules) for (i, j), rules in reviews.between.items() if i in days]
    for i, j, rules in [*between, *((None, j, rules) for j, rules in reviews.before.items())]:
        first = days[i] if i is not None else None
        if j in days and not reviews.is_seen(first, days[j]):
            apart = (days[j] - first).days if first else 0
            other = sessions[i].id if i is not None else None
            soft = (it for it in rules if it.strength != HARD)
            yield from (Broken(it.code, sessions[j].id, other, apart, 0, unseen=True) for it in soft)


def _in_order(
    spacing: Spacing, kind: Kind, nth: int, happened: Booked, visit: Booked
) -> Iterator[tuple[Booked, Booked, Waits]]:
    """Both ways round where they are at once: nobody knows which was first."""
    own = spacing.kinds[nth]
    if happened.starts < visit.ends:
        yield happened, visit, spacing.waits(kind, own)
    if visit.starts < happened.ends:
        yield visit, happened, spacing.waits(own, kind)


def _near(plan: Plan, nth: int, other: UUID | None, first: Booked, then: Booked, rules: Waits) -> Iterator[Broken]:
    own, accepted = plan.spacing.sessions[nth].id, plan.problem.accepted
    for code, days in rules.soft:
        gap = gap_days(first, then, whole=is_whole(days))
        if gap < days and not ({(own, other, code), (other, own, code)} & accepted):
            yield Broken(code, own, other, gap, days)


def gap_days(first: Booked, then: Booked, *, whole: bool) -> float:
    """Dates for a rule of whole days, hours for one of a part of a day."""
    return (then.day - first.day).days if whole else (then.starts - first.ends) / DAY_MINUTES


def score(plan: Plan, soft: int, weights: Weights) -> Score:
    trips, staying = _trips(plan)
    moved = [nth for nth in range(len(plan.visits)) if _is_moved(plan, nth)] if plan.is_repair else []
    return Score(
        soft=soft,
        moved=len(moved),
        days_moved=sum(_days_moved(plan, nth) for nth in moved),
        off_target=weights.off_target * sum(_off_target(plan, nth) for nth in range(len(plan.visits))),
        off_gap=weights.off_gap * _off_gap(plan),
        trips=weights.trip * trips,
        staying=weights.staying_minute * staying,
        clinicians=weights.clinician
        * sum(lead not in {None, visit.clinician_id} for lead, visit in zip(plan.leads, plan.visits, strict=True)),
        hours=weights.off_quarter * sum(_off_hours(plan, nth) for nth in range(len(plan.visits))),
        load=weights.load * sum(plan.problem.load.get((it.clinician_id, it.day), 0) for it in plan.visits),
    )


def _is_moved(plan: Plan, nth: int) -> bool:
    booked = plan.spacing.sessions[nth].booked
    return booked is not None and booked != plan.visits[nth]


def _days_moved(plan: Plan, nth: int) -> int:
    booked = plan.spacing.sessions[nth].booked
    return abs((plan.visits[nth].day - booked.day).days) if booked else 0


def _off_target(plan: Plan, nth: int) -> int:
    return abs((plan.visits[nth].day - plan.spacing.sessions[nth].due_on).days)


def _off_gap(plan: Plan) -> int:
    off, sessions = 0, plan.spacing.sessions
    wanted = {it.id for it in sessions}
    for nth, (it, visit) in enumerate(zip(sessions, plan.visits, strict=True)):
        before = plan.spacing.before[nth]
        if before and before[1]:
            off += abs((visit.day - plan.visits[before[0]].day).days - before[1].target)
        gap = own_gap(it, plan.problem.sessions, wanted)
        if gap and it.follows:
            off += abs((visit.day - it.follows).days - gap.target)
    return off


def _trips(plan: Plan) -> tuple[int, int]:
    """Ways to a site, and minutes at the clinic after the first visit of a day."""
    goes_to: dict[date, set[UUID | None]] = {}
    for it in plan.problem.happened:
        if it.is_visit:
            goes_to.setdefault(it.day, set()).add(it.site_id)
    trips = staying = 0
    for day in {it.day for it in plan.visits}:
        there = sorted((it for it in plan.visits if it.day == day), key=lambda it: it.starts)
        known = goes_to.get(day, set())
        trips += 0 if None in known else len({it.site_id for it in there} - known)
        staying += there[-1].ends - there[0].ends
    return trips, staying


def _off_hours(plan: Plan, nth: int) -> int:
    visit, it, usual = plan.visits[nth], plan.spacing.sessions[nth], plan.problem.wishes.usual
    wanted = usual.hour * HOUR + usual.minute if usual else None
    if plan.is_repair and it.booked:
        if it.booked == visit:
            return 0
        wanted = plan.book.day_at(it.booked.site_id, it.booked.day).wall(it.booked.starts)
    if wanted is None:
        return 0
    return abs(plan.book.day_at(visit.site_id, visit.day).wall(visit.starts) - wanted) // QUARTER


def mostly(visits: Mapping[int, UUID]) -> UUID | None:
    """The one who gives most of these, the one of the first where two give as many."""
    return Counter(visits[nth] for nth in sorted(visits)).most_common(1)[0][0] if visits else None
