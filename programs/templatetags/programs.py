"""How what we know is shown: always with where it comes from and whether a clinician has confirmed it."""

from datetime import date
from typing import Any

from django import template
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from patients.rules.rulebook import rulebook as patients_rulebook
from people.rules.knowledge import Claim
from programs.models import PlanExercise, PlannedSession
from programs.rules import usual
from programs.rules.entries import Dosage, Exercise, SelfCare
from programs.rules.rulebook import needs_confirmation, rulebook
from programs.rules.sheet_words import LANGUAGES, SheetWords, sheet_words
from programs.web import pictures, self_care_words

register = template.Library()


@register.inclusion_tag("programs/evidence.html")
def evidence(claim: Claim) -> dict[str, Any]:
    """The sources of a claim, and "Not yet confirmed by a clinician" where that is so."""
    known = patients_rulebook().sources
    return {
        "claim": claim,
        "sources": [known[code] for code in claim.sources if code in known],
        "is_unconfirmed": needs_confirmation(claim),
    }


@register.inclusion_tag("programs/sheet_choice.html")
def sheet_choice(url: str, language: str = "") -> dict[str, Any]:
    """Which language and which paper; `language` is the one that is chosen at first."""
    return {"url": url, "languages": LANGUAGES.items(), "language": language}


@register.simple_tag
def exercise_picture(code: str) -> SafeString:
    """A simple drawing of the exercise, a calm figure where we have none."""
    return mark_safe(pictures.svg_of(code, translation.get_language() or ""))  # noqa: S308  made of our own numbers and the rulebook's name, escaped there


@register.filter
def known_exercise(code: str) -> Exercise | None:
    """The exercise as the rulebook has it today, None for one it no longer has."""
    return rulebook().exercises.get(code)


@register.filter
def exercise_name(exercise: Exercise) -> str:
    """What it is called in the language of the page."""
    return _words().name(exercise)


@register.filter
def exercise_steps(exercise: Exercise) -> list[str]:
    """How it is done, step by step, in the language of the page."""
    return _words().steps(exercise)


@register.filter
def dose(exercise: PlanExercise) -> str:
    """One round as it was prescribed: "10 times. Hold for 5 seconds."."""
    return _words().dose(dosage_of(exercise))


@register.filter
def needs(exercise: Exercise) -> str:
    """What it is done with: "a chair, a towel"."""
    return _words().needs(exercise)


@register.filter
def frequency(exercise: PlanExercise) -> str:
    """How often, as it was prescribed."""
    return _words().frequency(dosage_of(exercise))


@register.filter
def service_name(modality: str) -> str:
    """What patients and the desk call a treatment."""
    book = rulebook()
    if modality in book.services:
        return gettext(book.services[modality].name)
    return gettext(book.modalities[modality].name) if modality in book.modalities else modality


@register.filter
def technique_called(session: PlannedSession) -> str:
    """The technique of a planned session by its name."""
    known = rulebook().modalities.get(session.modality)
    return known.techniques[session.technique].name if known and session.technique in known.techniques else ""


@register.filter
def measure_name(code: str) -> str:
    """What a scale is called."""
    measures = patients_rulebook().measures
    return measures[code].name if code in measures else code


@register.filter
def limits_in_words(it: SelfCare) -> list[str]:
    """How much and for how long a patient may do it alone."""
    return self_care_words.limits(it)


@register.filter
def limits_for_patient(it: SelfCare) -> list[str]:
    """The limits of a medicine, and when to ask."""
    return self_care_words.limits_for_patient(it)


@register.filter
def holds_on(phase: Any, day: date) -> bool:
    return bool(phase.holds_on(day))


def _words() -> SheetWords:
    return sheet_words(translation.get_language() or "")


def dosage_of(exercise: PlanExercise) -> Dosage:
    """What was prescribed; a part that was not written down is as the rulebook has it."""
    return usual.dosage_of(exercise.code, exercise.dosage)
