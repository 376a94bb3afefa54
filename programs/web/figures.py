"""A plain figure in lines: what a pose is made of, and how it becomes SVG on a field of 100 by 100.

Colours and widths are attributes and not styles, so that the same drawing goes on a page under a strict policy, in the
dark, and on paper. The classes are the design system's; a page's style sheet wins over the attributes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import atan2, cos, hypot, radians, sin

Point = tuple[float, float]

BODY = 'class="x-body" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"'
LIMB = (
    'class="x-limb" fill="none" stroke="currentColor" stroke-width="6" stroke-linecap="round" stroke-linejoin="round"'
)
GHOST = 'class="x-ghost" fill="none" stroke="currentColor" stroke-width="1.75" stroke-dasharray="3 3"'
FACE = 'class="x-face" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round"'
ARROW = (
    'class="x-arrow" fill="none" stroke="currentColor" stroke-width="3.5" stroke-linecap="round"'
    ' stroke-linejoin="round"'
)
THING = 'class="x-thing" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"'
BAND = f'{THING} stroke-dasharray="1 3.5"'


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def line(*points: Point, how: str = THING, closed: bool = False) -> str:
    """A stroke from point to point."""
    path = " L".join(f"{_n(x)} {_n(y)}" for x, y in points)
    return f'<path {how} d="M{path}{" Z" if closed else ""}"/>'


def ring(centre: Point, radius: float, how: str = BODY) -> str:
    return f'<circle {how} cx="{_n(centre[0])}" cy="{_n(centre[1])}" r="{_n(radius)}"/>'


def capsule(a: Point, b: Point, radius: float, how: str = BODY) -> str:
    """A sausage from `a` to `b`: a trunk."""
    angle = atan2(b[1] - a[1], b[0] - a[0])
    x, y = -sin(angle) * radius, cos(angle) * radius
    r = _n(radius)
    return (
        f'<path {how} d="M{_n(a[0] + x)} {_n(a[1] + y)} A{r} {r} 0 0 1 {_n(a[0] - x)} {_n(a[1] - y)}'
        f' L{_n(b[0] - x)} {_n(b[1] - y)} A{r} {r} 0 0 1 {_n(b[0] + x)} {_n(b[1] + y)} Z"/>'
    )


def arrow(start: Point, end: Point, *, bend: float = 0) -> str:
    """From the first position to the second. `bend` is how far the middle is pushed to the right of its way."""
    long = hypot(end[0] - start[0], end[1] - start[1]) or 1
    side = (-(end[1] - start[1]) / long, (end[0] - start[0]) / long)
    middle = ((start[0] + end[0]) / 2 + side[0] * bend * 2, (start[1] + end[1]) / 2 + side[1] * bend * 2)
    angle = atan2(end[1] - middle[1], end[0] - middle[0])
    barbs = [(end[0] - 7 * cos(angle + turn), end[1] - 7 * sin(angle + turn)) for turn in (radians(40), -radians(40))]
    head = f"M{_n(barbs[0][0])} {_n(barbs[0][1])} L{_n(end[0])} {_n(end[1])} L{_n(barbs[1][0])} {_n(barbs[1][1])}"
    curve = f"M{_n(start[0])} {_n(start[1])} Q{_n(middle[0])} {_n(middle[1])} {_n(end[0])} {_n(end[1])}"
    return f'<path {ARROW} d="{curve} {head}"/>'


@dataclass(frozen=True, slots=True)
class Whole:
    """Somebody from head to foot. `face` is where the nose points, in degrees clockwise from the right."""

    head: Point
    neck: Point
    hip: Point
    arms: tuple[tuple[Point, ...], ...] = ()
    legs: tuple[tuple[Point, ...], ...] = ()
    face: float | None = None

    def drawn(self) -> str:
        parts = [line(*leg, how=LIMB) for leg in self.legs]
        parts += [line(self.neck, self.head, how=LIMB), capsule(self.neck, self.hip, 5.5)]
        parts += [line(*arm, how=LIMB) for arm in self.arms]
        parts.append(ring(self.head, 8))
        if self.face is not None:
            at = radians(self.face)
            tip = (self.head[0] + 11.5 * cos(at), self.head[1] + 11.5 * sin(at))
            root = (self.head[0] + 8 * cos(at), self.head[1] + 8 * sin(at))
            parts.append(line(root, tip, how=FACE))
        return "".join(parts)

    def ghost(self) -> str:
        """The first position: the same in thin broken lines."""
        strokes = [(self.neck, self.hip), *self.arms, *self.legs]
        return ring(self.head, 8, GHOST) + "".join(line(*points, how=GHOST) for points in strokes)


@dataclass(frozen=True, slots=True)
class Head:
    """Head and shoulders. Seen from the front `turn` goes from -1 to 1; from the side `forward` moves the head.

    `tilt` is in degrees clockwise.
    """

    is_side: bool = False
    turn: float = 0
    tilt: float = 0
    forward: float = 0
    nod: float = 0
    shrug: float = 0
    has_closed_eyes: bool = False
    is_back: bool = False
    arms: tuple[tuple[Point, ...], ...] = ()

    def drawn(self) -> str:
        trunk = _SIDE_TRUNK if self.is_side else _front_trunk(self.shrug)
        arms = "".join(line(*arm, how=LIMB) + ring(arm[-1], 4) for arm in self.arms)
        return f'<path {BODY} d="{trunk}"/>{self._skull(BODY)}{arms}'

    def ghost(self) -> str:
        trunk = "" if self.is_side or not self.shrug else f'<path {GHOST} d="{_front_trunk(self.shrug)}"/>'
        return trunk + self._skull(GHOST)

    def _skull(self, how: str) -> str:
        move = f'transform="translate({_n(self.forward)} {_n(self.nod)}) rotate({_n(self.tilt)} 50 54)"'
        face = "" if how is GHOST or self.is_back else self._face()
        shape = _SIDE_SKULL if self.is_side else _FRONT_SKULL
        return f'<g {move}><path {how} d="{shape}"/>{face}</g>'

    def _face(self) -> str:
        if self.is_side:
            eye = line((39, 28), (40.5, 28), how=FACE)
            return eye + f'<path {FACE} d="M53 30 Q58 33 53 38"/>'
        x = 50 + self.turn * 7
        eyes = [line((x - 6 + self.turn, 29), (x - 5 + self.turn, 29), how=FACE)]
        eyes.append(line((x + 5 + self.turn, 29), (x + 6 + self.turn, 29), how=FACE))
        if self.has_closed_eyes:
            eyes = [f'<path {FACE} d="M{_n(at - 3)} 28 q3 3 6 0"/>' for at in (x - 6, x + 6)]
        nose = line((x + self.turn * 2, 30), (x + self.turn * 5, 36), how=FACE)
        ear = 50 - self.turn * 13
        beside = f'<path {FACE} d="M{_n(ear)} 30 v7"/>' if abs(self.turn) > 0.4 else ""
        return "".join(eyes) + nose + f'<path {FACE} d="M{_n(x - 4)} 42 q4 3 8 0"/>' + beside


_FRONT_SKULL = "M50 12 C61 12 66 21 66 31 C66 42 59 52 50 52 C41 52 34 42 34 31 C34 21 39 12 50 12 Z"
_SIDE_SKULL = (
    "M37 29 C36 18 44 12 53 12 C63 12 70 20 70 30 C70 38 66 43 62 47 L61 54 L46 54 L46 51 "
    "C42 51 39 50 39 46 L38 42 C36 41 37 39 38 37 L33 34 C34 32 36 31 37 29 Z"
)
_SIDE_TRUNK = "M46 53 C45 60 40 64 36 72 L33 96 L82 96 C82 82 80 70 62 60 L62 53 Z"


def _front_trunk(shrug: float) -> str:
    y = _n(64 - shrug)
    low = _n(80 - shrug)
    left = f"M43 48 L43 55 C40 59 22 {y} 16 {y} C10 {low} 9 84 8 96"
    return f"{left} L92 96 C91 84 90 {low} 84 {y} C78 {y} 60 59 57 55 L57 48 Z"


@dataclass(frozen=True, slots=True)
class Drawing:
    """Two positions, the second one solid, and the way from one to the other."""

    end: Whole | Head
    start: Whole | Head | None = None
    behind: Sequence[str] = ()
    before: Sequence[str] = ()
    top: int = 0  # where the field begins: somebody who lies down is otherwise at the very bottom of it

    def svg(self, *, title: str) -> str:
        ghost = self.start.ghost() if self.start else ""
        inside = "".join([*self.behind, ghost, self.end.drawn(), *self.before])
        field = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 {self.top} 100 100"'
        return f'<svg {field} role="img"><title>{escape(title)}</title>{inside}</svg>'
