"""Which free times to say first on the phone, and why."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum, auto
from itertools import groupby
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _

THREE = 3  # as many as somebody on the phone keeps in mind
REASONS_SAID = 3
USUAL = timedelta(minutes=30)  # from the time of day of the last visit
# Nothing is said twice: the second best time lies on another day or at least this far away.
APART = timedelta(hours=2)


class Reason(Enum):
    """Why a time is better or worse, in the order in which it helps to choose and is said."""

    OUT_OF_WINDOW = auto()
    SOONEST = auto()
    ASKED_FOR = auto()
    STAYS_WITH = auto()
    SAME_CLINICIAN = auto()
    LIKED_CLINICIAN = auto()
    LIKED_TIME = auto()
    SAME_TRIP = auto()
    LIKED_SITE = auto()
    SAME_TIME = auto()
    CLOSES_GAP = auto()
    IN_WINDOW = auto()
    SECOND_TRIP = auto()
    LEAVES_HOLE = auto()


# In days of waiting: for the same clinician a patient is offered a time up to three days later.
# From the desk's experience, not from a trial; change them here.
POINTS: Mapping[Reason, float] = {
    Reason.ASKED_FOR: 5,
    Reason.STAYS_WITH: 3,
    Reason.SAME_CLINICIAN: 3,
    Reason.LIKED_CLINICIAN: 3,
    Reason.LIKED_TIME: 2,
    Reason.SAME_TRIP: 2,
    Reason.LIKED_SITE: 1.5,
    Reason.SAME_TIME: 0.75,
    Reason.CLOSES_GAP: 1,
    Reason.SECOND_TRIP: -2,
    Reason.LEAVES_HOLE: -1,
}
# What speaks against a time is not read out, but for the plan's days: these the patient should know.
WORDS = {
    Reason.OUT_OF_WINDOW: _("outside the plan's best days"),
    Reason.SOONEST: _("soonest"),
    Reason.ASKED_FOR: _("the clinician you asked for"),
    Reason.STAYS_WITH: _("stays with the same clinician"),
    Reason.SAME_CLINICIAN: _("same clinician as last time"),
    Reason.LIKED_CLINICIAN: _("the clinician the patient prefers"),
    Reason.LIKED_TIME: _("when the patient prefers to come"),
    Reason.SAME_TRIP: _("saves a trip: another visit here that day"),
    Reason.LIKED_SITE: _("where the patient prefers to come"),
    Reason.SAME_TIME: _("same time as last visit"),
    Reason.CLOSES_GAP: _("closes a gap"),
    Reason.IN_WINDOW: _("inside the plan's window"),
}


@dataclass(frozen=True, slots=True)
class Last:
    """The patient's last visit: with whom, and when by the wall clock."""

    clinician_id: UUID
    local_time: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Likes:
    """When, where and with whom the patient would rather come. Empty means that it does not matter."""

    weekdays: frozenset[int] = frozenset()  # 0 is Monday
    earliest: time | None = None  # on the wall clock of the site
    latest: time | None = None  # the visit ends by then
    site_id: UUID | None = None
    clinician_id: UUID | None = None

    def is_liked_time(self, it: "Candidate") -> bool:
        if not (self.weekdays or self.earliest or self.latest):
            return False
        ends = it.local_end.replace(tzinfo=None)
        day = it.local_start.date()
        return (
            (not self.weekdays or day.weekday() in self.weekdays)
            and (self.earliest is None or it.local_start.time() >= self.earliest)
            and (self.latest is None or ends <= datetime.combine(day, self.latest))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is known of whoever wants to come. `sites_by_day` is where else they are expected on which days."""

    last: Last | None = None
    likes: Likes = field(default_factory=Likes)
    asked_for: UUID | None = None  # "with Sara, if possible"
    moves_from: UUID | None = None  # the clinician of the visit that is moved
    sites_by_day: Mapping[date, frozenset[UUID]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A free time as far as the ranking looks at it, on the wall clock of the site.

    `is_in_window` of the session that the plan asks for; None where no plan asks.
    """

    local_start: datetime
    local_end: datetime
    clinician_id: UUID
    site_id: UUID
    closes_gap: bool = False
    leaves_hole: bool = False
    is_in_window: bool | None = None


Offered = TypeVar("Offered")


@dataclass(frozen=True, slots=True)
class Ranked(Generic[Offered]):
    letter: str
    offer: Offered
    reason: str


def best(
    offers: Iterable[Offered], seen_as: Callable[[Offered], Candidate], *, patient: Patient | None = None
) -> list[Ranked[Offered]]:
    """The three best of `offers` (which come soonest first), best first, each with its reason in words.

    What lies inside the plan's window always comes before what does not. Offers are taken as long as one of them
    could still be among the three.
    """
    who = patient or Patient()
    most, soonest = _most(who), None
    found: list[_Found[Offered]] = []
    chosen: list[_Found[Offered]] = []
    for starts, together in groupby(((it, seen_as(it)) for it in offers), key=lambda each: each[1].local_start):
        soonest = soonest or starts
        reach = most - _days(starts - soonest) + _CLOCK_CHANGE  # more points than this or any later time can have
        if _is_settled(chosen, reach):
            break
        found.append(max((_weighed(*each, soonest, who) for each in together), key=_worth))
        if len(chosen) < THREE or _worth(found[-1]) > _worth(chosen[-1]):
            chosen = _three(found)
    return [Ranked(letter, it.offer, said(it.why)) for letter, it in zip("ABC", chosen, strict=False)]


# In days. Two times on one wall clock are subtracted as the clock shows them: an hour may lie between, or not.
_CLOCK_CHANGE = 1 / 24


@dataclass(frozen=True, slots=True)
class _Found(Generic[Offered]):
    offer: Offered
    seen: Candidate
    why: tuple[Reason, ...]
    points: float


def _is_settled(chosen: "Sequence[_Found[Offered]]", reach: float) -> bool:
    """Whether nothing that has at most `reach` points could be one of the three."""
    return len(chosen) == THREE and chosen[-1].seen.is_in_window is not False and chosen[-1].points >= reach


def _weighed(offer: Offered, it: Candidate, soonest: datetime, patient: Patient) -> "_Found[Offered]":
    why = tuple(reasons(it, soonest=soonest, patient=patient))
    return _Found(offer, it, why, points(it, why, soonest=soonest))


def _worth(it: "_Found[Any]") -> tuple[bool, float]:
    return it.seen.is_in_window is not False, it.points


def _three(found: "list[_Found[Offered]]") -> "list[_Found[Offered]]":
    chosen: list[_Found[Offered]] = []
    for it in sorted(found, key=_worth, reverse=True):  # of two that are worth the same, the first stays the first
        if all(abs(it.seen.local_start - other.seen.local_start) >= APART for other in chosen):
            chosen.append(it)
        if len(chosen) == THREE:
            break
    return chosen


def _most(patient: Patient) -> float:
    """The points of a time that has everything for it that can speak for a time of this patient, and no waiting."""
    likes, last = patient.likes, patient.last
    with_whom = {
        Reason.ASKED_FOR: patient.asked_for,
        Reason.STAYS_WITH: patient.moves_from,
        Reason.SAME_CLINICIAN: last,
        Reason.LIKED_CLINICIAN: likes.clinician_id,
    }
    possible = {
        Reason.LIKED_TIME: likes.weekdays or likes.earliest or likes.latest,
        Reason.SAME_TRIP: patient.sites_by_day,
        Reason.LIKED_SITE: likes.site_id,
        Reason.SAME_TIME: last,
        Reason.CLOSES_GAP: True,
    }
    most = sum(POINTS[reason] for reason, is_possible in possible.items() if is_possible)
    return most + max((POINTS[reason] for reason, who in with_whom.items() if who), default=0)


def _days(waited: timedelta) -> float:
    return waited / timedelta(days=1)


def points(it: Candidate, why: Iterable[Reason], *, soonest: datetime) -> float:
    """How good a time is; a point is worth a day of waiting."""
    return sum(POINTS.get(reason, 0) for reason in why) - _days(it.local_start - soonest)


def reasons(it: Candidate, *, soonest: datetime, patient: Patient) -> Iterator[Reason]:
    """Everything that speaks for the time or against it, what helps most to choose first."""
    if it.is_in_window is False:
        yield Reason.OUT_OF_WINDOW
    if it.local_start == soonest:
        yield Reason.SOONEST
    yield from _of_the_patient(it, patient)
    if it.closes_gap:
        yield Reason.CLOSES_GAP
    if it.is_in_window:
        yield Reason.IN_WINDOW
    if it.leaves_hole:
        yield Reason.LEAVES_HOLE


def said(why: Iterable[Reason]) -> str:
    """At most three reasons, in words."""
    return ", ".join([str(WORDS[reason]) for reason in why if reason in WORDS][:REASONS_SAID])


def _of_the_patient(it: Candidate, patient: Patient) -> Iterator[Reason]:
    yield from _of_the_clinician(it, patient)
    if patient.likes.is_liked_time(it):
        yield Reason.LIKED_TIME
    elsewhere = patient.sites_by_day.get(it.local_start.date())
    if elsewhere:
        yield Reason.SAME_TRIP if it.site_id in elsewhere else Reason.SECOND_TRIP
    if it.site_id == patient.likes.site_id:
        yield Reason.LIKED_SITE
    if patient.last and _is_usual(it, patient.last):
        yield Reason.SAME_TIME


def _of_the_clinician(it: Candidate, patient: Patient) -> Iterator[Reason]:
    """One of them is enough: two reasons for the same person would count twice."""
    if it.clinician_id == patient.asked_for:
        yield Reason.ASKED_FOR
    elif it.clinician_id == patient.moves_from:
        yield Reason.STAYS_WITH
    elif patient.last and it.clinician_id == patient.last.clinician_id:
        yield Reason.SAME_CLINICIAN
    elif it.clinician_id == patient.likes.clinician_id:
        yield Reason.LIKED_CLINICIAN


def _is_usual(it: Candidate, last: Last) -> bool:
    then = datetime.combine(it.local_start.date(), last.local_time, tzinfo=it.local_start.tzinfo)
    return abs(it.local_start - then) <= USUAL
