"""Who sees the patients of a clinician who has fallen ill: which time is closest to what was promised, and in words."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils import formats
from django.utils.translation import gettext as _


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


def explained(it: Instead, promised: Promised, *, name: str) -> str:
    """Why this one: "Same time, with Mei Tanaka, who knows them." """
    if it.local_start == promised.local_start:
        when = _("Same time")
    elif it.local_start.date() == promised.local_start.date():
        when = _("Same day at %(time)s") % {"time": f"{it.local_start:%H:%M}"}
    else:
        when = formats.date_format(it.local_start, "l j F, H:i")
    said = [_("%(when)s, with %(name)s") % {"when": when, "name": name}]
    if it.clinician_id == promised.clinician_id:
        said.append(_("as before"))
    elif it.clinician_id in promised.known:
        said.append(_("who knows them"))
    if promised.last_day and it.local_start.date() > promised.last_day:
        said.append(_("after the plan's last day"))
    return ", ".join(said)
