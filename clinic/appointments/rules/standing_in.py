"""Who sees the patients of a clinician who has fallen ill: which time is closest to what was promised."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Promised:
    """What the patient was told. Times are on the wall clock of the site."""

    local_start: datetime
    clinician_id: UUID
    known: Collection[UUID]  # clinicians who have seen the patient before
    last_day: date | None = None  # of the session that the plan asks for


@dataclass(frozen=True, slots=True)
class Instead:
    local_start: datetime
    clinician_id: UUID


Distance = tuple[int, int, float, int]


def serves(it: Instead, promised: Promised) -> bool:
    """Whether it helps at all: on the day itself somebody else is needed."""
    return it.clinician_id != promised.clinician_id or it.local_start.date() > promised.local_start.date()


def distance(it: Instead, promised: Promised) -> Distance:
    """How far it is from the promise: another person at the same time, then the same day, then the days after.

    Inside the plan's window before outside of it, then the own clinician or somebody known, then the hour.
    """
    days = (it.local_start.date() - promised.local_start.date()).days
    is_outside = promised.last_day is not None and it.local_start.date() > promised.last_day
    off = abs((it.local_start - promised.local_start).total_seconds() / 60 - days * 24 * 60)
    is_other, is_stranger = it.clinician_id != promised.clinician_id, it.clinician_id not in promised.known
    stranger = is_other + (is_other and is_stranger)
    return int(is_outside), days, off if days == 0 else float(stranger), stranger if days == 0 else int(off)
