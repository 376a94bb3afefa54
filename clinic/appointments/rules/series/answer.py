"""What the plan solver answers: a proposal with its reasons, or what makes it impossible and what would help."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from clinic.appointments.rules import slots
from clinic.appointments.rules.series.problem import Booked, Problem


class Why(StrEnum):
    """Why a session is where it is, in the order in which it helps to judge. Words are the page's."""

    PINNED = "pinned"  # put there by hand
    KEPT = "kept"  # stands where it was booked
    TARGET_DAY = "target_day"  # the day that the plan asks for
    TARGET_GAP = "target_gap"  # as far from the one before as is best
    SAME_TRIP = "same_trip"  # another visit that day
    SAME_CLINICIAN = "same_clinician"  # whom the patient has seen or asked for
    ONE_CLINICIAN = "one_clinician"  # the same person as most sessions of this modality
    USUAL_HOUR = "usual_hour"
    SPACED = "spaced"  # off the target day because of a timing rule or a gap
    NOT_FREE = "not_free"  # off the target day because nothing was free or could be made


@dataclass(frozen=True, slots=True)
class Placed:
    session_id: UUID
    visit: Booked
    reasons: tuple[Why, ...] = ()

    @property
    def starts_at(self) -> datetime:
        return slots.moment_of(self.visit.starts)

    @property
    def ends_at(self) -> datetime:
        return slots.moment_of(self.visit.ends)


@dataclass(frozen=True, slots=True)
class Broken:
    """A soft rule that could not be kept: `session_id` comes too near to `other_id` (None: to what has happened).

    `unseen`: not too near, but nobody looks whether the treatment helps between the two.
    """

    rule: str
    session_id: UUID
    other_id: UUID | None
    gap_days: float
    needs_days: float
    unseen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What the proposal costs: less is better. Parts are hundredths of a point; a point is worth a day.

    `soft` is compared first, then in a repair `moved` and `days_moved`, then `points`.
    """

    soft: int = 0
    moved: int = 0
    days_moved: int = 0
    off_target: int = 0
    off_gap: int = 0
    trips: int = 0
    staying: int = 0
    clinicians: int = 0
    hours: int = 0
    load: int = 0

    @property
    def points(self) -> int:
        return self.off_target + self.off_gap + self.trips + self.staying + self.clinicians + self.hours + self.load


class Aim(StrEnum):
    """What a proposal is best at."""

    BEST = "best"
    SOONER = "sooner"
    FEWER_TRIPS = "fewer_trips"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A place for every session that is wanted, in the order of the sessions. It keeps every hard rule."""

    placed: tuple[Placed, ...]
    broken: tuple[Broken, ...] = ()
    score: Score = field(default_factory=Score)
    aim: Aim = Aim.BEST
    is_best: bool = False  # nothing can be better; else nothing better was found in the time there is

    def of(self, session_id: UUID) -> Placed:
        return next(it for it in self.placed if it.session_id == session_id)

    @property
    def days(self) -> int:
        """How often the patient has to come."""
        return len({it.visit.day for it in self.placed})


class Limit(StrEnum):
    """A constraint that can stand in the way."""

    WINDOW = "window"
    LEAST_GAP = "least_gap"
    MOST_GAP = "most_gap"
    ORDER = "order"  # of a modality
    PHASES = "phases"
    TIMING = "timing"  # a hard timing rule
    REVIEW = "review"  # a hard rule that somebody looks whether it helps after so many sessions
    LOADING = "loading"  # no resistance exercise after an injection
    WEEKDAYS = "weekdays"
    HOURS = "hours"
    SITE = "site"
    ABSENCE = "absence"
    AWAY = "away"
    BLOCKED = "blocked"  # facts and flags
    OVERRIDE = "override"  # facts and flags that a clinician may unlock
    PINNED = "pinned"
    FREE_TIME = "free_time"  # of clinician, room and devices


@dataclass(frozen=True, slots=True)
class Conflict:
    """One of the constraints that cannot hold together. Without any one of them the rest could."""

    limit: Limit
    session_id: UUID | None = None
    rule: str = ""  # of the timing rules


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to allow. `value` by the limit:

    window: the new first or last day (date) · most_gap, absence: days · weekdays: one more weekday (0 is Monday) ·
    hours: the new earliest or latest hour (time; `is_earlier` tells which) · away: the day to come all the same ·
    site: None, any · override, pinned: None, of that session. `leaves_out`: the session cannot be had at all.
    """

    limit: Limit
    session_id: UUID | None = None
    value: date | time | int | None = None
    is_earlier: bool = False
    leaves_out: bool = False


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The least that would have to give way. Solve `relaxed` to see the plan that then works: it always does."""

    steps: tuple[Step, ...]
    relaxed: Problem


@dataclass(frozen=True, slots=True)
class Impossible:
    """No plan keeps every rule.

    `conflicts` cannot hold together, and each of them is needed for that. Each of `relaxations` helps by itself, the
    least first; the last leaves out what cannot be had. There may be other conflicts, which they solve as well.
    """

    conflicts: tuple[Conflict, ...]
    relaxations: tuple[Relaxation, ...]
    is_proven: bool = True  # else it was not found in the time there is, and the conflicts are where it got stuck


Answer = Proposal | Impossible
