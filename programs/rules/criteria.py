"""Whether the conditions of a program hold, with what is known. Unknown is said as unknown, never as no."""

from collections.abc import Iterable, Mapping, Sequence

from programs.rules.contraindications import OPERATORS
from programs.rules.templates import Criterion

Known = Mapping[str, "bool | float"]


def holds(criterion: Criterion, known: Known) -> bool | None:
    """None as long as nobody knows."""
    value = known.get(criterion.field)
    return None if value is None else OPERATORS[criterion.op](value, criterion.value)


def all_hold(criteria: Iterable[Criterion], known: Known) -> bool | None:
    """One that fails decides, whatever is unknown."""
    found = {holds(it, known) for it in criteria}
    return False if False in found else None if None in found else True


def reached(groups: Sequence[Sequence[Criterion]], known: Known) -> bool | None:
    """Whether every condition of at least one group holds; None if nobody can say, or nothing is asked."""
    found = {all_hold(group, known) for group in groups}
    if True in found:
        return True
    return None if None in found or not found else False
