"""What chance may bring to a patient: how often, what, and for how long."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

# Chances of one day of one patient.
FLARE, PAUSE, CALLS_OFF, MOVES, REVISES, WITHDRAWS = 0.012, 0.004, 0.012, 0.012, 0.004, 0.002
# Of one visit.
STAYS_AWAY, FOUND_AT_VISIT, ELSEWHERE, SECOND_TECHNIQUE = 0.06, 0.02, 0.2, 0.05
# Of one day of the clinic.
SICK, BROKEN = 0.06, 0.03
# What a doctor must look at, from the questions of every visit; and what the rules of treatments look at.
SIGNS: Final = (
    "rf_fever", "rf_dizziness", "rf_gait_change", "rf_arm_pain_numbness_one_side", "rf_known_injury",
    "rf_recent_infection_or_procedure", "rf_facial_numbness", "rf_pain_very_severe",
)  # fmt: skip
FACTS: Final[tuple[tuple[str, Any, Any], ...]] = (
    ("active_infection_systemic", True, False),
    ("local_skin_infection", True, False),
    ("bp_systolic", 190, 124),
    ("days_since_nsaid", 0, 30),
    ("anticoagulant_use", True, False),
    ("photosensitising_medication", True, False),
    ("pregnancy", True, False),
    ("needle_phobia", True, False),
)
# What is known of everybody at the beginning; a few begin with something that speaks against a part of their plan.
WELL: Final[dict[str, Any]] = {
    "bp_systolic": 122, "bp_diastolic": 78, "days_since_nsaid": 40, "anticoagulant_use": False,
    "platelet_count": 240, "hemoglobin": 14, "pregnancy": False, "active_cancer": False, "needle_phobia": False,
}  # fmt: skip
UNWELL: Final = ("anticoagulant_use", "osteoporosis", "rheumatoid_arthritis", "diabetes_uncontrolled", "active_cancer")
REGIONS: Final = ("upper_trapezius:left", "upper_trapezius:right", "posterior_cervical:right", "nuchal_ligament:middle")
DOSES: Final[dict[str, dict[str, float]]] = {
    "dry_needling": {"needles": 4},
    "shockwave": {"shocks": 2000, "bar": 1.5},
    "laser_therapy": {"joules": 96},
    "prp": {"ml": 3},
    "prolotherapy": {"ml": 4, "percent": 15},
}
UNLOCKED_FOR: Final = timedelta(days=170)


@dataclass(slots=True)
class Told:
    """What happened to the patients of one program."""

    patients: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)  # by the name of the refusal
    given_way: Counter[str] = field(default_factory=Counter)  # by what a patient agreed to, where nothing else would do
    weeks: list[float] = field(default_factory=list)  # from the start of a plan to its end


@dataclass(slots=True)
class Flare:
    """Something that stands against treatments until `until`: a warning sign, or a fact and what it becomes again."""

    until: date
    sign: str = ""
    fact: str = ""
    well: Any = None
