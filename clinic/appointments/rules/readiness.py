"""What a clinic still lacks before a kind of visit can be booked."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from clinic.appointments.rules import needs
from clinic.appointments.rules.needs import Piece
from programs.rules.services import Service

# A profession that works at a site.
Working = Collection[tuple[str, UUID]]


@dataclass(frozen=True, slots=True)
class Lack:
    """Why nobody can book `service`. What is at hand is empty here.

    `room_kinds` and each of `devices` are alternatives: any one of them would do. `is_apart`: everything
    is there, but never at one site.
    """

    service: Service
    room_kinds: frozenset[str] = frozenset()
    devices: tuple[frozenset[str], ...] = ()
    professions: frozenset[str] = frozenset()
    is_apart: bool = False


def lacking(services: Iterable[Service], pieces: Collection[Piece], working: Working) -> list[Lack]:
    """The services in use that cannot be booked anywhere, with what each lacks."""
    in_use = [piece for piece in pieces if piece.is_active and piece.site_id]
    return [lack for it in services if it.is_enabled and (lack := _lack(it, in_use, working))]


def _lack(service: Service, pieces: Collection[Piece], working: Working) -> Lack | None:
    sites = {site for profession, site in working if profession in service.professions}
    if any(_can_be_given_at(site, service, pieces) for site in sites):
        return None
    rooms = _of("room", pieces)
    devices = _of("device", pieces)
    lack = Lack(
        service,
        room_kinds=frozenset() if any(needs.serves(room, service.room_kinds) for room in rooms) else service.room_kinds,
        devices=tuple(each for each in service.devices if not any(needs.serves(device, each) for device in devices)),
        professions=frozenset() if sites else service.professions,
    )
    is_apart = not (lack.room_kinds or lack.devices or lack.professions)
    return Lack(service, is_apart=True) if is_apart else lack


def _can_be_given_at(site_id: UUID, service: Service, pieces: Collection[Piece]) -> bool:
    here = [piece for piece in pieces if piece.site_id == site_id]
    has_room = any(needs.serves(room, service.room_kinds) for room in _of("room", here))
    return has_room and needs.assigned(service, _of("device", here)) is not None


def _of(kind: str, pieces: Collection[Piece]) -> list[Piece]:
    return [piece for piece in pieces if piece.kind == kind]
