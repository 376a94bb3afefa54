"""What is asked at every visit after the first: the short safety screen, the last days, and which scales are due."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from patients.rules.red_flags import RedFlagRule
from patients.rules.rulebook import Rulebook, intake_questions

EVERY_VISIT: Final = "every_visit"
# Days after which a scale is asked again. Source: `schedule` of each measure (every visit; week 4; 30-day diary).
ASKED_AGAIN_AFTER_DAYS: Final[Mapping[str, int]] = {
    "nprs": 0, "ndi": 28, "psfs": 28, "groc": 28, "headache_days": 30, "sleep": 28,
}  # fmt: skip


class Reaction(TextChoices):
    """To the last treatment, in the days after it."""

    NONE = "none", _("No reaction")
    SORE = "sore", _("Sore for 1 day")
    LONGER = "longer", _("Sore for longer")
    BRUISE = "bruise", _("Bruise")
    OTHER = "other", _("Other")


class Sleep(TextChoices):
    BETTER = "better", _("Better")
    SAME = "same", _("Same")
    WORSE = "worse", _("Worse")


class PlanWish(TextChoices):
    KEEP = "keep", _("Keep the plan")
    CHANGE = "change", _("Change it")


class Load(TextChoices):
    """Of the exercises at home."""

    EASIER = "easier", _("Easier")
    SAME = "same", _("Same")
    HARDER = "harder", _("Harder")


# What the questions look for, in the words of a column head. Our own grouping, from general knowledge.
GROUPS: Final[Mapping[str, tuple[Any, frozenset[str]]]] = {
    "cord": (
        _("Spinal cord and nerves"),
        frozenset({"myelopathy", "cord_compression", "cauda_equina", "radiculopathy"}),
    ),
    "artery": (
        _("Neck artery and brain"),
        frozenset({"cervical_artery_dissection", "vbi", "stroke_tia", "subarachnoid_haemorrhage", "head_injury"}),
    ),
    "bone": (
        _("Bone and ligaments"),
        frozenset({"fracture", "ligament_injury", "osteoporotic_bone", "upper_cervical_instability"}),
    ),
    "infection": (
        _("Infection"),
        frozenset({"meningitis", "sepsis", "spinal_infection", "deep_neck_infection", "tetanus", "viral_infection"}),
    ),
    "cancer": (_("Cancer"), frozenset({"malignancy"})),
    "inflammation": (_("Inflammation"), frozenset({"inflammatory_arthritis", "giant_cell_arteritis"})),
    "heart": (_("Heart and vessels"), frozenset({"cardiac", "aortic_dissection", "hypertensive_crisis"})),
}
REST: Final = "rest"
OTHER: Final = _("Everything else")


@dataclass(frozen=True, slots=True)
class Group:
    code: str
    label: Any
    questions: tuple[RedFlagRule, ...]


def questions_first(age_years: int | None, *, book: Rulebook) -> tuple[RedFlagRule, ...]:
    """The safety questions of a first assessment: all of the form's, gravest first."""
    return tuple(it for it in intake_questions(age_years, book=book) if it.answer_type == "yes_no")


def questions_again(age_years: int | None, *, book: Rulebook) -> tuple[RedFlagRule, ...]:
    """The safety questions that are put at every visit, gravest first."""
    return tuple(
        it for it in intake_questions(age_years, book=book) if EVERY_VISIT in it.ask_at and it.answer_type == "yes_no"
    )


def grouped(questions: Iterable[RedFlagRule]) -> list[Group]:
    """By what they look for first; within a group gravest first, as they came."""
    rest = list(questions)
    found = []
    for code, (label, conditions) in GROUPS.items():
        own = [it for it in rest if it.may_indicate and it.may_indicate[0] in conditions]
        rest = [it for it in rest if it not in own]
        if own:
            found.append(Group(code, label, tuple(own)))
    return [*found, Group(REST, OTHER, tuple(rest))] if rest else found


def due(measure: str, last_on: date | None, *, on: date) -> bool:
    """Whether the scale is asked again at a visit on that day. One that was never filled in is due."""
    return last_on is None or (on - last_on).days >= ASKED_AGAIN_AFTER_DAYS[measure]
