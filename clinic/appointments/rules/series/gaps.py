"""Days between the sessions of one modality, where some are left out or were given before."""

from collections.abc import Collection, Sequence
from uuid import UUID

from clinic.appointments.rules.series.problem import Gap, Session


def chains(every: Sequence[Session], wanted: Sequence[Session]) -> list[tuple[int, Gap | None] | None]:
    """For each that is wanted the one of its modality before it, and the gap between them.

    Where one in between was left out, the best and the longest gap add up and the shortest stays.
    """
    place = {it.id: nth for nth, it in enumerate(wanted)}
    found: list[tuple[int, Gap | None] | None] = [None] * len(wanted)
    last: dict[str, tuple[int | None, Gap | None]] = {}
    for it in sorted(every, key=lambda each: each.number):
        before, owed = last.get(it.modality, (None, None))
        gap = _added(owed, it.gap)
        if it.id not in place:
            last[it.modality] = (before, gap)
        else:
            if before is not None:
                found[place[it.id]] = (before, gap)
            last[it.modality] = (place[it.id], None)
    return found


def own_gap(it: Session, every: Sequence[Session], wanted: Collection[UUID]) -> Gap | None:
    """The gap to the day that it follows, which is no part of the problem."""
    earlier = [each for each in every if each.modality == it.modality and each.number < it.number]
    if it.follows is None or any(each.id in wanted for each in earlier):
        return None
    gap: Gap | None = None
    for each in sorted(earlier, key=lambda other: other.number):
        gap = _added(gap, each.gap)
    return _added(gap, it.gap)


def _added(owed: Gap | None, gap: Gap | None) -> Gap | None:
    if gap is None or owed is None:
        return gap
    return Gap(gap.least, owed.target + gap.target, owed.most + gap.most)
