"""When life happens to a plan that is booked: the smallest change that keeps every rule.

First as few visits as can be are moved, then of two rather the one that was never moved before, then by as few days,
then the points decide as for a new plan. Who has agreed to a visit keeps it even where it is not as they would wish
now; what was agreed to be too near stays so.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from clinic.appointments.rules.series import impossible, leading, solving
from clinic.appointments.rules.series.answer import Aim, Answer, Proposal
from clinic.appointments.rules.series.book import Book
from clinic.appointments.rules.series.feasible import Feasible, Verdict
from clinic.appointments.rules.series.improving import improved
from clinic.appointments.rules.series.model import Model
from clinic.appointments.rules.series.problem import Booked, Problem, Session
from clinic.appointments.rules.series.rooms import Held, all_held
from clinic.appointments.rules.series.scoring import Plan, broken, mostly, unseen
from clinic.appointments.rules.series.search import Found, Search
from clinic.appointments.rules.series.spacing import Spacing
from clinic.appointments.rules.series.supplying import given_back, without
from clinic.appointments.rules.series.visiting import Days
from clinic.appointments.rules.series.weights import MOVED

STEPS: Final = 1_500  # to place what is lost where everything else stays
ALL_STEPS: Final = 3_000  # where something else has to move too


@dataclass(frozen=True, slots=True)
class Case:
    """The plan of one patient, and which of its sessions cannot stay where they are."""

    problem: Problem
    lost: frozenset[UUID]


def repair(problem: Problem, lost: Collection[UUID] = ()) -> Answer:
    """The plan with the fewest visits moved; `lost` are the sessions that cannot stay where they are `booked`.

    A session that is not booked is placed. One whose booked day is now blocked, or too near to another, moves by
    itself. The supply must not count what the plan's other sessions hold as free.
    """
    problem, keeping = agreed(problem, lost)
    book = Book(problem.supply, problem.zones)
    feasible = Feasible(problem, book, keeping)
    verdict = feasible.days(problem)
    found = None
    if verdict.is_possible is not False:
        found = _repaired(Model(problem, book, keeping=keeping), keeping, verdict)
    if found is None:
        return impossible.explained(problem, feasible, is_sure=verdict.is_possible is False)
    return solving.proposal(found, Aim.BEST)


def repair_all(cases: Sequence[Case]) -> list[Answer]:
    """Repair the plans of many patients together: nothing is given twice. All cases share one supply.

    Whoever has the least time left is served first; who then finds nothing is served before all the others once more.
    """
    in_order = sorted(range(len(cases)), key=lambda nth: (_urgency(cases[nth]), nth))
    answers = _one_after_another(cases, in_order)
    failed = [nth for nth in in_order if not isinstance(answers[nth], Proposal)]
    if failed and len(failed) < len(cases):
        again = _one_after_another(cases, [*failed, *(nth for nth in in_order if nth not in failed)])
        if sum(isinstance(it, Proposal) for it in again.values()) > len(cases) - len(failed):
            answers = again
    return [answers[nth] for nth in range(len(cases))]


def resolve_keeping(problem: Problem, chosen: Proposal, lost: Collection[UUID]) -> Answer:
    """A proposal of which some times were lost meanwhile: only what must is placed anew.

    `problem` has the free time as it is now.
    """
    known = {it.session_id: it.visit for it in chosen.placed}
    sessions = tuple(replace(it, booked=known.get(it.id), pinned=None) for it in problem.sessions)
    return repair(replace(problem, sessions=sessions), lost)


def _one_after_another(cases: Sequence[Case], in_order: Sequence[int]) -> dict[int, Answer]:
    """Whoever finds nothing is asked once more at the end, if visits that moved along have made room meanwhile."""
    answers: dict[int, Answer] = {}
    supply = cases[in_order[0]].problem.supply if in_order else {}
    waiting, is_more_free = list(in_order), True
    while waiting and is_more_free:
        is_more_free = False
        for nth in waiting:
            case = cases[nth]
            problem = replace(case.problem, supply=supply)
            answer = repair(problem, case.lost)
            answers[nth] = answer
            if isinstance(answer, Proposal):
                # What moves along makes room for the others; what was lost does not come back.
                left = _left(case, answer)
                supply = without(given_back(supply, left), _newly_held(problem, answer))
                is_more_free = is_more_free or bool(left)
        waiting = [nth for nth in waiting if not isinstance(answers[nth], Proposal)]
    return answers


def _left(case: Case, made: Proposal) -> list[tuple[str, Booked]]:
    """Where visits were that could have stayed, but have moved."""
    visits = {it.session_id: it.visit for it in made.placed}
    return [
        (it.service, it.booked)
        for it in case.problem.wanted
        if it.booked and it.id not in case.lost and visits[it.id] != it.booked
    ]


def _newly_held(problem: Problem, made: Proposal) -> list[Held]:
    held: list[Held] = []
    by_id = {it.id: it for it in problem.sessions}
    for placed in made.placed:
        it, visit = by_id[placed.session_id], placed.visit
        if it.booked != visit:
            service = problem.supply[it.service]
            held += all_held(service, visit.starts, visit.clinician_id, visit.room_id, visit.device_ids)
    return held


def _urgency(case: Case) -> int:
    """The last day of the session that has the least time left."""
    days = [it.due_until.toordinal() for it in case.problem.wanted if it.id in case.lost or it.booked is None]
    return min(days, default=0)


def agreed(problem: Problem, lost: Collection[UUID]) -> tuple[Problem, frozenset[UUID]]:
    """With windows that include what was booked outside of them, and the soft rules that were broken on purpose."""
    sessions = tuple(_with_its_day(it) if it.id not in lost else it for it in problem.sessions)
    keeping = frozenset(it.id for it in sessions if it.booked and it.id not in lost and not it.is_excluded)
    problem = replace(problem, sessions=sessions)
    booked = tuple(it for it in problem.wanted if it.booked)
    visits = [it.booked for it in booked if it.booked]
    told = Plan(
        problem,
        Book(problem.supply, problem.zones),
        Spacing(problem, booked, ()),
        visits,
        (None,) * len(visits),
    )
    # A review is asked for after sessions that are to be booked as well as after those that are.
    days = {nth: it.booked.day for nth, it in enumerate(problem.wanted) if it.booked}
    late = unseen(Spacing(problem, problem.wanted, ()).reviews, problem.wanted, days)
    known = {(it.session_id, it.other_id, it.rule) for it in (*broken(told), *late)}
    return replace(problem, accepted=problem.accepted | known), keeping


def _with_its_day(it: Session) -> Session:
    if it.booked is None:
        return it
    first, last = min(it.due_from, it.booked.day), max(it.due_until, it.booked.day)
    return replace(it, due_from=first, due_until=last)


def _repaired(model: Model, keeping: Collection[UUID], verdict: Verdict) -> "solving.Solved | None":
    if model.empty():
        return None
    made = model.days(_leads(model))
    found = _where_the_rest_stays(model, made, keeping)
    must = sum(it.booked is not None and it.id not in keeping for it in model.sessions)
    unplaced = sum(it.booked is None for it in model.sessions)
    if found.days is not None and found.is_all and found.cost < (must + unplaced + 1) * MOVED:
        return solving.Solved(model, made, found.days, found.cost, True)
    return _with_others(model, made, found, verdict)


def _where_the_rest_stays(model: Model, made: Days, keeping: Collection[UUID]) -> Found:
    fixed = {}
    for nth, it in enumerate(model.sessions):
        day = (it.booked.day - model.dates[0]).days if it.booked else -1
        if it.id in keeping and day in model.known[nth]:
            fixed[nth] = day
    days = [fixed.get(nth) for nth in range(len(model.sessions))]
    for i, one in enumerate(days):
        for j, other in enumerate(days[:i]):
            if one is None or other is None:
                continue
            if not model.pairs[j, i].left(other, model.span, clean=False) >> one & 1:
                return Found(10**18)
    return Search(model, made, fixed=fixed, nodes=STEPS).run()


def _with_others(model: Model, made: Days, found: Found, verdict: Verdict) -> "solving.Solved | None":
    """Something that could stay has to move as well."""
    if found.days is None:
        found = solving.first(model, made, verdict)
    if found.days is None:
        return None
    better = Search(model, made, fixed={}, bound=found.cost, nodes=ALL_STEPS).run()
    days = better.days or found.days
    if not better.is_all:
        made, days, _is_best = improved(model, made, days)
    return solving.Solved(model, made, days, model.total(days, made) or 0, better.is_all)


def _leads(model: Model) -> tuple[UUID | None, ...]:
    """Whom the patient was promised."""
    promised = {}
    for modality in {it.modality for it in model.sessions}:
        booked: dict[int, Booked] = {
            nth: it.booked for nth, it in enumerate(model.sessions) if it.booked and it.modality == modality
        }
        who = model.problem.wishes.clinicians.get(modality) or mostly({n: it.clinician_id for n, it in booked.items()})
        if who:
            promised[modality] = who
    return leading.leads(model, promised)
