"""The words of the printed sheet of exercises, in each language there are words for."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from programs.rules.entries import Dosage, Exercise, StopRule

SHEETS: Final = Path(__file__).parents[1] / "knowledge" / "sheets"
# Each calls itself by its own name: whoever needs it reads that.
LANGUAGES: Final[Mapping[str, str]] = MappingProxyType({"en": "English", "es": "Español"})


@dataclass(frozen=True, slots=True)
class SheetWords:
    """What a sheet says in one language. The rulebook's own language needs no words for what the rulebook says."""

    language: str
    says: Mapping[str, str]
    equipment: Mapping[str, str]
    counts: Mapping[str, str]
    stop_rules: Mapping[str, str]
    exercises: Mapping[str, Mapping[str, Any]]

    def name(self, it: Exercise) -> str:
        return str(self.exercises[it.code]["name"]) if it.code in self.exercises else it.name

    def steps(self, it: Exercise) -> list[str]:
        return list(self.exercises[it.code]["steps"] if it.code in self.exercises else it.steps)

    def stop(self, it: StopRule) -> str:
        return self.stop_rules.get(it.code, it.text)

    def needs(self, it: Exercise) -> str:
        """As in "a chair, a towel"; a thing that a newer rulebook names and nobody has translated is left as it is."""
        return ", ".join(self.equipment.get(code, code.replace("_", " ")) for code in it.equipment)

    def dose(self, it: Dosage) -> str:
        """One round, with the same parts as `Dosage.dose_in_words`."""
        if not self.counts:
            return it.dose_in_words()
        said = []
        if it.reps > 1 or it.minutes is None:
            said.append(f"{self._times(it.reps)}{self.counts['each_side'] if it.each_side else ''}.")
        if it.hold_seconds:
            said.append(self._counted("hold", it.hold_seconds))
        if it.sets > 1:
            said.append(self.counts["sets"].format(n=it.sets))
        if it.minutes is not None:
            said.append(self._counted("minutes", it.minutes))
        return " ".join(said)

    def frequency(self, it: Dosage) -> str:
        """How often, with the same parts as `Dosage.frequency_in_words`."""
        if not self.counts:
            return it.frequency_in_words()
        words = {1: "day_a_week", 7: "every_day"}.get(it.days_per_week, "days_a_week")
        return self.counts[words].format(times=self._times(it.times_per_day), n=it.days_per_week)

    def _times(self, number: int) -> str:
        return self.counts["once"] if number == 1 else self.counts["times"].format(n=number)

    def _counted(self, words: str, number: int) -> str:
        return self.counts[f"{words}_one"] if number == 1 else self.counts[words].format(n=number)


@cache
def sheet_words(language: str) -> SheetWords:
    """The words of a language; English for one that we do not have."""
    known = language if language in LANGUAGES else "en"
    said = tomllib.loads((SHEETS / f"{known}.toml").read_text(encoding="utf-8"))
    return SheetWords(
        known, said["says"], said["equipment"], said.get("dose", {}), said.get("stop_rules", {}),
        said.get("exercises", {}),
    )  # fmt: skip
