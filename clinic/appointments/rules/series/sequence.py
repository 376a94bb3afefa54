"""Several sessions on one day: in which order and when, so that the day costs least.

Dynamic programming over the sets of sessions that are over. Of all ways to have had a set, only what they cost less
the time they have taken matters to those that follow, so one pass through the starts finds the best way to go on.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from clinic.appointments.rules.series.book import Row
from clinic.appointments.rules.series.spacing import SameDay
from clinic.appointments.rules.series.weights import SOFT

Start = tuple[int, int, Row]  # the minute, what it costs, with whom
Order = tuple[tuple[int, int, Row], ...]


class Way(NamedTuple):
    """One way to have had some sessions. `value` is its cost less what the minutes until its end are worth."""

    ends: int
    value: int
    nth: int
    start: int
    row: Row
    before: "Way | None"

    def order(self) -> Order:
        return (*(self.before.order() if self.before else ()), (self.nth, self.start, self.row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The sessions of a day. `starts` are sorted; `first`: what it costs if that session opens the day.

    `rule`: what holds if one comes after another; None if it must not. `may_follow`: whether two visits that lie near
    each other can be had with these clinicians, rooms and devices; `slack` are the minutes from which on they can.
    """

    starts: Mapping[int, Sequence[Start]]
    lengths: Mapping[int, int]
    first: Mapping[int, int]
    rule: Callable[[int, int], SameDay | None]
    may_follow: Callable[[Order], bool]
    may_share: Callable[[int, int, UUID], bool]  # whether the clinician's day has room for both
    trip: Callable[[int], int]  # what the ways to these sites cost
    least_trip: int
    slack: int
    travel: int
    minute: int  # what a minute at the clinic costs


Key = tuple[int, int, int]  # the sessions as bits, the last site, all sites as bits


def ways(members: Members, limit: int) -> list[tuple[int, Way]]:
    """Ways to have all of them that cost no more than `limit`: the cost, and the last of the way."""
    least = {nth: min(cost for _start, cost, _row in starts) for nth, starts in members.starts.items()}
    states = _openings(members, limit - sum(least.values()) - members.least_trip, least)
    every = sum(1 << nth for nth in members.starts)
    for _size in range(len(members.starts) - 1):
        longer: dict[Key, list[Way]] = {}
        for (mask, _site, sites), before in states.items():
            for nth in (it for it in members.starts if not mask >> it & 1):
                rest = sum(cost for other, cost in least.items() if other != nth and not mask >> other & 1)
                for way in _onwards(members, mask, before, nth, limit - rest - members.least_trip):
                    key = (mask | 1 << nth, way.row.where, sites | 1 << way.row.where)
                    longer.setdefault(key, []).append(way)
        states = longer
    found = [
        (way.value + members.minute * way.ends + members.trip(sites), way)
        for (mask, _site, sites), last in states.items()
        if mask == every
        for way in last
    ]
    return [it for it in found if it[0] <= limit]


def _openings(members: Members, limit: int, least: Mapping[int, int]) -> dict[Key, list[Way]]:
    """Every way to begin the day that leaves enough of the limit."""
    states: dict[Key, list[Way]] = {}
    for nth, starts in members.starts.items():
        for start, cost, row in starts:
            if cost - least[nth] + members.first[nth] <= limit:
                ends = start + members.lengths[nth]
                way = Way(ends, cost + members.first[nth] - members.minute * ends, nth, start, row, None)
                states.setdefault((1 << nth, row.where, 1 << row.where), []).append(way)
    return states


def _onwards(members: Members, mask: int, before: Sequence[Way], nth: int, limit: int) -> Iterator[Way]:
    """For each start of the session the best way to have had those before it."""
    asked = _asked(members, mask, nth)
    if asked is None:
        return
    soft, apart = asked
    in_order = sorted(before, key=itemgetter(0))
    ends, where, length = [way.ends for way in in_order], in_order[0].row.where, members.lengths[nth]
    best = _least_so_far(in_order)
    for start, cost, row in members.starts[nth]:
        least = max(members.travel, apart) if where != row.where else apart
        near = bisect_right(ends, start - least)
        known = best[near][0]
        # The cheapest of all that end in time may not do, but no other is cheaper.
        if known is None or known.value + members.minute * start + cost + soft > limit:
            continue
        sure = bisect_right(ends, start - max(members.slack, least), hi=near)
        chosen = _chosen(members, best[sure], nth, row) if sure else None
        if near > sure:
            chosen = _closer(members, in_order[sure:near], chosen, (nth, start, row))
        if chosen is not None:
            # Minutes until its own end are taken off again: whoever follows counts from there.
            yield Way(start + length, chosen.value + cost + soft - members.minute * length, nth, start, row, chosen)


def _asked(members: Members, mask: int, nth: int) -> tuple[int, int] | None:
    """What coming after all these costs in soft rules, and minutes to the last; None if it must not."""
    soft, apart = 0, 0
    for other in members.starts:
        if mask >> other & 1:
            rule = members.rule(other, nth)
            if rule is None:
                return None
            soft += SOFT * sum(needed >= UNREACHABLE for needed in rule.soft)
            apart = max(apart, rule.minutes)
    return soft, apart


def _closer(members: Members, near: Sequence[Way], chosen: Way | None, then: tuple[int, int, Row]) -> Way | None:
    """The cheapest after which it can come at once, if it is cheaper than what it can surely come after."""
    for way in sorted(near, key=itemgetter(1)):
        if chosen is not None and way.value >= chosen.value:
            break
        if members.may_follow(((way.nth, way.start, way.row), then)):
            return way
    return chosen


UNREACHABLE = 10**6  # minutes that a rule of whole days asks for within a day


def _least_so_far(in_order: Sequence[Way]) -> list[tuple[Way | None, Way | None]]:
    """For each number of ways the cheapest of them, and the cheapest with another clinician."""
    found: list[tuple[Way | None, Way | None]] = [(None, None)]
    first: Way | None = None
    second: Way | None = None
    for way in in_order:
        if first is None or way.value < first.value:
            if first is not None and first.row.who != way.row.who:
                second = first
            first = way
        elif way.row.who != first.row.who and (second is None or way.value < second.value):
            second = way
        found.append((first, second))
    return found


def _chosen(members: Members, best: tuple[Way | None, Way | None], nth: int, row: Row) -> Way | None:
    first, second = best
    if first is None or first.row.who != row.who:
        return first
    return first if members.may_share(first.nth, nth, row.clinician_id) else second
