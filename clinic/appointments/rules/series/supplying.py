"""Free time less what has just been given away."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from clinic.appointments.rules import slots
from clinic.appointments.rules.series.problem import Margins, Supply
from clinic.appointments.rules.series.rooms import Held


def without(supply: Mapping[str, Supply], held: Sequence[Held]) -> dict[str, Supply]:
    """Every service's free time without these spans of clinicians, rooms and devices."""
    spans: dict[UUID, list[tuple[int, int]]] = {}
    for who, starts, ends in held:
        spans.setdefault(who, []).append((starts, ends))
    return {code: _less(it, spans) for code, it in supply.items()}


def _less(it: Supply, spans: Mapping[UUID, Sequence[tuple[int, int]]]) -> Supply:
    every = [*(seat.bits for seat in it.seats), *(place.bits for place in (*it.rooms, *it.devices))]
    longest = max((bits.bit_length() for bits in every), default=0)
    grid = slots.Grid(slots.moment_of(it.first), slots.moment_of(it.first + longest * slots.GRID_MINUTES))

    def left(bits: int, ids: Sequence[UUID], margins: Margins) -> int:
        before, after = margins
        for each in ids:
            if each in spans:
                bits &= ~grid.clashing(spans[each], it.minutes + before + after, before=before)
        return bits

    return replace(
        it,
        seats=tuple(replace(s, bits=left(s.bits, [s.clinician_id], it.clinician_margins)) for s in it.seats),
        rooms=tuple(replace(r, bits=left(r.bits, r.ids, it.room_margins)) for r in it.rooms),
        devices=tuple(replace(d, bits=left(d.bits, d.ids, it.device_margins)) for d in it.devices),
    )
