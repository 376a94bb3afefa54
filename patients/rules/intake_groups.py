"""What the form asks by ticking: which groups are worth asking, and what an answer says of each fact in them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from patients.rules.entries import IntakeGroup, MedicineClass
from patients.rules.medicines import classes_in
from patients.rules.rulebook import Rulebook

Value = bool | float
ASKED_BACK_DAYS: Final = 90  # "in the last 3 months"; no rule looks further back than 84 days
MOST_TICKS_A_PAGE: Final = 12  # about two screens of a phone


@dataclass(frozen=True, slots=True)
class Recognised:
    """One line of the patient's list and what the rules take it for."""

    line: str
    family: MedicineClass


def groups_of(part: str, *, book: Rulebook) -> tuple[IntakeGroup, ...]:
    return tuple(it for it in book.intake_groups.values() if it.part == part)


def pages_of(groups: Iterable[IntakeGroup]) -> list[tuple[IntakeGroup, ...]]:
    """The groups on as few pages as a phone bears, none of them torn apart."""
    pages: list[tuple[IntakeGroup, ...]] = []
    for group in groups:
        last = pages[-1] if pages else ()
        fits = sum(len(it.facts) for it in last) + len(group.facts) <= MOST_TICKS_A_PAGE
        if last and fits:
            pages[-1] = (*last, group)
        else:
            pages.append((group,))
    return pages


def is_asked(group: IntakeGroup, answers: Mapping[str, Any]) -> bool:
    """Whether the group is put to her: what rests on an answer only once that answer is yes."""
    return not group.after or _said(group.after, answers) is True


def ticked(group: IntakeGroup, chosen: Collection[str], *, book: Rulebook) -> dict[str, Value | None]:
    """What a finished group says: yes to what was ticked and no to the rest.

    Of facts that count days the rest is longer ago than was asked; when it was, for what was ticked, is asked next
    (None until then).
    """
    if book.facts[group.facts[0]].counts_days:
        return {code: None if code in chosen else ASKED_BACK_DAYS for code in group.facts}
    return {code: code in chosen for code in group.facts}


def implied(answers: Mapping[str, Any], *, book: Rulebook) -> dict[str, Value]:
    """What follows from a no without being asked: who never had cancer has none now, who takes no medicine none of
    these kinds."""
    found: dict[str, Value] = {}
    for group in book.intake_groups.values():
        takes_none = group.part == "kinds" and answers.get("health", {}).get("takes_none")
        if takes_none or (group.after and _said(group.after, answers) is False):
            found |= dict.fromkeys(group.facts, False)
    return found


def told(answers: Mapping[str, Any]) -> Mapping[str, Value]:
    """The facts she was asked for by name, yes and no."""
    facts: Mapping[str, Value] = answers.get("health", {}).get("facts", {})
    return facts


def lines(text: str) -> list[str]:
    """A list of medicines, one a line; commas and semicolons part them as well."""
    return [it.strip() for it in text.replace(";", "\n").replace(",", "\n").splitlines() if it.strip()]


def recognised(text: str, families: Collection[MedicineClass]) -> list[Recognised]:
    """Each line with each class it was recognised as. That a line is missing here proves nothing."""
    return [Recognised(line, family) for line in lines(text) for family in classes_in(line, families)]


def facts_taken(answers: Mapping[str, Any], *, book: Rulebook) -> set[str]:
    """The facts that are true of whoever takes the medicines she wrote, but for those she said were misread."""
    health = answers.get("health", {})
    denied = set(health.get("denied", ()))
    found = recognised(str(health.get("medicines", "")), book.medicine_classes.values())
    return {fact for it in found if it.family.code not in denied for fact in it.family.facts}


def _said(code: str, answers: Mapping[str, Any]) -> Any:
    flags: Mapping[str, bool] = answers.get("red_flags", {})
    return flags[code] if code in flags else told(answers).get(code)


def codes(groups: Sequence[IntakeGroup]) -> list[str]:
    return [code for group in groups for code in group.facts]
