"""What a product needs written down so that it can be recalled: lot, expiry, volume, place and guidance."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from programs.rules.doses import MILLILITRES, WITH_LOT

# Joints lie one above the other: without its level nobody knows which one was injected. From general knowledge, to be
# confirmed by a clinician.
WITH_LEVEL: Final = frozenset({"cervical_facet"})


class Guidance(TextChoices):
    """How the needle was led."""

    LANDMARK = "landmark", _("By landmark")
    ULTRASOUND = "ultrasound", _("Ultrasound")
    FLUOROSCOPY = "fluoroscopy", _("Fluoroscopy")
    NONE = "none", _("None")


class LeftOut(TextChoices):
    """Why a planned treatment was not given."""

    DECLINED = "declined", _("The patient did not want it")
    NOT_NEEDED = "not_needed", _("Not needed today")
    NOT_WELL = "not_well", _("The patient was not well enough")
    NO_TIME = "no_time", _("No time left")
    EQUIPMENT = "equipment", _("Device or product not available")
    OTHER = "other", _("Another reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What was drawn up and where it went. `places` as `TreatmentGiven.regions` keeps them."""

    lot: str
    expires_on: date | None
    guidance: str
    places: Collection[str]
    dose: Mapping[str, float]

    def has_expired_on(self, day: date) -> bool:
        """A product may be used up to and including the day printed on it."""
        return self.expires_on is not None and self.expires_on < day


def lacking(modality: str, it: Product) -> list[Any]:
    """In words what is still to be written down; nothing for a treatment without a product."""
    if modality not in WITH_LOT:
        return []
    needed = {
        _("the lot"): it.lot.strip(),
        _("the expiry date"): it.expires_on,
        _("the volume"): it.dose.get(MILLILITRES.code),
        _("the place and side"): it.places,
        _("the guidance"): it.guidance,
    }
    found: list[Any] = [words for words, value in needed.items() if not value]
    if any(_needs_level(place) for place in it.places):
        found.append(_("the level"))
    return found


def _needs_level(place: str) -> bool:
    region, _colon, rest = place.partition(":")
    return region in WITH_LEVEL and ":" not in rest
