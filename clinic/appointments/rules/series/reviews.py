"""After so many sessions of a treatment somebody looks whether it helps, before the next one is given.

The reviews themselves are not placed: they are the plan's own days and visits that are booked anyway. A review of the
day of a session comes before that session. Rules that count sessions speak of two sessions that are so many apart in
their row: between them there must be a review.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from clinic.appointments.rules.series.problem import Problem, Session
from programs.rules.timing import HARD, SESSIONS, Happening, TimingRule

Rules = tuple[TimingRule, ...]


@dataclass(frozen=True, slots=True)
class Reviews:
    """`between[i, j]`: the rules that ask for a review after session i and before j, or on the day of j.

    `before[j]`: those that ask for one before j because of what was given already.
    """

    days: tuple[date, ...] = ()
    between: Mapping[tuple[int, int], Rules] = field(default_factory=dict)
    before: Mapping[int, Rules] = field(default_factory=dict)

    def is_seen(self, first: date | None, then: date) -> bool:
        """Whether there is a review after `first` (None: after what was given) and no later than `then`."""
        nth = bisect_right(self.days, first) if first else 0
        return nth < len(self.days) and self.days[nth] <= then

    def hard_before(self, nth: int) -> bool:
        return any(rule.strength == HARD for rule in self.before.get(nth, ()))

    def soft_before(self, nth: int) -> int:
        return sum(rule.strength != HARD for rule in self.before.get(nth, ()))


def reviews(problem: Problem, sessions: Sequence[Session], gone: Collection[str]) -> Reviews:
    """Of these sessions, without the hard rules `gone` and the soft ones on whose being broken everybody agreed."""
    asking = [rule for rule in problem.rules if rule.unit == SESSIONS and rule.min_gap > 0]
    between: dict[tuple[int, int], Rules] = {}
    before: dict[int, Rules] = {}
    for rule in asking:
        if rule.strength == HARD and rule.code in gone:
            continue
        row = [nth for nth, it in enumerate(sessions) if _counts(rule, it)]
        row.sort(key=lambda nth: sessions[nth].number)
        most, given = int(rule.min_gap), problem.unseen.get(rule.first, 0)
        for place, nth in enumerate(row):
            if place >= most:
                if not _agreed(problem, sessions, row[place - most], nth, rule):
                    pair = row[place - most], nth
                    between[pair] = (*between.get(pair, ()), rule)
            elif place + given >= most and not _agreed(problem, sessions, None, nth, rule):
                before[nth] = (*before.get(nth, ()), rule)
    return Reviews(tuple(sorted(set(problem.reviews))), between, before)


def asked_for(found: Reviews) -> list[str]:
    """The hard rules that ask for a review somewhere."""
    every = [rule for rules in (*found.between.values(), *found.before.values()) for rule in rules]
    return sorted({rule.code for rule in every if rule.strength == HARD})


def _counts(rule: TimingRule, it: Session) -> bool:
    return Happening(it.modality, it.technique or None).is_one_of((rule.first,), rule.first_techniques)


def _agreed(problem: Problem, sessions: Sequence[Session], first: int | None, then: int, rule: TimingRule) -> bool:
    if rule.strength == HARD:
        return False
    other = sessions[first].id if first is not None else None
    own = sessions[then].id
    return (own, other, rule.code) in problem.accepted or (other, own, rule.code) in problem.accepted
