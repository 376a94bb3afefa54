"""Which kinds are sent when, unless the clinic or the patient says otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import time
from typing import Final

EARLY: Final = "early"  # three days before, while the time can still be given to somebody else
EVE: Final = "eve"  # only to those who have not said yes
SOON: Final = "soon"

Key = tuple[str, str]  # kind, and which of its messages


@dataclass(frozen=True, slots=True)
class Timing:
    """`days` before the visit, or after what the kind follows from; `at` on the clock of the site or the clinic."""

    is_on: bool = True
    days: int = 0
    at: time = time(10)
    hours: int = 0  # before the visit


# News of a visit answers what somebody did: it has no time of its own, and cannot be switched off for all.
ALWAYS: Final = frozenset({"booked", "moved", "cancelled", "offer", "alert"})
DEFAULTS: Final[Mapping[Key, Timing]] = {
    ("reminder", EARLY): Timing(days=3, at=time(9)),
    ("reminder", EVE): Timing(days=1, at=time(18)),
    ("reminder", SOON): Timing(hours=2),
    # The first news of a visit asks for the form; a second time only where the clinic wants it.
    ("form", ""): Timing(is_on=False, days=2),
    ("missed", ""): Timing(),
    ("preparation", ""): Timing(days=1),
    ("aftercare", ""): Timing(at=time(18)),
    ("exercise", ""): Timing(),
    ("posture", ""): Timing(),
    ("measures_due", ""): Timing(),
    ("next_due", ""): Timing(days=7),
    ("reassessment", ""): Timing(days=5),
    ("recall", ""): Timing(days=180),
    ("plan_changed", ""): Timing(),
    ("answer", ""): Timing(),
}
# By kind, not one by one: whoever wants no reminders wants none of the three.
A_PATIENT_MAY_SWITCH_OFF: Final = tuple(dict.fromkeys(kind for kind, _ in DEFAULTS))
_WITH_A_DAY: Final = frozenset({"form", "preparation", "next_due", "reassessment", "recall"})
_WITH_AN_HOUR: Final = _WITH_A_DAY | {"aftercare", "measures_due"}


@dataclass(frozen=True, slots=True)
class Ruled:
    """What somebody set for one kind; None where they left it."""

    kind: str
    which: str
    is_on: bool | None = None
    days: int | None = None
    hours: int | None = None
    at: time | None = None


def has_days(key: Key) -> bool:
    return key[0] in _WITH_A_DAY or key[1] in (EARLY, EVE)


def has_hour(key: Key) -> bool:
    return key[0] in _WITH_AN_HOUR or key[1] in (EARLY, EVE)


def has_hours_before(key: Key) -> bool:
    return key[1] == SOON


def timetable(ruled: Iterable[Ruled]) -> dict[Key, Timing]:
    """Ours, with what the clinic set instead."""
    found = dict(DEFAULTS)
    for it in ruled:
        ours = found.get((it.kind, it.which))
        if ours is None:
            continue
        said = {name: value for name in ("is_on", "days", "hours", "at") if (value := getattr(it, name)) is not None}
        found[it.kind, it.which] = replace(ours, **said)
    return found
