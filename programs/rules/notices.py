"""What the rules say of sessions that are only planned yet: what comes too close, and what to leave off when."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Final

from programs.rules.entries import CourseLimits
from programs.rules.revising import Slot
from programs.rules.timing import DAYS, HARD, OK, SESSIONS, Happening, TimingRule, judge

TOO_CLOSE, PAST_COURSE, LEAVE_OFF = "too_close", "past_course", "leave_off"
WASHOUT_BEFORE: Final = "washout_before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`what` of session `ordinal` of `modality`: from `on`, because of `rule` (none for the length of a course)."""

    what: str
    strength: str
    modality: str
    ordinal: int
    on: date
    rule: TimingRule | None = None
    other: str = ""  # the treatment or event it stands too close to, or that must be left off

    @property
    def forbids(self) -> bool:
        return self.what == TOO_CLOSE and self.strength == HARD


def on_sessions(
    changed: Iterable[Slot],
    standing: Sequence[Slot],
    *,
    rules: Collection[TimingRule],
    events: Collection[str],
    courses: Mapping[str, CourseLimits],
) -> list[Notice]:
    """Everything the rules say of the `changed` sessions among all that are `standing`, the strictest first.

    The region counts as the same: where a session will be given is not known yet.
    """
    found: list[Notice] = []
    told: set[tuple[str, str]] = set()
    for slot in changed:
        found.extend(_too_close(slot, standing, rules, told))
        found.extend(leave_off(slot, rules=rules, events=events))
        most = courses[slot.modality].sessions_max
        if slot.ordinal == most + 1:
            found.append(
                Notice(what=PAST_COURSE, strength="soft", modality=slot.modality, ordinal=most, on=slot.due_on)
            )
    return sorted(found, key=lambda it: (not it.forbids, it.what != TOO_CLOSE))


def _too_close(
    slot: Slot, standing: Sequence[Slot], rules: Collection[TimingRule], told: set[tuple[str, str]]
) -> Iterable[Notice]:
    for other in standing:
        if other == slot or (other.modality, other.ordinal) == (slot.modality, slot.ordinal):
            continue
        first, then = sorted((other, slot), key=lambda it: (it.happens_on, it.ordinal))
        # Where the one could still move inside its days, the solver keeps them apart: only a row is sure.
        is_row = other.modality == slot.modality and abs(other.ordinal - slot.ordinal) == 1
        gap = (then.happens_on - first.happens_on).days
        distance = judge(_happening(first), _happening(then), rules, gap, True)
        if distance.strength == OK:
            continue
        strength = distance.strength if is_row else "soft"
        key = (distance.broken[0].code, strength)
        if key not in told:
            told.add(key)
            yield Notice(
                what=TOO_CLOSE, strength=strength, modality=slot.modality, ordinal=slot.ordinal, on=slot.due_on,
                rule=max(distance.broken, key=lambda it: (it.strength == distance.strength, it.min_gap)),
                other=other.modality,
            )  # fmt: skip


def leave_off(slot: Slot, *, rules: Iterable[TimingRule], events: Collection[str]) -> list[Notice]:
    """What must not be taken before it, and from which day: "no ibuprofen from 28 September"."""
    return [
        Notice(
            what=LEAVE_OFF, strength=HARD, modality=slot.modality, ordinal=slot.ordinal, rule=rule, other=rule.first,
            on=slot.due_on - timedelta(days=ceil(rule.min_gap)),
        )
        for rule in rules
        if rule.unit == DAYS
        and rule.strength == HARD
        and rule.kind == WASHOUT_BEFORE
        and rule.min_gap > 0
        and rule.first in events
        and _happening(slot).is_one_of((rule.then, *rule.also), rule.then_techniques)
    ]  # fmt: skip


def _happening(slot: Slot) -> Happening:
    return Happening(slot.modality, slot.technique or None)


def review_is_missing(modality: str, given_since_review: int, *, rules: Iterable[TimingRule]) -> bool:
    """Whether so many sessions of a treatment were given since somebody last looked that no other may follow."""
    said = [it.min_gap for it in rules if it.unit == SESSIONS and it.strength == HARD and it.first == modality]
    return bool(said) and given_since_review >= min(said)
