"""What the plan solver is asked. Everything is a value: the caller reads the database once and fills this in.

Minutes are whole minutes since 1970 in UTC, as in `slots`; days are dates of the calendar of the visit's site.
`Supply` is what `OpenStarts` has worked out (bits of its grid), for the whole stretch of days that might be used:
wider than the windows, for otherwise nobody could say which wider window would do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from programs.rules.timing import TimingRule

Margins = tuple[int, int]  # minutes kept before and after the visit


class Block(StrEnum):
    """What the facts and flags say against a session on a day."""

    BLOCKED = "blocked"  # nobody may give it
    OVERRIDABLE = "overridable"  # not until a clinician has unlocked it


@dataclass(frozen=True, slots=True)
class Gap:
    """Days from the session of the same modality before it."""

    least: int
    target: int
    most: int


@dataclass(frozen=True, slots=True)
class Pin:
    """Where somebody has put a session by hand. `starts` is a minute; the rest is open unless it is said."""

    starts: int
    clinician_id: UUID | None = None
    site_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A visit as it stands in the book, or would."""

    starts: int
    ends: int
    day: date
    site_id: UUID
    clinician_id: UUID
    room_id: UUID
    device_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session that the plan asks for.

    Sessions of a modality come in the order of `number`, phases in the order of `phase`. `follows` is the day of
    the last session of the same modality that is given or booked and no part of the problem; it counts for the first
    of those that are. Regions that nobody has named count as the same as any.
    """

    id: UUID
    service: str  # key of `Problem.supply`
    modality: str
    technique: str = ""  # not chosen yet: the timing rules of every technique count
    phase: int
    number: int
    due_from: date
    due_on: date
    due_until: date
    gap: Gap | None = None
    follows: date | None = None
    regions: frozenset[str] = frozenset()
    is_optional: bool = False  # the first to be left out where the whole plan is impossible
    is_loading: bool = False  # resistance exercise
    hold_loading_days: int = 0  # after it, without resistance exercise
    blocked: Mapping[date, Block] = field(default_factory=dict)
    pinned: Pin | None = None
    # Left out by hand. The next one's longest gap then grows by this one's.
    is_excluded: bool = False
    booked: Booked | None = None  # where it stands now; only `repair` looks at it
    was_moved: bool = False  # since it was booked: rather move another one than this one again


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What counts in every rule and cannot be moved: a treatment given, a visit of another plan, a medicine taken.

    Without an hour it lasts from the first to the last minute of its day. `is_visit`: the patient comes to the clinic
    for it, so that it saves a trip and ends an absence.
    """

    code: str  # modality, or event of the timing rules
    technique: str = ""
    day: date
    starts: int
    ends: int
    is_treatment: bool = True
    is_visit: bool = False
    site_id: UUID | None = None
    regions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Seat:
    """A clinician at a site, with the starts at which the visit can be had with them (somewhere, with devices)."""

    clinician_id: UUID
    site_id: UUID
    bits: int


@dataclass(frozen=True, slots=True)
class Place:
    """A room, or all the devices that a visit needs together, and the starts at which they are free."""

    ids: tuple[UUID, ...]
    site_id: UUID
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Free time of one service, without regard to this patient: the same value serves a whole clinic day.

    Bit n of every `bits` is the quarter hour that begins at `first + 15 n`. `rooms` stand in the order in which they
    are to be given away. `devices` is empty where none is needed; else each place is one full set.
    """

    first: int
    minutes: int
    seats: tuple[Seat, ...]
    rooms: tuple[Place, ...]
    devices: tuple[Place, ...] = ()
    needs_devices: bool = False
    clinician_margins: Margins = (0, 0)
    room_margins: Margins = (0, 0)
    device_margins: Margins = (0, 0)
    # How many visits of this service one clinician gives in a day; None is no limit.
    daily: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the patient can make, on the wall clock of the site. Empty or None is any.

    `longest_absence`: at most so many days from one visit to the next. `away`: days on which they cannot come.
    `usual` is the hour at which they like to come; `clinicians` whom they have seen or asked for, by modality.
    """

    weekdays: frozenset[int] = frozenset()  # 0 is Monday
    earliest: time | None = None
    latest: time | None = None  # the visit has ended
    site_id: UUID | None = None
    longest_absence: int | None = None
    away: frozenset[date] = frozenset()
    usual: time | None = None
    clinicians: Mapping[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A plan to be booked.

    `not_before` is the first minute that may be given (now and the clinic's notice). `busy` are the spans in which the
    patient is elsewhere. `load` is how many visits a clinician has on a day so far, `daily` how many they may have.
    `travel` is minutes from one site to another; a patient who changes sites within a day needs them in between.
    """

    sessions: tuple[Session, ...]
    supply: Mapping[str, Supply]
    zones: Mapping[UUID, ZoneInfo]  # of every site
    rules: tuple[TimingRule, ...] = ()
    happened: tuple[Happened, ...] = ()
    wishes: Wishes = field(default_factory=Wishes)
    not_before: int = 0
    busy: tuple[tuple[int, int], ...] = ()
    load: Mapping[tuple[UUID, date], int] = field(default_factory=dict)
    # Visits of one service, by clinician, day and service: only where a service has a limit of its own.
    load_of: Mapping[tuple[UUID, date, str], int] = field(default_factory=dict)
    daily: int | None = None
    travel: int = 0
    # Timing rules on whose being broken everybody agreed when the plan was booked: session, session, rule.
    accepted: frozenset[tuple[UUID, UUID | None, str]] = frozenset()
    # Days from now on on which somebody looks whether the treatments help, and by modality the sessions that were
    # given since that was last done: rules that count sessions ask for it.
    reviews: tuple[date, ...] = ()
    unseen: Mapping[str, int] = field(default_factory=dict)

    @property
    def wanted(self) -> tuple[Session, ...]:
        return tuple(session for session in self.sessions if not session.is_excluded)
