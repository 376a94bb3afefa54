"""What a plan looks like after a change: more sessions, fewer, further apart, another technique."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from programs.rules.entries import CourseLimits

MOST_AT_ONCE: Final = 30  # sessions added in one change
LONGEST_GAP: Final = 365  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One session of a plan as it stands. Without a `key` it is new. Gaps are days, None for the first of a row."""

    modality: str
    technique: str
    ordinal: int
    course_length: int
    due_from: date
    due_on: date
    due_until: date
    key: UUID | None = None
    given_on: date | None = None
    gap_days_min: int | None = None
    gap_days_target: int | None = None
    gap_days_max: int | None = None
    is_optional: bool = False
    hold_loading_days: int = 0

    @property
    def happens_on(self) -> date:
        """The day others count from: when it was given, else when it is due."""
        return self.given_on or self.due_on


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """`count` sessions after the last one of that treatment, `every_days` apart."""

    modality: str
    technique: str
    count: int
    every_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What shall be different about the sessions of a plan."""

    more: tuple[More, ...] = ()
    dropped: frozenset[UUID] = frozenset()
    every_days: Mapping[str, int] = field(default_factory=dict)  # by modality, for what is still to come
    techniques: Mapping[str, str] = field(default_factory=dict)  # by modality, for what is still to come

    def __bool__(self) -> bool:
        return bool(self.more or self.dropped or self.every_days or self.techniques)


def revised(
    slots: Iterable[Slot], wish: Wish, *, courses: Mapping[str, CourseLimits], holds: Mapping[str, int], on: date
) -> tuple[Slot, ...]:
    """Every session that stands after the change, numbered anew. What was given is never touched.

    A treatment that is new to the plan begins `on`. `holds` are days without loading by technique.
    """
    by_modality: dict[str, list[Slot]] = {}
    for slot in sorted(slots, key=lambda it: (it.due_on, it.ordinal)):
        if slot.key not in wish.dropped or slot.given_on:
            by_modality.setdefault(slot.modality, []).append(slot)
    for modality, technique in wish.techniques.items():
        row = by_modality.get(modality, [])
        by_modality[modality] = [it if it.given_on else _with(it, technique, holds) for it in row]
    for modality, days in wish.every_days.items():
        by_modality[modality] = _spaced(by_modality.get(modality, []), days, courses[modality])
    for more in wish.more:
        row = by_modality.setdefault(more.modality, [])
        row.extend(_more(row, more, courses[more.modality], hold=holds.get(more.technique, 0), on=on))
    return tuple(it for row in by_modality.values() for it in _numbered(row))


def _with(slot: Slot, technique: str, holds: Mapping[str, int]) -> Slot:
    return replace(slot, technique=technique, hold_loading_days=holds.get(technique, 0))


def _spaced(row: Sequence[Slot], days: int, course: CourseLimits) -> list[Slot]:
    found: list[Slot] = []
    for slot in row:
        if slot.given_on or not found:
            found.append(slot)
        else:
            found.append(_after(slot, found[-1], days, course))
    return found


def _more(row: Sequence[Slot], more: More, course: CourseLimits, *, hold: int, on: date) -> list[Slot]:
    added: list[Slot] = []
    for _n in range(more.count):
        before = added[-1] if added else row[-1] if row else None
        new = Slot(
            modality=more.modality,
            technique=more.technique,
            ordinal=0,
            course_length=0,
            due_from=on,
            due_on=on,
            due_until=on + timedelta(days=max(course.gap_days_max, more.every_days)),
            hold_loading_days=hold,
        )
        added.append(_after(new, before, more.every_days, course, not_before=on) if before else new)
    return added


def _after(slot: Slot, before: Slot, days: int, course: CourseLimits, *, not_before: date = date.min) -> Slot:
    """`days` after the one before; the treatment's own limits say how much earlier or later it may be."""
    least, most = min(course.gap_days_min, days), max(course.gap_days_max, days)
    due_from = max(before.happens_on + timedelta(days=least), not_before)
    due_on = max(before.happens_on + timedelta(days=days), due_from)
    return replace(
        slot,
        due_from=due_from,
        due_on=due_on,
        due_until=max(before.happens_on + timedelta(days=most), due_on),
        gap_days_min=least,
        gap_days_target=days,
        gap_days_max=most,
    )


def _numbered(row: Collection[Slot]) -> list[Slot]:
    in_order = sorted(row, key=lambda it: (it.happens_on, it.due_on, it.ordinal or LONGEST_GAP))
    return [replace(it, ordinal=n, course_length=len(row)) for n, it in enumerate(in_order, start=1)]


def nonsense(wish: Wish) -> bool:
    """Whether a number in it cannot be meant."""
    counts = [it.count for it in wish.more]
    gaps = [*(it.every_days for it in wish.more), *wish.every_days.values()]
    return any(not 1 <= it <= MOST_AT_ONCE for it in counts) or any(not 1 <= it <= LONGEST_GAP for it in gaps)


def shifted(slot: Slot, days: int) -> Slot:
    """The same session, that many days later."""
    later = timedelta(days=days)
    return replace(slot, due_from=slot.due_from + later, due_on=slot.due_on + later, due_until=slot.due_until + later)
