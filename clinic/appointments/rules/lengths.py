"""How long a visit may be made: its service says how long one usually takes."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused
from programs.rules.services import Service

STEP = 15  # minutes, as the grid of the day
MOST_TIMES = 2  # as long as usual


class OddLength(Refused):
    """Neither a step of the grid nor at most twice as long as usual."""

    def __init__(self, most: int) -> None:
        super().__init__(
            _("A visit of this kind takes 15 to %(most)s minutes, in steps of 15. Nothing was saved.") % {"most": most}
        )


def lengths(usual: int, *, so_far: int | None = None) -> Sequence[int]:
    """The minutes that a visit may take whose service usually takes `usual`; what it takes so far it may keep."""
    kept = {usual} if so_far is None else {usual, so_far}
    return sorted(kept | set(range(STEP, usual * MOST_TIMES + 1, STEP)))


def refuse_odd(minutes: int, *, usual: int, so_far: int) -> None:
    """Raises `OddLength`. What the service says itself is never odd, nor is what was so before."""
    if minutes not in lengths(usual, so_far=so_far):
        raise OddLength(lengths(usual)[-1])


def lasting(service: Service, minutes: int) -> Service:
    """The service for a visit of that length."""
    return replace(service, minutes=minutes)
