"""What matters about a patient before she is treated, at one glance: allergies, medicines, the pain line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils import timezone

from patients.actions import facts
from patients.models import Assessment, Intake, Outcome, Patient
from patients.rules import trends
from patients.rules.entries import Source
from patients.rules.intake_parts import AllergyState
from patients.rules.rulebook import rulebook
from patients.web import intake_words
from people.models import User

MEDICINE: Final = "medication"
# What each line is drawn from, in the names that the scores have; pain by the worst of 24 hours, as it is asked.
DRAWN: Final = ("nprs", "ndi")


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to know, with the day it was said."""

    words: str
    on: date | None
    is_warning: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A trend with its words. `sources` are those of the threshold."""

    trend: trends.Trend
    title: str
    sources: list[Source]


def matters(patient: Patient, form: Intake | None, *, on: date) -> list[Matter]:
    """Medicines the rules look at, then allergies in one of their four states. One query."""
    known = rulebook().facts
    found = [
        Matter(known[it.code].label, it.on, is_warning=True)
        for it in facts.statements(patient)
        if it.value is True and it.on <= on and it.code in known and known[it.code].kind == MEDICINE
    ]
    health = form.answers.get("health", {}) if form else {}
    said = intake_words.allergies(health) or [str(AllergyState.NOT_ASKED.label)]
    asked_on = timezone.localdate(form.submitted_at) if form and form.submitted_at and health else None
    is_clear = health.get("allergy_state") == AllergyState.NONE_KNOWN
    return [*found, Matter(": ".join(said), asked_on, is_warning=not is_clear)]


def lines(patient: Patient, user: User, *, before: date | None = None) -> list[Line]:
    """The pain line and the disability line, as far as there is anything to draw. Two queries."""
    forms = Intake.objects.visible_to(user).submitted().filter(patient=patient).order_by("submitted_at")
    rows = Outcome.objects.visible_to(user).filter(patient=patient, measure__in=DRAWN)
    if before:
        forms, rows = forms.filter(submitted_at__date__lt=before), rows.filter(on__lt=before)
    told: list[tuple[date, Mapping[str, Any]]] = [
        (timezone.localdate(it.submitted_at), it.answers.get("pain", {})) for it in forms if it.submitted_at
    ]
    scores = list(rows)
    drawn = {"nprs": _pain(told, scores), "ndi": _disability(scores)}
    return [line for code in DRAWN if (line := _line(code, drawn[code]))]


def _pain(told: Iterable[tuple[date, Mapping[str, Any]]], scores: Iterable[Outcome]) -> list[trends.Reading]:
    at_home = [(on, pain.get("worst")) for on, pain in told]
    here = [(it.on, it.answers.get("worst_24h")) for it in scores if it.measure == "nprs"]
    # Of one day the clinician's number stands: it was asked again.
    by_day = dict([*[it for it in at_home if it[1] is not None], *[it for it in here if it[1] is not None]])
    return [trends.Reading(on, float(value)) for on, value in sorted(by_day.items()) if value is not None]


def _disability(scores: Iterable[Outcome]) -> list[trends.Reading]:
    found = {it.on: it.values.get("raw_equivalent") for it in scores if it.measure == "ndi"}
    return [trends.Reading(on, float(value)) for on, value in sorted(found.items()) if value is not None]


def _line(code: str, readings: list[trends.Reading]) -> Line | None:
    book = rulebook()
    measure = book.measures[code]
    trend = trends.drawn(measure, readings)
    return Line(trend, measure.name, [book.sources[it] for it in measure.sources]) if trend else None


def last_moves(patient: Patient, assessment: Assessment | None) -> dict[str, int]:
    """The last degrees of each movement at an earlier visit, to be shown beside the field and never put into it."""
    earlier = Assessment.objects.filter(patient=patient).exclude(signed_at=None).order_by("signed_at")
    rows = earlier.exclude(pk=assessment.pk) if assessment else earlier
    found: dict[str, int] = {}
    for moves, left, right in rows.values_list("moves", "rotation_left_degrees", "rotation_right_degrees"):
        turned = {"turn_left": left, "turn_right": right}
        found |= {code: degrees for code, degrees in turned.items() if degrees is not None} | moves
    return found
