"""The back view of head, neck and shoulders: where to tap for which place. The words are the list's own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from patients.rules.intake_parts import PLACES, SIDES

# In units of a 280 x 262 drawing; at 390 px the smallest is 31 x 30 px. Left on the drawing is her own left.
SHAPES: Final[Mapping[str, str]] = {
    "suboccipital:left": "M140 44 L140 92 L114 92 C105 84 98 72 97 58 L97 44 Z",
    "suboccipital:right": "M140 44 L140 92 L166 92 C175 84 182 72 183 58 L183 44 Z",
    "posterior_cervical:left": "M139 94 L113 94 L113 119 L139 119 Z",
    "posterior_cervical:right": "M141 94 L167 94 L167 119 L141 119 Z",
    "lateral_neck:left": "M139 121 L113 121 L112 130 C110 140 100 144 91 148 L139 153 Z",
    "lateral_neck:right": "M141 121 L167 121 L168 130 C170 140 180 144 189 148 L141 153 Z",
    "upper_trapezius:left": "M88 149 C76 153 62 157 52 161 C44 165 38 170 34 176 L96 190 L138 173 L138 155 Z",
    "upper_trapezius:right": "M192 149 C204 153 218 157 228 161 C236 165 242 170 246 176 L184 190 L142 173 L142 155 Z",
    "shoulder_girdle:left": "M32 178 C24 188 20 198 19 208 L15 233 L57 233 L61 186 Z",
    "shoulder_girdle:right": "M248 178 C256 188 260 198 261 208 L265 233 L223 233 L219 186 Z",
    "levator_scapulae:left": "M64 187 L60 246 L112 246 L112 186 L96 193 Z",
    "levator_scapulae:right": "M216 187 L220 246 L168 246 L168 186 L184 193 Z",
    "rhomboid_midscapular:left": "M114 185 L139 175 L139 246 L114 246 Z",
    "rhomboid_midscapular:right": "M166 185 L141 175 L141 246 L166 246 Z",
}


@dataclass(frozen=True, slots=True)
class Region:
    code: str  # region and side, as the list of words has it
    words: str
    shape: str
    is_on: bool


def regions(chosen: Collection[str]) -> list[Region]:
    names: dict[str, Any] = {it.region: it.words for it in PLACES}
    found = []
    for code, shape in SHAPES.items():
        region, _colon, side = code.partition(":")
        found.append(Region(code, f"{names[region]}, {SIDES[side]}", shape, code in chosen))
    return found
