"""How much of a treatment was given: which numbers are written down for each, and within which bounds they can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RoomReaction(TextChoices):
    """What happened while the patient was still here."""

    NONE = "none", _("None")
    FAINT = "faint", _("Faint")
    BLEEDING = "bleeding", _("Bleeding")
    PAIN = "pain", _("More pain")
    OTHER = "other", _("Other")


@dataclass(frozen=True, slots=True)
class Measured:
    """One number of a dose. `most` is where a slip of the hand is likelier than a dose; it is no clinical limit."""

    code: str
    label: Any
    unit: Any
    most: int
    places: int = 0  # after the decimal point


NEEDLES: Final = Measured("needles", _("Needles"), _("needles"), 60)
MINUTES: Final = Measured("minutes", _("Minutes"), _("min"), 180)
MILLILITRES: Final = Measured("ml", _("Volume"), _("ml"), 60, places=1)
# From general knowledge, to be confirmed by a clinician: what each treatment's record usually holds.
DOSES: Final[Mapping[str, tuple[Measured, ...]]] = {
    "dry_needling": (NEEDLES, Measured("mm", _("Depth"), _("mm"), 80), MINUTES),
    "integrative_medicine": (NEEDLES, MINUTES),
    "laser_therapy": (
        Measured("joules", _("Energy"), _("J"), 20_000),
        Measured("watts", _("Power"), _("W"), 40, places=1),
        Measured("nm", _("Wavelength"), _("nm"), 2_000),
    ),
    "shockwave": (
        Measured("shocks", _("Shocks"), _("shocks"), 10_000),
        Measured("bar", _("Pressure"), _("bar"), 6, places=1),
        Measured("mj", _("Energy flux"), _("mJ/mm²"), 2, places=2),  # focused; a radial wave is set in bar
        Measured("hertz", _("Frequency"), _("Hz"), 40),
    ),
    "prp": (MILLILITRES,),
    "prolotherapy": (MILLILITRES, Measured("percent", _("Dextrose"), _("%"), 50, places=1)),
    "stem_cell": (MILLILITRES,),
    "chiropractic_care": (MINUTES,),
    "exercise_program": (MINUTES,),
    "posture_guidance": (MINUTES,),
}
# A product that can be recalled: without its lot nobody would know whom to call.
WITH_LOT: Final = frozenset({"prp", "prolotherapy", "stem_cell"})
SIDES: Final[Mapping[str, Any]] = {
    "left": _("left"),
    "right": _("right"),
    "both": _("both sides"),
    "middle": _("middle"),
}
LEVELS: Final = ("C0-C1", "C1-C2", "C2-C3", "C3-C4", "C4-C5", "C5-C6", "C6-C7", "C7-T1", "T1-T4", "T4-T8")


def readable(modality: str, dose: Mapping[str, float]) -> list[str]:
    """Such as "4 needles", "120 J"; only what was written down."""
    return [f"{dose[it.code]:g} {it.unit}" for it in DOSES.get(modality, ()) if it.code in dose]


def problem(modality: str, dose: Mapping[str, float]) -> str:
    """The code of the first number that cannot be right; empty if all can."""
    known = {it.code: it for it in DOSES.get(modality, ())}
    for code, value in dose.items():
        if code not in known or not 0 <= value <= known[code].most:
            return code
    return ""


def is_a_place(place: str, regions: Mapping[str, object]) -> bool:
    """Whether it reads region:side or region:side:level, as `TreatmentGiven.regions` keeps it."""
    region, _colon, rest = place.partition(":")
    side, _second, level = rest.partition(":")
    return region in regions and side in SIDES and (not level or level in LEVELS)


def place_words(place: str, labels: Mapping[str, str]) -> str:
    """Such as "Upper trapezius (right)" or "Cervical facet joints and capsules (left, C5-C6)"."""
    region, *details = place.split(":")
    said = [str(SIDES.get(it, it)) for it in details]
    return f"{labels.get(region, region)} ({', '.join(said)})" if said else labels.get(region, region)
