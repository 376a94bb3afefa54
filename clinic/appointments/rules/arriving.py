"""From when until when somebody may say from the car park that they are here."""

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused

# Who says it earlier is not at the clinic yet, or would wait for an hour; the desk can always check them in.
OPENS_BEFORE: Final = timedelta(minutes=30)


class NotNear(Refused):
    """The visit is not near, or it is over."""

    def __init__(self) -> None:
        super().__init__(_("You can say that you are here from half an hour before your visit until it ends."))


def may_say_so(starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether the visit is near enough for its patient to be outside."""
    return starts_at - OPENS_BEFORE <= now < ends_at
