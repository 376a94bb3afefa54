"""Whether a visit leaves a gap beside it in which nobody can be treated any more."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property

from clinic.appointments.rules.slots import Span, Spanned, without

_LATEST = 2**31  # minutes: later than any end


class Day:
    """The stretches in which a clinician works and is free, and the shortest visit that could be given in one.

    `starts_in` says at which minutes of a stretch the visit may begin.
    """

    def __init__(
        self,
        working: Sequence[Spanned],
        taken: Sequence[Spanned],
        *,
        shortest: int,
        starts_in: Callable[[Spanned], Sequence[int]],
    ) -> None:
        self._working, self._taken = working, taken
        self.shortest, self._starts_in = shortest, starts_in
        self._least: dict[Spanned, int] = {}

    @cached_property
    def stretches(self) -> list[Span]:
        return without((Span(*it) for it in self._working), (Span(*it) for it in self._taken))

    def leaves_hole(self, start: int, *, before: int, kept: int) -> bool:
        """Whether a visit at `start` leaves more holes than another start in the same stretch would.

        It keeps the clinician for `kept` minutes, `before` of them before it starts. Where every start leaves one
        hole, none of them is to blame for it.
        """
        stretch = self.stretches[bisect_right(self.stretches, (start - before, _LATEST)) - 1]
        if stretch not in self._least:
            others = self._starts_in(stretch)
            self._least[stretch] = min((self._holes(stretch, each - before, kept) for each in others), default=0)
        return self._holes(stretch, start - before, kept) > self._least[stretch]

    def _holes(self, stretch: Spanned, begins: int, kept: int) -> int:
        gaps = (begins - stretch[0], stretch[1] - begins - kept)
        return sum(0 < gap < self.shortest for gap in gaps)
