"""Who gives a modality: the clinician that most of its sessions should be with, so that the patient knows them."""

from collections.abc import Sequence
from uuid import UUID

from clinic.appointments.rules.series.model import Model
from clinic.appointments.rules.series.visiting import Leads


def nobody(model: Model) -> Leads:
    return (None,) * len(model.sessions)


def chosen(model: Model) -> Leads:
    """For each modality whom the patient has seen or asked for; else who can give most of it near the target days."""
    best = {modality: ranked[0] for modality, ranked in candidates(model).items()}
    return leads(model, best)


def leads(model: Model, by_modality: dict[str, UUID]) -> Leads:
    return tuple(by_modality.get(it.modality) for it in model.sessions)


def candidates(model: Model) -> dict[str, list[UUID]]:
    """By modality, the likeliest first. A modality that is given once by anybody needs none."""
    found = {}
    usual = model.problem.wishes.clinicians
    for modality in dict.fromkeys(it.modality for it in model.sessions):
        members = [nth for nth, it in enumerate(model.sessions) if it.modality == modality]
        ranked = _ranked(model, members)
        known = usual.get(modality)
        if known in ranked:
            found[modality] = [known]
        elif len(members) > 1 and ranked:
            found[modality] = ranked
    return found


def _ranked(model: Model, members: Sequence[int]) -> list[UUID]:
    """By what their sessions would cost at the least; the order of the supply decides between equals."""
    cost: dict[UUID, int] = {}
    without = 0
    for nth in members:
        least: dict[UUID, int] = {}
        for day, opening in model.known[nth].items():
            own = model.own[nth][day]
            for row in opening.rows:
                if own < least.get(row.clinician_id, 10**18):
                    least[row.clinician_id] = own
        other = min(least.values(), default=0) + model.weights.clinician
        for who in least:
            cost.setdefault(who, without)
        for who in cost:
            cost[who] += min(least.get(who, other), other)
        without += other
    return sorted(cost, key=lambda who: cost[who])
