"""The columns of a grid: visits, classes, breaks and free hours laid into rows of a quarter of an hour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID

from django.utils.translation import gettext as _

from clinic.appointments.models import Resource
from clinic.appointments.rules import local_time, slots
from clinic.appointments.rules.slots import GRID_MINUTES, Span
from people.models import Site
from people.rules import professions

# Hours that are always drawn, so that an empty day looks like a day.
OPENS, CLOSES = 8, 17
NOW_LINE_MINUTES = 5  # the style sheet knows a place for the line every five minutes
MOST_SIDE_BY_SIDE = 3  # the style sheet can halve and third a column; a fourth lies on top of the third


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What stands in a column: a visit or a class, in the words it is printed with.

    `row` and `length` are quarter hours. `lane` of `lanes` says where it stands beside others of the same time.
    """

    pk: UUID
    row: int
    length: int
    url: str
    css: str
    icon: str
    status: str
    clock: str
    name: str
    what: str
    state: str = ""
    check: str = ""  # "Clinician check needed", never why
    marks: Sequence[str] = ()
    may_move: bool = False
    lane: int = 0
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class Block:
    """A time in which the column is not there: lunch, leave, service. Or kept for somebody on the phone."""

    words: str
    row: int
    length: int
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A free time that the booking panel offers, with its letter there."""

    letter: str
    clock: str
    row: int
    length: int


@dataclass(frozen=True, slots=True)
class Column:
    key: str  # what it is a column of: a resource, or a day of the week
    title: str
    subtitle: str
    is_person: bool
    blocks: list[Block]
    cards: list[Card] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Frame:
    """The hours that are drawn, on the clock of the site."""

    site: Site
    span: Span

    @property
    def rows(self) -> int:
        return (self.span.ends - self.span.starts) // GRID_MINUTES

    @property
    def begins_at(self) -> datetime:
        return slots.moment_of(self.span.starts)

    @property
    def hours(self) -> list[tuple[int, str]]:
        """The row of every full hour, and what the clock shows there."""
        return [
            ((minute - self.span.starts) // GRID_MINUTES, self.clock(slots.moment_of(minute)))
            for minute in range(self.span.starts, self.span.ends, 60)
        ]

    def clock(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.site.zone):%H:%M}"

    def place(self, span: Span) -> tuple[int, int]:
        """The row something begins in and how many rows it takes; of what sticks out only what is inside."""
        starts, ends = max(span.starts, self.span.starts), min(span.ends, self.span.ends)
        row = (starts - self.span.starts) // GRID_MINUTES
        return row, max(1, -(-(ends - self.span.starts) // GRID_MINUTES) - row)

    def now_line(self, now: datetime) -> int | None:
        """Minutes below the top, where the style sheet knows a place; None outside the hours."""
        minutes = slots.minute_of(now) - self.span.starts
        is_inside = 0 <= minutes < self.span.ends - self.span.starts
        return minutes // NOW_LINE_MINUTES * NOW_LINE_MINUTES if is_inside else None


def frame(site: Site, day: date, spans: Iterable[Span]) -> Frame:
    """From the full hour in which the first of `spans` begins to the one in which the last ends."""
    usual = Span.of(*local_time.hours(day, time(OPENS), time(CLOSES), site.zone))
    every = [usual, *spans]
    zero = usual.starts - OPENS * 60  # counted back: on the day on which clocks change, midnight is an hour off
    first, last = min(span.starts for span in every), max(span.ends for span in every)
    return Frame(site, Span(zero + (first - zero) // 60 * 60, zero - (zero - last) // 60 * 60))


def blocks(frame: Frame, *, is_person: bool, working: Sequence[Span], away: Iterable[Span]) -> list[Block]:
    """Where the column is hatched. A room works always, a person only in their hours."""
    gone = slots.joined(away)
    found = [(span, _("Away") if is_person else _("Service")) for span in gone]
    if is_person:
        for span in slots.without([frame.span], [*working, *gone]):
            is_between = any(it.ends <= span.starts for it in working) and any(it.starts >= span.ends for it in working)
            found.append((span, _("Break") if is_between else _("Not working")))
    return [Block(words, *frame.place(span)) for span, words in found if span.overlaps(frame.span)]


def subtitle(resource: Resource) -> str:
    if resource.kind == Resource.Kind.CLINICIAN:
        known = professions.professions()
        return ", ".join(known[code].label for code in resource.offers if code in known)
    return str(resource.get_kind_display())


def side_by_side(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """The lane of each span, and how many lanes its time has: what was overbooked stands beside, never behind.

    `spans` come in the order in which they start.
    """
    lanes: list[int] = []
    ends: list[int] = []  # of what is last in each lane of the present cluster
    cluster: list[int] = []
    found: dict[int, int] = {}
    for n, span in enumerate(spans):
        if ends and span.starts >= max(ends):
            found |= dict.fromkeys(cluster, len(ends))
            ends, cluster = [], []
        lane = next((lane for lane, end in enumerate(ends) if end <= span.starts), len(ends))
        lane = min(lane, MOST_SIDE_BY_SIDE - 1)
        ends[lane : lane + 1] = [span.ends]
        cluster.append(n)
        lanes.append(lane)
    found |= dict.fromkeys(cluster, len(ends))
    return [(lane, found[n]) for n, lane in enumerate(lanes)]
