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


def lengths(usual: int) -> Sequence[int]:
    """The minutes that a visit may take whose service usually takes `usual`."""
    return sorted({usual, *range(STEP, usual * MOST_TIMES + 1, STEP)})


def refuse_odd(minutes: int, *, usual: int) -> None:
    """Raises `OddLength`. What the service says itself is never odd."""
    if minutes not in lengths(usual):
        raise OddLength(lengths(usual)[-1])


def lasting(service: Service, minutes: int) -> Service:
    """The service for a visit of another length, as far as one may be made so long."""
    return replace(service, minutes=minutes) if minutes in lengths(service.minutes) else service
