"""Whether what was treated lies where the patient agreed to it: the side and level of the signed consent."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

LEVEL: Final = re.compile(r"\b[CT]\d{1,2}-[CT]\d{1,2}\b")
# As people write them beside the signature; the choice on the hand-over page writes the first of each.
SIDES: Final = {
    "left": ("left",),
    "right": ("right",),
    "both": ("both sides", "both", "bilateral"),
    "middle": ("middle", "midline"),
}
BOTH: Final = frozenset({"left", "right"})


@dataclass(frozen=True, slots=True)
class Area:
    """What can be compared of the words beside a signature. Nothing named: it is not limited."""

    sides: frozenset[str]
    levels: frozenset[str]

    @classmethod
    def of(cls, words: str) -> "Area":
        low = words.lower()
        named = {side for side, forms in SIDES.items() if any(re.search(rf"\b{form}\b", low) for form in forms)}
        sides = (named - {"both"}) | (BOTH if "both" in named else frozenset())
        return cls(frozenset(sides), frozenset(LEVEL.findall(words.upper())))

    def covers(self, place: str) -> bool:
        """`place` is region:side or region:side:level. A level that was not written down cannot differ."""
        _region, side, level = (*place.split(":"), "", "")[:3]
        sides = BOTH if side == "both" else {side} - {""}
        return (not self.sides or sides <= self.sides) and (not level or not self.levels or level in self.levels)


def outside(areas: Collection[str], places: Collection[str]) -> list[str]:
    """The places that none of the signed areas covers. Several signatures stand side by side; none limits nothing."""
    signed = [Area.of(words) for words in areas]
    return [place for place in places if signed and not any(area.covers(place) for area in signed)]
