"""The life of a visit, and which step may follow which."""

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    BOOKED = "booked", _("Not confirmed")
    CONFIRMED = "confirmed", _("Confirmed")
    ARRIVED = "arrived", _("Waiting")
    IN_ROOM = "in_room", _("In room")
    DONE = "done", _("Done")
    MISSED = "missed", _("Did not come")
    CANCELLED = "cancelled", _("Cancelled")


# Forwards what usually happens next, and one step back for a slip of the hand.
# Cancelling has its own deed, because it frees what the visit holds; nothing leads back from it.
STEPS: Mapping[Status, tuple[Status, ...]] = {
    Status.BOOKED: (Status.CONFIRMED, Status.ARRIVED, Status.MISSED),
    Status.CONFIRMED: (Status.ARRIVED, Status.MISSED, Status.BOOKED),
    Status.ARRIVED: (Status.IN_ROOM, Status.CONFIRMED, Status.DONE),  # not every clinic marks who is in which room
    Status.IN_ROOM: (Status.DONE, Status.ARRIVED),
    Status.DONE: (Status.IN_ROOM,),
    Status.MISSED: (Status.ARRIVED, Status.BOOKED),
    Status.CANCELLED: (),
}

MAY_BE_MOVED = frozenset({Status.BOOKED, Status.CONFIRMED})
MAY_BE_CANCELLED = frozenset({Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.MISSED})


def may_follow(now: str, then: str) -> bool:
    """Whether a visit that is `now` may become `then` in one step."""
    return then in STEPS[Status(now)]


_ORDER = (Status.MISSED, Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_ROOM, Status.DONE)


def is_step_back(now: str, then: str) -> bool:
    """Whether going there takes something back. To have missed a visit is the end of it, not a step back."""
    return then != Status.MISSED and _ORDER.index(Status(then)) < _ORDER.index(Status(now)) and now != Status.MISSED
