"""Make a plan better: take some sessions out, search all their days to the end, put them back where it costs least."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Final

from clinic.appointments.rules.series import leading
from clinic.appointments.rules.series.model import Model, masks
from clinic.appointments.rules.series.search import Search
from clinic.appointments.rules.series.visiting import Days

STEPS: Final = 1_500  # all neighbourhoods of a plan together
STEPS_OF_ONE: Final = 120
WHOLE_STEPS: Final = 6_000  # for the proof that nothing is better, of plans small enough
WHOLE_SESSIONS: Final = 8
ROUNDS: Final = 3
OTHER_LEADS: Final = 2
MOST_WAYS: Final = 40  # to choose who leads each modality


class _Plan:
    def __init__(self, model: Model, made: Days, days: Sequence[int]) -> None:
        self.model, self.made, self.days = model, made, list(days)
        cost = model.total(days, made)
        self.cost = cost if cost is not None else 10**18
        self.steps = STEPS

    def free(self, some: Sequence[int], steps: int) -> bool:
        """Whether it became cheaper by placing these anew."""
        fixed = {nth: day for nth, day in enumerate(self.days) if nth not in some}
        search = Search(self.model, self.made, fixed=fixed, bound=self.cost, nodes=min(steps, self.steps))
        found = search.run()
        self.steps -= found.nodes
        if found.days is None:
            return False
        self.cost, self.days = found.cost, found.days
        return True

    def has_strangers(self, modality: str) -> bool:
        """Whether any of its sessions is with somebody else than the clinician who leads it."""
        for day, mask in masks(self.days).items():
            known = self.made.of(mask, day)
            for nth, _start, row in known[1] if known else ():
                if self.model.sessions[nth].modality == modality and row.clinician_id != self.made.leads[nth]:
                    return True
        return False


def improved(model: Model, made: Days, days: Sequence[int]) -> tuple[Days, list[int], bool]:
    """The best plan found, whom it is with, and whether nothing can be better."""
    plan = _Plan(model, made, days)
    _polish(plan)
    _other_leads(plan)
    is_best = len(model.sessions) <= WHOLE_SESSIONS and _proven(plan)
    return plan.made, plan.days, is_best


def _polish(plan: _Plan) -> None:
    for _round in range(ROUNDS):
        better = [plan.free(some, STEPS_OF_ONE) for some in _neighbourhoods(plan)]
        if not any(better) or plan.steps <= 0:
            return


def _neighbourhoods(plan: _Plan) -> Iterator[list[int]]:
    """Everything of one modality; then six that follow one another; then the days that could be made one."""
    sessions = plan.model.sessions
    for modality in dict.fromkeys(it.modality for it in sessions):
        members = [nth for nth, it in enumerate(sessions) if it.modality == modality]
        yield members
    in_order = sorted(range(len(sessions)), key=lambda nth: (plan.days[nth], nth))
    for at in range(0, max(len(in_order) - 3, 1), 3):
        yield in_order[at : at + 6]
    for nth in range(len(sessions)):
        near = sorted(range(len(sessions)), key=lambda other: (abs(plan.days[other] - plan.days[nth]), other))
        yield near[:4]


def _other_leads(plan: _Plan) -> None:
    """Try the next best clinicians for each modality."""
    model = plan.model
    for modality, ranked in leading.candidates(model).items():
        if not plan.has_strangers(modality):
            continue
        for who in ranked[1 : 1 + OTHER_LEADS]:
            leads = tuple(
                who if it.modality == modality else lead
                for it, lead in zip(model.sessions, plan.made.leads, strict=True)
            )
            other = _Plan(model, model.days(leads), plan.days)
            other.steps = STEPS // 10
            other.free([nth for nth, it in enumerate(model.sessions) if it.modality == modality], STEPS_OF_ONE)
            if other.cost < plan.cost:
                plan.made, plan.days, plan.cost = other.made, other.days, other.cost
                plan.steps = max(plan.steps, STEPS // 5)
                _polish(plan)


def _proven(plan: _Plan) -> bool:
    """Search a small plan to the end, whoever leads."""
    model, steps = plan.model, WHOLE_STEPS
    ranked = leading.candidates(model)
    is_all = prod(len(each) for each in ranked.values()) <= MOST_WAYS
    ways = product(*ranked.values()) if is_all else iter(())
    for leads in dict.fromkeys(
        [plan.made.leads, *(leading.leads(model, dict(zip(ranked, it, strict=True))) for it in ways)]
    ):
        made = plan.made if leads == plan.made.leads else model.days(leads)
        found = Search(model, made, fixed={}, bound=plan.cost, nodes=steps).run()
        steps -= found.nodes
        is_all = is_all and found.is_all
        if found.days is not None:
            plan.made, plan.days, plan.cost = made, found.days, found.cost
    return is_all
