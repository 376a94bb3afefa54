"""The professions of the people who treat, and what each may decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from people.rules.knowledge import Claim, sheet

KNOWLEDGE = Path(__file__).parents[1] / "knowledge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profession(Claim):
    """What a clinician is licensed as. `scope_note` limits what the two rights cover."""

    label: str
    may_clear_red_flags: bool
    may_override_relative: bool
    scope_note: str = ""
    needs_countersign: bool = False  # what they sign, a colleague of an independent profession signs too


def load(folder: Path) -> Mapping[str, Profession]:
    """Raises `KnowledgeError` if the file does not add up."""
    file = sheet(folder, "professions.toml")
    found = file.entries("profession", Profession)
    # Sources live with the patients, to the right of here, so a profession cannot name one.
    file.require_evidence(found.values(), known_sources=())
    return found


@cache
def professions() -> Mapping[str, Profession]:
    """Every profession by its code, in the order a form offers them."""
    return load(KNOWLEDGE)


def choices() -> list[tuple[str, str]]:
    """Code and label of every profession, for a form."""
    return [(profession.code, profession.label) for profession in professions().values()]
