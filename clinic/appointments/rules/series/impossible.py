"""Why no plan fits: constraints that cannot hold together, none of them needless; and the least that would help."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Final
from uuid import UUID

from clinic.appointments.rules.series import relaxing
from clinic.appointments.rules.series.answer import Conflict, Impossible, Limit, Relaxation, Step
from clinic.appointments.rules.series.problem import Block, Problem
from clinic.appointments.rules.series.spacing import Ignored
from programs.rules.timing import HARD

Constraint = tuple[Limit, UUID | None, str]
Possible = Callable[[Problem, Ignored], bool | None]
MOST_RELAXATIONS: Final = 3
MOST_STEPS: Final = 12
OF_ONE_SESSION: Final = {Limit.WINDOW, Limit.PINNED, Limit.BLOCKED, Limit.OVERRIDE, Limit.MOST_GAP, Limit.LEAST_GAP}


def explained(problem: Problem, possible: Possible) -> Impossible:
    """What conflicts, and what would help. `possible` is asked whether a problem can be solved at all."""
    conflict, is_proven = _conflict(problem, possible)
    found = _single_steps(problem, conflict, possible) or [_many_steps(problem, possible)]
    return Impossible(_told(problem, conflict), tuple(found[:MOST_RELAXATIONS]), is_proven)


def _every(problem: Problem) -> Iterator[Constraint]:
    """All constraints that could be ignored, those that are the likeliest to be named last."""
    yield from product([Limit.ORDER, Limit.PHASES, Limit.LOADING], [None], [""])
    for rule in problem.rules:
        if rule.strength == HARD:
            yield Limit.TIMING, None, rule.code
    for it in problem.wanted:
        if it.gap:
            yield from product([Limit.LEAST_GAP, Limit.MOST_GAP], [it.id], [""])
        for block, limit in ((Block.BLOCKED, Limit.BLOCKED), (Block.OVERRIDABLE, Limit.OVERRIDE)):
            if block in it.blocked.values():
                yield limit, it.id, ""
        yield Limit.WINDOW, it.id, ""
        if it.pinned:
            yield Limit.PINNED, it.id, ""
    wishes = problem.wishes
    said = {
        Limit.WEEKDAYS: wishes.weekdays,
        Limit.HOURS: wishes.earliest or wishes.latest,
        Limit.SITE: wishes.site_id,
        Limit.ABSENCE: wishes.longest_absence,
        Limit.AWAY: wishes.away,
    }
    yield from ((limit, None, "") for limit, value in said.items() if value)


def _conflict(problem: Problem, possible: Possible) -> tuple[list[Constraint], bool]:
    """A set of constraints that is impossible, and possible without any one of them.

    Source: Junker 2004, QuickXplain.
    """
    every = list(_every(problem))
    doubts: list[bool] = []

    def holds(some: Sequence[Constraint]) -> bool:
        answer = possible(problem, frozenset(every).difference(some))
        doubts.append(answer is None)
        return answer is not False

    def needed(known: list[Constraint], added: bool, rest: list[Constraint]) -> list[Constraint]:
        if added and not holds(known):
            return []
        if len(rest) == 1:
            return rest
        half = len(rest) // 2
        second = needed([*known, *rest[:half]], True, rest[half:])
        first = needed([*known, *second], bool(second), rest[:half])
        return [*first, *second]

    if not holds([]):
        return [], not any(doubts)
    found = needed([], False, every)
    return found, not any(doubts)


def _told(problem: Problem, conflict: Sequence[Constraint]) -> tuple[Conflict, ...]:
    """With the sessions that lack free time, where it is only that."""
    told = [Conflict(*it) for it in conflict]
    if not conflict:
        return tuple(Conflict(Limit.FREE_TIME, it.id) for it in problem.wanted)
    sessions = {it.session_id for it in told if it.limit in OF_ONE_SESSION}
    if len(sessions) == 1 and not any(it.limit in {Limit.TIMING, Limit.ORDER, Limit.PHASES} for it in told):
        told.append(Conflict(Limit.FREE_TIME, sessions.pop()))
    return tuple(told)


def _single_steps(problem: Problem, conflict: Sequence[Constraint], possible: Possible) -> list[Relaxation]:
    """Each one thing that helps by itself, the least first. It has to touch the conflict, or could not help."""
    found: list[tuple[int, Step]] = []
    for limit, session_id, _rule in conflict:
        for ladder in relaxing.ladders(problem, limit, session_id):
            step = _least(problem, ladder, possible)
            if step is not None:
                found.append((relaxing.price(problem, step), step))
    touched = {session_id for _limit, session_id, _rule in conflict if session_id} or {it.id for it in problem.wanted}
    for it in problem.wanted:
        if it.id in touched and (it.is_optional or not found):
            step = Step(Limit.FREE_TIME, it.id, leaves_out=True)
            if possible(relaxing.applied(problem, step), ()):
                found.append((relaxing.price(problem, step), step))
    found.sort(key=lambda it: it[0])
    return [Relaxation((step,), relaxing.applied(problem, step)) for _price, step in found]


def _least(problem: Problem, ladder: Sequence[Step], possible: Possible) -> Step | None:
    """The first rung from which on it is possible: each rung allows all that those below it do."""
    if not ladder or not possible(relaxing.applied(problem, ladder[-1]), ()):
        return None
    low, high = 0, len(ladder) - 1
    while low < high:
        middle = (low + high) // 2
        if possible(relaxing.applied(problem, ladder[middle]), ()):
            high = middle
        else:
            low = middle + 1
    return ladder[low]


def _many_steps(problem: Problem, possible: Possible) -> Relaxation:
    """Several things together: one for each conflict in turn, then each as little as will do."""
    chosen: list[Sequence[Step]] = []
    relaxed = problem
    while not possible(relaxed, ()):
        conflict, _is_proven = _conflict(relaxed, possible)
        ladder = _next_ladder(relaxed, conflict, is_last=len(chosen) >= MOST_STEPS)
        chosen.append(ladder)
        relaxed = relaxing.applied(relaxed, ladder[-1])
    steps = [ladder[-1] for ladder in chosen]
    for nth, ladder in enumerate(chosen):
        others = [*steps[:nth], *steps[nth + 1 :]]
        without = relaxing.applied(problem, *others)
        steps[nth] = _least(without, ladder, possible) or steps[nth]
    return Relaxation(tuple(steps), relaxing.applied(problem, *steps))


def _next_ladder(problem: Problem, conflict: Sequence[Constraint], *, is_last: bool) -> Sequence[Step]:
    if not is_last:
        for limit, session_id, _rule in conflict:
            for ladder in relaxing.ladders(problem, limit, session_id):
                if ladder:
                    return ladder
    touched = {session_id for _limit, session_id, _rule in conflict}
    sessions = sorted(problem.wanted, key=lambda it: (it.id not in touched, not it.is_optional, -it.number))
    return [Step(Limit.FREE_TIME, sessions[0].id, leaves_out=True)]
