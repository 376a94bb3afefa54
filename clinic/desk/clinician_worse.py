"""Patients who are worse than when they began, by more than the usual swing: somebody should look at the plan."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q

from clinic.appointments.models import Appointment
from patients.models import Outcome, Patient
from patients.rules.change import Change, change
from patients.rules.entries import Measure
from patients.rules.rulebook import rulebook
from people.models import User

MEASURES: Final = {"nprs": "worst_24h", "ndi": "raw_equivalent"}  # what of each scale is compared
LOOKS_BACK: Final = timedelta(days=90)  # a course is shorter; an older baseline belongs to another episode
MOST_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Worse:
    patient: Patient
    measure: Measure
    was: float
    now: float
    change: Change


def worse(user: User, *, on: date, everybodys: bool) -> list[Worse]:
    """First and last score of the last three months compared, worst first. Two queries, however many patients."""
    rows = Outcome.objects.visible_to(user).filter(on__gt=on - LOOKS_BACK, measure__in=MEASURES)
    # A pain score without its worst is not on the same line.
    rows = rows.filter(Q(measure="ndi") | Q(answers__has_key="worst_24h"))
    if not everybodys:
        mine = Appointment.objects.filter(patient=OuterRef("patient"), clinician__user=user).standing()
        rows = rows.filter(Exists(mine))
    by_scale = rows.order_by("patient", "measure", "on", "at").distinct("patient", "measure")
    first = {(it.patient_id, it.measure): it for it in by_scale}
    last = rows.order_by("patient", "measure", "-on", "-at").distinct("patient", "measure").select_related("patient")
    found = [line for it in last if (line := _compared(first.get((it.patient_id, it.measure)), it))]
    return sorted(found, key=lambda it: it.change.by / it.measure.range_max)


def _compared(first: Outcome | None, last: Outcome) -> Worse | None:
    was, now = _value(first), _value(last)
    if was is None or now is None or first is None or first.pk == last.pk:
        return None
    measure = rulebook().measures[last.measure]
    moved = change(measure, was, now)
    return Worse(last.patient, measure, was, now, moved) if moved.verdict == "worse" else None


def _value(it: Outcome | None) -> float | None:
    if it is None:
        return None
    kept: Any = it.answers if it.measure == "nprs" else it.values
    value = kept.get(MEASURES[it.measure])
    return None if value is None else float(value)
