"""Rooms and devices for the visits of one patient's day, with what is prepared before and cleaned after."""

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from clinic.appointments.rules.series.book import Book, Row
from clinic.appointments.rules.series.problem import Booked, Margins, Session, Supply
from clinic.appointments.rules.series.sequence import Order

Held = tuple[UUID, int, int]  # what is held, from which minute to which
Pieces = tuple[UUID, tuple[UUID, ...]]  # the room and the devices


def furnished(book: Book, sessions: Sequence[Session], order: Order) -> list[Pieces] | None:
    """A room and devices for each, none kept twice at once; None if that cannot be. The clinicians are looked at too.

    Free time knows what others hold; what this patient's own visits hold it does not.
    """
    needed = [(sessions[nth].service, start, row) for nth, start, row in order]
    held: list[Held] = []
    for code, start, row in needed:
        service = book.supply[code]
        own = _kept([row.clinician_id], start, service.minutes, service.clinician_margins)
        if not _is_clear(own, held):
            return None
        held += own
    return _furnish(book, needed, [])


def visits(book: Book, sessions: Sequence[Session], order: Order, day: date) -> list[tuple[int, Booked]]:
    """The visits of a day, with their rooms and devices."""
    found = []
    placed = furnished(book, sessions, order) or []
    for (nth, start, row), (room, devices) in zip(order, placed, strict=True):
        supply: Supply = book.supply[sessions[nth].service]
        made = Booked(
            starts=start,
            ends=start + supply.minutes,
            day=day,
            site_id=row.site_id,
            clinician_id=row.clinician_id,
            room_id=room,
            device_ids=devices,
        )
        found.append((nth, row.kept or made))
    return found


def follows_easily(book: Book, code: str, start: int, row: Row, before: Row) -> bool:
    """Whether it is plain that a visit may come right after one with somebody else: there is a second of everything."""
    if row.kept or row.who == before.who or len(book.rooms_at(code, row, start)) < 2:
        return False
    sets = book.devices_at(code, row, start)
    return not book.supply[code].needs_devices or (len(sets) > 1 and all(len(ids) == 1 for ids in sets))


def _furnish(book: Book, needed: list[tuple[str, int, Row]], held: list[Held]) -> list[Pieces] | None:
    if not needed:
        return []
    code, start, row = needed[0]
    for room, devices in _ways(book, code, start, row):
        own = held_by(book.supply[code], start, room, devices)
        if _is_clear(own, held):
            rest = _furnish(book, needed[1:], [*held, *own])
            if rest is not None:
                return [(room, devices), *rest]
    return None


def held_by(service: Supply, start: int, room: UUID, devices: Sequence[UUID]) -> list[Held]:
    """What a visit holds besides its clinician."""
    return [
        *_kept([room], start, service.minutes, service.room_margins),
        *_kept(devices, start, service.minutes, service.device_margins),
    ]


def all_held(service: Supply, start: int, clinician: UUID, room: UUID, devices: Sequence[UUID]) -> list[Held]:
    own = _kept([clinician], start, service.minutes, service.clinician_margins)
    return [*own, *held_by(service, start, room, devices)]


def _ways(book: Book, code: str, start: int, row: Row) -> Iterator[Pieces]:
    if row.kept:
        yield row.kept.room_id, row.kept.device_ids
        return
    sets = book.devices_at(code, row, start) if book.supply[code].needs_devices else [()]
    for devices in sets:
        for room in book.rooms_at(code, row, start):
            yield room, devices


def _kept(ids: Sequence[UUID], start: int, minutes: int, margins: Margins) -> list[Held]:
    before, after = margins
    return [(it, start - before, start + minutes + after) for it in ids]


def _is_clear(own: Sequence[Held], held: Sequence[Held]) -> bool:
    return not any(
        one == other and begins < ended and begun < ends for one, begins, ends in own for other, begun, ended in held
    )
