"""Whether these people, rooms and devices make up a visit."""

from collections.abc import Collection, Sequence
from itertools import permutations
from typing import Protocol, TypeVar
from uuid import UUID

from programs.rules.services import Service


class Piece(Protocol):
    """What can be held for a visit, as far as the rule looks at it."""

    kind: str
    offers: list[str]
    site_id: UUID | None
    is_active: bool


P = TypeVar("P", bound=Piece)


def fits(service: Service, pieces: Collection[Piece], *, site_id: UUID) -> bool:
    """One clinician of a fitting profession, one fitting room of the site, the devices, and nothing else."""
    by_kind: dict[str, list[Piece]] = {"clinician": [], "room": [], "device": []}
    for piece in pieces:
        if not piece.is_active or piece.kind not in by_kind:
            return False
        if piece.kind != "clinician" and piece.site_id != site_id:
            return False
        by_kind[piece.kind].append(piece)
    return (
        [serves(piece, service.professions) for piece in by_kind["clinician"]] == [True]
        and [serves(piece, service.room_kinds) for piece in by_kind["room"]] == [True]
        and len(by_kind["device"]) == len(service.devices)
        and (assigned(service, by_kind["device"]) is not None)
    )


def serves(piece: Piece, codes: Collection[str]) -> bool:
    return any(code in codes for code in piece.offers)


def assigned(service: Service, devices: Sequence[P]) -> tuple[P, ...] | None:
    """One of `devices` for each that the service needs, none twice; None if they do not suffice.

    A laser that is both 3B and 4 could serve two needs but not at once, hence the permutations. Services
    need two devices at most, so there are few.
    """
    for chosen in permutations(devices, len(service.devices)):
        if all(serves(device, need) for device, need in zip(chosen, service.devices, strict=True)):
            return chosen
    return None
