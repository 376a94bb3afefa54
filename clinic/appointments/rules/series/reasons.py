"""Why a session is where it is."""

from collections.abc import Iterator

from clinic.appointments.rules.series.answer import Why
from clinic.appointments.rules.series.book import QUARTER
from clinic.appointments.rules.series.model import Model
from clinic.appointments.rules.series.problem import Booked
from clinic.appointments.rules.series.scoring import Plan, mostly

HALF_AN_HOUR = 30 // QUARTER  # quarter hours


def reasons(model: Model, plan: Plan, nth: int, visit: Booked) -> tuple[Why, ...]:
    """Everything that speaks for it or explains it, what helps most to judge first."""
    return tuple(sorted(_all(model, plan, nth, visit), key=list(Why).index))


def _all(model: Model, plan: Plan, nth: int, visit: Booked) -> Iterator[Why]:
    it = model.sessions[nth]
    if it.pinned:
        yield Why.PINNED
    if model.is_repair and it.booked == visit:
        yield Why.KEPT
    yield from _of_the_day(model, plan, nth, visit)
    if _shares_a_trip(plan, nth, visit):
        yield Why.SAME_TRIP
    yield from _of_the_clinician(plan, nth, visit)
    usual = plan.problem.wishes.usual
    if usual:
        wall = plan.book.day_at(visit.site_id, visit.day).wall(visit.starts)
        if abs(wall - usual.hour * 60 - usual.minute) <= HALF_AN_HOUR * QUARTER:
            yield Why.USUAL_HOUR


def _of_the_day(model: Model, plan: Plan, nth: int, visit: Booked) -> Iterator[Why]:
    it, before = model.sessions[nth], model.spacing.before[nth]
    if visit.day == it.due_on:
        yield Why.TARGET_DAY
    elif not it.pinned:
        # On the target day itself it could have been had: what keeps it away are the others.
        yield Why.SPACED if (it.due_on - model.dates[0]).days in model.known[nth] else Why.NOT_FREE
    if before and before[1] and (visit.day - plan.visits[before[0]].day).days == before[1].target:
        yield Why.TARGET_GAP


def _shares_a_trip(plan: Plan, nth: int, visit: Booked) -> bool:
    others = [(it.day, it.site_id) for n, it in enumerate(plan.visits) if n != nth]
    others += [(it.day, it.site_id or visit.site_id) for it in plan.problem.happened if it.is_visit]
    return (visit.day, visit.site_id) in others


def _of_the_clinician(plan: Plan, nth: int, visit: Booked) -> Iterator[Why]:
    sessions = plan.spacing.sessions
    modality = sessions[nth].modality
    if plan.problem.wishes.clinicians.get(modality) == visit.clinician_id:
        yield Why.SAME_CLINICIAN
        return
    same = {n: it.clinician_id for n, it in enumerate(plan.visits) if sessions[n].modality == modality}
    if len(same) > 1 and mostly(same) == visit.clinician_id:
        yield Why.ONE_CLINICIAN
