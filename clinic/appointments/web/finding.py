"""Whom somebody at the desk means: the first of the list is the one that Enter takes."""

import re

from patients.models import Patient
from patients.models.patient import PatientQuerySet
from patients.rules.names import fold
from patients.rules.search import Wanted

COMPARED = 40  # by name; whoever stands further back is found by another letter


def best_first(among: PatientQuerySet, wanted: Wanted, *, most: int) -> list[Patient]:
    """Who has a name that was typed in full comes before those whose names only begin so: Leila before Leilani."""
    found = list(among.matching(wanted)[:COMPARED])
    words = {fold(word) for word in wanted.words}
    return sorted(found, key=lambda patient: not words & _names(patient) if words else False)[:most]


def _names(patient: Patient) -> set[str]:
    parts = re.split(r"[\s-]+", f"{patient.full_name} {patient.preferred_name}")
    return {fold(part) for part in parts}
