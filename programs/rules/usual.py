"""The dose of an exercise as it was prescribed."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from programs.rules.entries import Dosage
from programs.rules.rulebook import rulebook

_NOTHING = Dosage(sets=1, reps=1, hold_seconds=0, times_per_day=1, days_per_week=7, each_side=False)


def dosage_of(code: str, prescribed: Mapping[str, Any]) -> Dosage:
    """What was prescribed; a part that was not written down is as the rulebook has it."""
    known = rulebook().exercises.get(code)
    usual = asdict(known.dosage if known else _NOTHING)
    return Dosage(**{part: prescribed.get(part, value) for part, value in usual.items()})
