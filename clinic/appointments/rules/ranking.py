"""Which free times to say first on the phone, and why."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _

THREE = 3  # as many as somebody on the phone keeps in mind
USUAL = timedelta(minutes=30)  # from the time of day of the last visit
# Nothing is said twice: the second best time lies on another day or at least this far away.
APART = timedelta(hours=2)

# Points, in days of waiting: for the same clinician a patient is offered a time up to three days later.
# From the desk's experience, not from a trial; change them here.
SAME_CLINICIAN, CLOSES_GAP, SAME_TIME, OUT_OF_WINDOW = 3.0, 1.0, 0.75, -7.0


@dataclass(frozen=True, slots=True)
class Last:
    """The patient's last visit: with whom, and when by the wall clock."""

    clinician_id: UUID
    local_time: time


@dataclass(frozen=True, slots=True)
class Candidate:
    """A free time as far as the ranking looks at it. `local_start` is on the wall clock of the site."""

    local_start: datetime
    clinician_id: UUID
    closes_gap: bool
    is_in_window: bool = True  # of the session that the plan asks for


Offered = TypeVar("Offered")


@dataclass(frozen=True, slots=True)
class Ranked(Generic[Offered]):
    letter: str
    offer: Offered
    reason: str


def best(
    offers: Iterable[Offered], seen_as: Callable[[Offered], Candidate], *, last: Last | None
) -> list[Ranked[Offered]]:
    """The three best of `offers` (which come soonest first), best first, each with its reason in words."""
    seen = [(offer, seen_as(offer)) for offer in offers]
    if not seen:
        return []
    soonest = seen[0][1].local_start
    ordered = sorted(seen, key=lambda pair: -points(pair[1], soonest=soonest, last=last))
    chosen: list[tuple[Offered, Candidate]] = []
    for offer, it in ordered:
        if all(abs(it.local_start - other.local_start) >= APART for _, other in chosen):
            chosen.append((offer, it))
        if len(chosen) == THREE:
            break
    return [
        Ranked(letter, offer, reason(it, soonest=soonest, last=last))
        for letter, (offer, it) in zip("ABC", chosen, strict=False)
    ]


def points(it: Candidate, *, soonest: datetime, last: Last | None) -> float:
    """How good a time is; a point is worth a day of waiting."""
    found = -(it.local_start - soonest) / timedelta(days=1)
    if last and it.clinician_id == last.clinician_id:
        found += SAME_CLINICIAN
    if last and _is_usual(it, last):
        found += SAME_TIME
    if it.closes_gap:
        found += CLOSES_GAP
    return found if it.is_in_window else found + OUT_OF_WINDOW


def reason(it: Candidate, *, soonest: datetime, last: Last | None) -> str:
    """Why it is offered, in the words that help most to choose."""
    said = []
    if it.local_start == soonest:
        said.append(_("soonest"))
    if last and it.clinician_id == last.clinician_id:
        said.append(_("same clinician as last time"))
    if last and _is_usual(it, last):
        said.append(_("same time as last visit"))
    if it.closes_gap:
        said.append(_("closes a gap"))
    if not it.is_in_window:
        said.append(_("outside the plan's best days"))
    return ", ".join(map(str, said))


def _is_usual(it: Candidate, last: Last) -> bool:
    then = datetime.combine(it.local_start.date(), last.local_time, tzinfo=it.local_start.tzinfo)
    return abs(it.local_start - then) <= USUAL
