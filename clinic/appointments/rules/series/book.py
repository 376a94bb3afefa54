"""Free time of all services, cut into days: small whole numbers of a hundred bits, made when somebody asks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import or_
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.appointments.rules import local_time, slots
from clinic.appointments.rules.series.problem import Booked, Place, Problem, Supply

QUARTER = slots.GRID_MINUTES
ANYBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Today:
    """A day at a site: its first minute, and how many quarter hours it has (92 or 100 when clocks change)."""

    day: date
    site_id: UUID
    begins: int
    quarters: int
    zone: ZoneInfo

    def wall(self, minute: int) -> int:
        """What the clock shows, in minutes of the day. The hour that happens twice is the same twice."""
        if self.quarters * QUARTER == 24 * 60:
            return minute - self.begins
        local = slots.moment_of(minute).astimezone(self.zone)
        return local.hour * 60 + local.minute


@dataclass(frozen=True, slots=True)
class Row:
    """A clinician at a site, and the starts of a day with them. `kept`: the visit as it stands, nothing else.

    `who` and `where` are the same as small numbers, which are compared ten times faster.
    """

    clinician_id: UUID
    site_id: UUID
    begins: int
    bits: int
    who: int
    where: int
    kept: Booked | None = None

    def first_from(self, minute: int) -> int | None:
        """The first start at that minute or later."""
        if self.kept:
            return self.kept.starts if self.kept.starts >= minute else None
        bits = self.bits >> max(-((self.begins - minute) // QUARTER), 0)
        if not bits:
            return None
        return self.begins + (max(-((self.begins - minute) // QUARTER), 0) + (bits & -bits).bit_length() - 1) * QUARTER

    def starts(self) -> list[int]:
        if self.kept:
            return [self.kept.starts]
        return bits_to_minutes(self.bits, self.begins)


def bits_to_minutes(bits: int, begins: int) -> list[int]:
    found = []
    while bits:
        lowest = bits & -bits
        found.append(begins + (lowest.bit_length() - 1) * QUARTER)
        bits ^= lowest
    return found


class Book:
    """Shared by every problem over the same supply, such as one with a wish less."""

    def __init__(self, supply: Mapping[str, Supply], zones: Mapping[UUID, ZoneInfo]) -> None:
        self.supply, self.zones = supply, zones
        self._days: dict[tuple[UUID, date], Today] = {}
        self._rows: dict[tuple[str, date], tuple[Row, ...]] = {}
        self._clocks: dict[str, tuple[int, int]] = {}
        self._possible: dict[tuple[str, UUID], int] = {}
        self._numbers: dict[UUID, int] = {}
        self._rooms: dict[tuple[str, int, int], list[UUID]] = {}
        self._devices: dict[tuple[str, int, int], list[tuple[UUID, ...]]] = {}

    def day_at(self, site_id: UUID, day: date) -> Today:
        key = (site_id, day)
        if key not in self._days:
            zone = self.zones[site_id]
            begins, ends = (slots.minute_of(it) for it in local_time.day_bounds(day, zone))
            self._days[key] = Today(day, site_id, begins, (ends - begins) // QUARTER, zone)
        return self._days[key]

    def rows(self, service: str, day: date) -> tuple[Row, ...]:
        """Everybody with whom the visit can begin that day, in the order of the supply."""
        key = (service, day)
        if key not in self._rows:
            supply = self.supply[service]
            found = []
            for seat in supply.seats:
                today = self.day_at(seat.site_id, day)
                # A start is of use only where a room and the devices are free too.
                bits = seat.bits & self._possible_at(service, seat.site_id)
                if bits := _cut(bits, supply.first, today):
                    found.append(self.row(seat.clinician_id, seat.site_id, today.begins, bits))
            self._rows[key] = tuple(found)
        return self._rows[key]

    def row(self, who: UUID, site_id: UUID, begins: int, bits: int, kept: Booked | None = None) -> Row:
        return Row(who, site_id, begins, bits, self.number(who), self.number(site_id), kept)

    def number(self, of: UUID) -> int:
        return self._numbers.setdefault(of, len(self._numbers))

    def rooms_at(self, service: str, row: Row, start: int) -> list[UUID]:
        key = (service, row.where, start)
        if key not in self._rooms:
            supply = self.supply[service]
            self._rooms[key] = [it.ids[0] for it in supply.rooms if _is_free(it, supply, start, row.site_id)]
        return self._rooms[key]

    def devices_at(self, service: str, row: Row, start: int) -> list[tuple[UUID, ...]]:
        key = (service, row.where, start)
        if key not in self._devices:
            supply = self.supply[service]
            self._devices[key] = [it.ids for it in supply.devices if _is_free(it, supply, start, row.site_id)]
        return self._devices[key]

    def clock(self, service: str) -> tuple[int, int]:
        """The earliest start and the latest end of a day that there is, in minutes of the day."""
        if service not in self._clocks:
            supply = self.supply[service]
            walls = [
                today.wall(today.begins + nth * QUARTER)
                for site_id in dict.fromkeys(seat.site_id for seat in supply.seats)
                for today, bits in self._each_day(supply, site_id)
                for nth in (range(today.quarters) if today.quarters * QUARTER != 24 * 60 else _ends(bits))
                if bits >> nth & 1
            ]
            self._clocks[service] = (min(walls), max(walls) + supply.minutes) if walls else (0, 24 * 60)
        return self._clocks[service]

    def _each_day(self, supply: Supply, site_id: UUID) -> Iterator[tuple[Today, int]]:
        """Every day of the supply at a site with all its starts, whoever gives them."""
        everything = reduce(or_, (seat.bits for seat in supply.seats if seat.site_id == site_id), 0)
        day = slots.moment_of(supply.first).astimezone(self.zones[site_id]).date()
        while (today := self.day_at(site_id, day)).begins < supply.first + everything.bit_length() * QUARTER:
            if bits := _cut(everything, supply.first, today):
                yield today, bits
            day += timedelta(days=1)

    def _possible_at(self, service: str, site_id: UUID) -> int:
        key = (service, site_id)
        if key not in self._possible:
            supply = self.supply[service]
            rooms = reduce(or_, (it.bits for it in supply.rooms if it.site_id == site_id), 0)
            devices = reduce(or_, (it.bits for it in supply.devices if it.site_id == site_id), 0)
            self._possible[key] = rooms & devices if supply.needs_devices else rooms
        return self._possible[key]


def _is_free(place: Place, service: Supply, start: int, site_id: UUID) -> bool:
    return place.site_id == site_id and bool(place.bits >> ((start - service.first) // QUARTER) & 1)


def _ends(bits: int) -> tuple[int, int]:
    """The first and the last of them."""
    return (bits & -bits).bit_length() - 1, bits.bit_length() - 1


def _cut(bits: int, first: int, today: Today) -> int:
    """The bits of one day; bit 0 is its first quarter hour. Negative numbers have no last bit: they are cut too."""
    ahead = (today.begins - first) // QUARTER
    shifted = bits >> ahead if ahead >= 0 else bits << -ahead
    return shifted & ((1 << today.quarters) - 1)


class Summed(Book):
    """As if everybody at a site were one: what is free at all is the same, and looked up ten times faster."""

    def __init__(self, book: Book, problem: Problem) -> None:
        super().__init__(book.supply, book.zones)
        self._book, self._problem = book, problem
        self._days = book._days

    def rows(self, service: str, day: date) -> tuple[Row, ...]:
        key = (service, day)
        if key not in self._rows:
            found: dict[UUID, Row] = {}
            for row in self._book.rows(service, day):
                if not self._is_full(service, row.clinician_id, day):
                    bits = row.bits | (found[row.site_id].bits if row.site_id in found else 0)
                    found[row.site_id] = self.row(ANYBODY, row.site_id, row.begins, bits)
            self._rows[key] = tuple(found.values())
        return self._rows[key]

    def _is_full(self, service: str, who: UUID, day: date) -> bool:
        daily, of_these = self._problem.daily, self.supply[service].daily
        if daily is not None and self._problem.load.get((who, day), 0) >= daily:
            return True
        return of_these is not None and self._problem.load_of.get((who, day, service), 0) >= of_these
