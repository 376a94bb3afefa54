"""Free time less what has just been given away, and with what has just been given back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from clinic.appointments.rules import slots
from clinic.appointments.rules.series.problem import Booked, Margins, Supply
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


def given_back(supply: Mapping[str, Supply], visits: Sequence[tuple[str, Booked]]) -> dict[str, Supply]:
    """With the times at which these visits were: each can surely be had again for the same service.

    What else could begin in that time is not known here, so it stays as it is.
    """
    found = dict(supply)
    for code, visit in visits:
        it = found[code]
        bit = 1 << (visit.starts - it.first) // slots.GRID_MINUTES
        mine = (visit.clinician_id, visit.site_id)
        found[code] = replace(
            it,
            seats=tuple(replace(s, bits=s.bits | bit) if (s.clinician_id, s.site_id) == mine else s for s in it.seats),
            rooms=tuple(replace(r, bits=r.bits | bit) if r.ids == (visit.room_id,) else r for r in it.rooms),
            devices=tuple(replace(d, bits=d.bits | bit) if d.ids == visit.device_ids else d for d in it.devices),
        )
    return found
