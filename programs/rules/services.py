"""What can be booked, and whom, where and what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from people.rules.knowledge import Claim, Sheet
from programs.rules.entries import DeviceKind, Modality, RoomKind

WHOLE_DAY_MINUTES = 24 * 60
MARGIN_KINDS = ("clinician", "room", "device")
MOST_PLACES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Claim):
    """One kind of visit.

    `setup_minutes` and `cleanup_minutes` say how long before and after the visit the clinician, the room and the
    devices are kept, by their kind. Any of `room_kinds` will do; of each set in `devices` one machine is kept.
    With more than one of `places` it is a class: one time, several patients.
    """

    name: str
    minutes: int
    setup_minutes: Mapping[str, int]
    cleanup_minutes: Mapping[str, int]
    professions: frozenset[str]
    room_kinds: frozenset[str]
    devices: tuple[frozenset[str], ...]
    modality: str | None
    is_enabled: bool
    places: int = 1
    daily_limit: int | None = None  # visits of this kind that one clinician gives in a day
    self_booking: bool = True  # whether patients may book it themselves once it is due
    price: Decimal | None = None  # of one visit, in the clinic's currency; only a clinic knows it

    @property
    def is_class(self) -> bool:
        return self.places > 1

    def margins(self, kind: str) -> tuple[int, int]:
        """Minutes before and after the visit for which a clinician, room or device is kept."""
        return self.setup_minutes.get(kind, 0), self.cleanup_minutes.get(kind, 0)

    @property
    def is_treatment(self) -> bool:
        return self.modality is not None


def in_this_way(it: Service, modality: Modality | None, technique: str) -> Service:
    """The service with only those who may give this technique, which may be fewer than may give the treatment."""
    if modality is None or not technique:
        return it
    own = modality.givers(technique)
    # A technique may be of a profession that gives no other of the treatment, such as massage among the medicine.
    return replace(it, professions=it.professions & own or own)


def service(file: Sheet, raw: dict[str, Any]) -> Service:
    """Raises `KnowledgeError` if it does not add up."""
    parts = {
        # Nothing can be booked by having been forgotten: what does not say so is off.
        "is_enabled": raw.pop("enabled", False),
        "modality": raw.pop("modality", None),
        "professions": frozenset(raw.pop("professions", ())),
        "room_kinds": frozenset(raw.pop("room_kinds", ())),
        "devices": tuple(frozenset(alternatives) for alternatives in raw.pop("devices", ())),
        "setup_minutes": MappingProxyType(dict(raw.pop("setup_minutes", {}))),
        "cleanup_minutes": MappingProxyType(dict(raw.pop("cleanup_minutes", {}))),
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
    if problem := nonsense(it):
        file.refuse(it.code, problem)
    if it.modality:
        _check_treatment(file, it, modalities[it.modality])


def nonsense(it: Service) -> str:
    """What cannot be right about its numbers; empty if nothing is."""
    margins = [*it.setup_minutes.items(), *it.cleanup_minutes.items()]
    if not 0 < it.minutes <= WHOLE_DAY_MINUTES or not all(
        kind in MARGIN_KINDS and 0 <= minutes <= WHOLE_DAY_MINUTES for kind, minutes in margins
    ):
        return "the minutes cannot be right"
    if not 0 < it.places <= MOST_PLACES or (it.daily_limit is not None and it.daily_limit < 1):
        return "nobody could come"
    return ""


def _check_treatment(file: Sheet, it: Service, modality: Modality) -> None:
    # Licence law is written at the modality; a booking must not offer a wider circle.
    for profession in sorted(it.professions.difference(modality.performed_by)):
        file.refuse(it.code, f"{profession!r} may not perform {modality.code!r}")
    for room in sorted(it.room_kinds.difference(modality.room_types)):
        file.refuse(it.code, f"{modality.code!r} may not be given in {room!r}")
    if it.is_enabled and not modality.enabled_by_default:
        file.refuse(it.code, f"{modality.code!r} is switched off, so it cannot be booked")
