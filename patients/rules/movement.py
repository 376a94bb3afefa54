"""How far the neck moves: what is measured, in degrees, and how a change of it is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

# One tap of a stepper. A simple inclinometer is not read more finely (general knowledge, to be confirmed).
STEP_DEGREES: Final = 5
MOST_DEGREES: Final = 120
# Where the first tap starts when nobody has measured before.
USUAL_START_DEGREES: Final = 45


@dataclass(frozen=True, slots=True)
class Movement:
    code: str
    label: Any


MOVEMENTS: Final = (
    Movement("look_down", _("Look down")),
    Movement("look_up", _("Look up")),
    Movement("turn_left", _("Turn left")),
    Movement("turn_right", _("Turn right")),
    Movement("tilt_left", _("Tilt left")),
    Movement("tilt_right", _("Tilt right")),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One movement at this visit beside the last one. None: not measured."""

    movement: Movement
    now: int | None
    before: int | None

    @property
    def change(self) -> int | None:
        return None if self.now is None or self.before is None else self.now - self.before


def readings(now: Mapping[str, int], before: Mapping[str, int]) -> list[Reading]:
    """Every movement in the order of the page. What was not measured today stays unmeasured."""
    return [Reading(it, now.get(it.code), before.get(it.code)) for it in MOVEMENTS]
