"""What can be booked, and whom, where and what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from people.rules.knowledge import Claim, Sheet
from programs.rules.entries import DeviceKind, Modality, RoomKind

WHOLE_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Claim):
    """One kind of visit.

    The room stays taken for `cleanup_minutes` after the visit; any of `room_kinds` will do.
    Of each set in `devices` one machine is kept for the visit.
    """

    name: str
    minutes: int
    cleanup_minutes: int
    professions: frozenset[str]
    room_kinds: frozenset[str]
    devices: tuple[frozenset[str], ...]
    modality: str | None
    is_enabled: bool

    @property
    def is_treatment(self) -> bool:
        return self.modality is not None


def service(file: Sheet, raw: dict[str, Any]) -> Service:
    """Raises `KnowledgeError` if it does not add up."""
    parts = {
        # Nothing can be booked by having been forgotten: what does not say so is off.
        "is_enabled": raw.pop("enabled", False),
        "modality": raw.pop("modality", None),
        "professions": frozenset(raw.pop("professions", ())),
        "room_kinds": frozenset(raw.pop("room_kinds", ())),
        "devices": tuple(frozenset(alternatives) for alternatives in raw.pop("devices", ())),
    }
    return file.built(Service, raw, **parts)


def check(
    file: Sheet,
    it: Service,
    *,
    professions: Mapping[str, object],
    rooms: Mapping[str, RoomKind],
    devices: Mapping[str, DeviceKind],
    modalities: Mapping[str, Modality],
) -> None:
    """Raises `KnowledgeError` if the visit could not be booked, or would be given by the wrong person."""
    file.require_known(it.code, "profession", sorted(it.professions), professions)
    file.require_known(it.code, "room", sorted(it.room_kinds), rooms)
    file.require_known(it.code, "modality", [it.modality] if it.modality else [], modalities)
    for alternatives in it.devices:
        file.require_known(it.code, "device", sorted(alternatives), devices)
    if not (it.professions and it.room_kinds and all(it.devices)):
        file.refuse(it.code, "needs somebody, somewhere, and something to choose from for every device")
    if not 0 < it.minutes <= WHOLE_DAY_MINUTES or not 0 <= it.cleanup_minutes <= WHOLE_DAY_MINUTES:
        file.refuse(it.code, "the minutes cannot be right")
    if it.modality:
        _check_treatment(file, it, modalities[it.modality])


def _check_treatment(file: Sheet, it: Service, modality: Modality) -> None:
    # Licence law is written at the modality; a booking must not offer a wider circle.
    for profession in sorted(it.professions.difference(modality.performed_by)):
        file.refuse(it.code, f"{profession!r} may not perform {modality.code!r}")
    for room in sorted(it.room_kinds.difference(modality.room_types)):
        file.refuse(it.code, f"{modality.code!r} may not be given in {room!r}")
    if it.is_enabled and not modality.enabled_by_default:
        file.refuse(it.code, f"{modality.code!r} is switched off, so it cannot be booked")
