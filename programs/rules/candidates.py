"""Which programs to think of for a patient, best first, and why. The clinician decides."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from programs.rules.criteria import Known, holds
from programs.rules.templates import Criterion, ProgramTemplate

FITS, OPEN, DOES_NOT_FIT, EXCLUDED = "fits", "open", "does_not_fit", "excluded"
ORDER: Final = (FITS, OPEN, DOES_NOT_FIT, EXCLUDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One program against what is known of the patient."""

    template: ProgramTemplate
    standing: str  # one of ORDER
    met: tuple[Criterion, ...]
    unmet: tuple[Criterion, ...]
    unknown: tuple[Criterion, ...]
    excluded_by: tuple[str, ...]  # facts that are on the record
    not_asked: tuple[str, ...]  # facts that would exclude it, and nobody has asked
    causes: tuple[str, ...]  # of the patient's, those the program is often begun for

    @property
    def is_proposed(self) -> bool:
        """Whether anything speaks for it, and nothing known against it."""
        return self.standing in {FITS, OPEN} and bool(self.met or self.causes)


def proposed(templates: Iterable[ProgramTemplate], *, known: Known, causes: Collection[str] = ()) -> list[Candidate]:
    """Every program, best first: what fits, what may fit once more is known, what does not, what is excluded.

    Among equals the one with more reasons stands first; a condition that nobody has asked about counts for nothing.
    """
    found = [_judged(it, known, causes) for it in templates]
    return sorted(found, key=lambda it: (ORDER.index(it.standing), -_weight(it), len(it.unknown)))


def _weight(it: Candidate) -> float:
    # A cause is what somebody thinks, a criterion what is measured: half as much.
    return len(it.met) + len(it.causes) / 2


def _judged(template: ProgramTemplate, known: Known, causes: Collection[str]) -> Candidate:
    said = {it: holds(it, known) for it in template.entry_criteria}
    excluded_by = tuple(code for code in template.exclusion_facts if known.get(code) is True)
    unmet = tuple(it for it, answer in said.items() if answer is False)
    unknown = tuple(it for it, answer in said.items() if answer is None)
    not_asked = tuple(code for code in template.exclusion_facts if known.get(code) is None)
    if excluded_by:
        standing = EXCLUDED
    elif unmet:
        standing = DOES_NOT_FIT
    else:
        standing = OPEN if unknown or not_asked else FITS
    return Candidate(
        template=template,
        standing=standing,
        met=tuple(it for it, answer in said.items() if answer),
        unmet=unmet,
        unknown=unknown,
        excluded_by=excluded_by,
        not_asked=not_asked,
        causes=tuple(code for code in template.causes if code in causes),
    )
