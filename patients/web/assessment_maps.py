"""Where it hurt, visit by visit: the drawings of the body over time, with their words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone

from patients.models import Assessment, Intake, Patient
from patients.web import bodymap
from patients.web.intake_words import places
from people.models import User

MOST: Final = 6  # the first one and the last five: more are not taken in at a glance


@dataclass(frozen=True, slots=True)
class Map:
    """One drawing. `words` say the same, with the pain of each place where it was asked."""

    at: datetime
    is_form: bool  # told by the patient; else asked by the clinician
    regions: list[bodymap.Region]
    words: list[str]


def over_time(patient: Patient, user: User) -> list[Map]:
    """Oldest first; a visit at which no place was asked about draws nothing. Two queries."""
    forms = Intake.objects.visible_to(user).submitted().filter(patient=patient).values_list("submitted_at", "answers")
    signed = Assessment.objects.visible_to(user).filter(patient=patient).exclude(signed_at=None)
    told: list[tuple[datetime, bool, dict[str, int | None]]] = [
        (at, True, dict.fromkeys(answers.get("places", {}).get("codes", ()))) for at, answers in forms if at
    ]
    told += [(at, False, said.get("places", {})) for at, said in signed.values_list("signed_at", "told") if at]
    drawn = sorted([it for it in told if it[2]], key=lambda it: it[0])
    shown = drawn if len(drawn) <= MOST else [drawn[0], *drawn[1 - MOST :]]
    return [_map(timezone.localtime(at), is_form=is_form, pains=pains) for at, is_form, pains in shown]


def _map(at: datetime, *, is_form: bool, pains: dict[str, int | None]) -> Map:
    words = [
        label if pain is None else f"{label}: {pain}"
        for label, pain in zip(places(list(pains)), pains.values(), strict=True)
    ]
    return Map(at, is_form, bodymap.regions([code for code, pain in pains.items() if pain != 0]), words)
