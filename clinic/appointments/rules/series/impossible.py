"""Why no plan fits: constraints that cannot hold together, none of them needless; and the least that would help."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from operator import itemgetter
from typing import Final, TypeVar
from uuid import UUID

from clinic.appointments.rules.series import relaxing
from clinic.appointments.rules.series.answer import Conflict, Impossible, Limit, Relaxation, Step
from clinic.appointments.rules.series.feasible import Feasible
from clinic.appointments.rules.series.problem import Block, Problem
from clinic.appointments.rules.series.reviews import asked_for
from clinic.appointments.rules.series.spacing import Ignored, Spacing

Constraint = tuple[Limit, UUID | None, str]
Item = TypeVar("Item")
MOST_RELAXATIONS: Final = 3
STEPS: Final = 150  # of one question
STUCK_STEPS: Final = 40  # where nobody knows whether it is impossible, and most questions lead nowhere
ALL_STEPS: Final = 3_000  # of all questions together; from then on only what propagation sees at once is seen
OF_ONE_SESSION: Final = {Limit.WINDOW, Limit.PINNED, Limit.BLOCKED, Limit.OVERRIDE, Limit.MOST_GAP, Limit.LEAST_GAP}


class _Asking:
    """Asks whether a problem can be solved. What is found possible, `solve` solves: it looks no less far."""

    def __init__(self, feasible: Feasible, *, is_sure: bool) -> None:
        self._feasible, self.is_sure = feasible, is_sure
        self._left = ALL_STEPS

    def possible(self, problem: Problem, ignored: Ignored = ()) -> bool | None:
        steps = STEPS if self.is_sure else STUCK_STEPS
        verdict = self._feasible.days(problem, ignored, min(steps, max(self._left, len(problem.sessions))))
        self._left -= verdict.steps
        return verdict.is_possible

    def may_hold(self, problem: Problem, ignored: Ignored) -> bool:
        """Doubts count as possible where the whole surely is not, so that what conflicts surely does."""
        answer = self.possible(problem, ignored)
        return answer is not False if self.is_sure else answer is True


def explained(problem: Problem, feasible: Feasible, *, is_sure: bool) -> Impossible:
    """What conflicts, and what would help. `is_sure`: that it is impossible at all."""
    asking = _Asking(feasible, is_sure=is_sure)
    conflict = _conflict(problem, asking)
    found = _single_steps(problem, conflict, asking) or [_many_steps(problem, asking)]
    return Impossible(_told(problem, conflict), tuple(found[:MOST_RELAXATIONS]), is_sure)


def _every(problem: Problem) -> Iterator[Constraint]:
    """All constraints that could be ignored, those that are the likeliest to be named last."""
    yield from product([Limit.ORDER, Limit.PHASES, Limit.LOADING], [None], [""])
    yield from ((Limit.TIMING, None, code) for code in _codes(problem))
    yield from ((Limit.REVIEW, None, code) for code in asked_for(Spacing(problem, problem.wanted, ()).reviews))
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


def _codes(problem: Problem) -> list[str]:
    """The hard timing rules that speak of anything in the problem."""
    spacing = Spacing(problem, problem.wanted, ())
    own = set(spacing.kinds)
    kinds = [*own, *(spacing.kind_of(it) for it in problem.happened)]
    every = [*product(kinds, own), *product(own, kinds)]
    found = {code for one, other in every for code, _days in spacing.waits(one, other).hard}
    return [it.code for it in problem.rules if it.code in found]


def _conflict(problem: Problem, asking: _Asking) -> list[Constraint]:
    """A set of constraints that is impossible, and possible without any one of them."""
    every = list(_every(problem))

    def holds(some: Sequence[Constraint]) -> bool:
        return asking.may_hold(problem, frozenset(every).difference(some))

    return needed(lambda some: not holds(some), every) if every and holds([]) else []


def needed(is_enough: Callable[[Sequence[Item]], bool], every: Sequence[Item]) -> list[Item]:
    """Of what is enough together as much as is needed for that. Source: Junker 2004, QuickXplain."""

    def of(known: Sequence[Item], is_new: bool, rest: Sequence[Item]) -> list[Item]:
        if is_new and is_enough(known):
            return []
        if len(rest) <= 1:
            return list(rest)
        half = len(rest) // 2
        second = of([*known, *rest[:half]], True, rest[half:])
        return [*of([*known, *second], bool(second), rest[:half]), *second]

    return of([], False, every)


def _told(problem: Problem, conflict: Sequence[Constraint]) -> tuple[Conflict, ...]:
    """With the sessions that lack free time, where it is only that."""
    told = [Conflict(*it) for it in conflict]
    if not conflict:
        return tuple(Conflict(Limit.FREE_TIME, it.id) for it in problem.wanted)
    sessions = {it.session_id for it in told if it.limit in OF_ONE_SESSION}
    if len(sessions) == 1 and not any(
        it.limit in {Limit.TIMING, Limit.REVIEW, Limit.ORDER, Limit.PHASES} for it in told
    ):
        told.append(Conflict(Limit.FREE_TIME, sessions.pop()))
    return tuple(told)


def _single_steps(problem: Problem, conflict: Sequence[Constraint], asking: _Asking) -> list[Relaxation]:
    """Each one thing that helps by itself, the least first. It has to touch the conflict, or could not help."""
    found: list[tuple[int, Step]] = []
    for limit, session_id, _rule in conflict:
        for ladder in relaxing.ladders(problem, limit, session_id):
            step = _least(problem, _cheaper(problem, ladder, found), asking)
            if step is not None:
                found = sorted([*found, (relaxing.price(problem, step), step)], key=itemgetter(0))
    touched = _touched(problem, conflict)
    for it in problem.wanted:
        step = Step(Limit.FREE_TIME, it.id, leaves_out=True)
        is_worth_it = it.id in touched and (it.is_optional or not found) and _cheaper(problem, [step], found)
        if is_worth_it and asking.possible(relaxing.applied(problem, step)):
            found = sorted([*found, (relaxing.price(problem, step), step)], key=itemgetter(0))
    return [Relaxation((step,), relaxing.applied(problem, step)) for _price, step in found]


def _touched(problem: Problem, conflict: Sequence[Constraint]) -> set[UUID]:
    return {who for _limit, who, _rule in conflict if who} or {it.id for it in problem.wanted}


def _cheaper(problem: Problem, ladder: Sequence[Step], found: Sequence[tuple[int, Step]]) -> Sequence[Step]:
    """The rungs that ask less of people than what is known to help, once enough is known."""
    if len(found) < MOST_RELAXATIONS:
        return ladder
    most = found[MOST_RELAXATIONS - 1][0]
    return [step for step in ladder if relaxing.price(problem, step) < most]


def _least(problem: Problem, ladder: Sequence[Step], asking: _Asking) -> Step | None:
    """The first rung from which on it is possible: each rung allows all that those below it do."""
    if not ladder or not asking.possible(relaxing.applied(problem, ladder[-1])):
        return None
    low, high = 0, len(ladder) - 1
    while low < high:
        middle = (low + high) // 2
        if asking.possible(relaxing.applied(problem, ladder[middle])):
            high = middle
        else:
            low = middle + 1
    return ladder[low]


def _many_steps(problem: Problem, asking: _Asking) -> Relaxation:
    """Several things together, none of them needless; then each as little as will do.

    As for the conflict, but the other way round: what comes first in the order is the likeliest to be in it.
    """
    ladders = _all_ladders(problem)

    def helps(some: Sequence[Sequence[Step]]) -> bool:
        return asking.possible(relaxing.applied(problem, *(it[-1] for it in some))) is True

    chosen = needed(helps, ladders)
    steps = [ladder[-1] for ladder in chosen]
    for nth, ladder in enumerate(chosen):
        without = relaxing.applied(problem, *steps[:nth], *steps[nth + 1 :])
        steps[nth] = _least(without, ladder, asking) or steps[nth]
    return Relaxation(tuple(steps), relaxing.applied(problem, *steps))


def _all_ladders(problem: Problem) -> list[Sequence[Step]]:
    """Everything that could give way, what asks the least of people first; in the end each session is left out."""
    every = [
        ladder
        for limit, session_id, _rule in _every(problem)
        for ladder in relaxing.ladders(problem, limit, session_id)
        if ladder
    ]
    leaving: list[Sequence[Step]] = [[Step(Limit.FREE_TIME, it.id, leaves_out=True)] for it in problem.wanted]
    return sorted([*every, *leaving], key=lambda it: relaxing.price(problem, it[0]))
