"""What a tap brings along from a phone that kept it while there was no connection: its key and its day."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from people.actions import taps
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest

LONGEST: Final = timedelta(days=7)  # so long a phone keeps a tap that it cannot send


class TooLongAgo(Refused):
    """A tap of a day that nobody asks about any more."""


@dataclass(frozen=True, slots=True)
class Tap:
    """`key` is empty where no script ran: then the press of the button is the tap, and its day is today."""

    key: str
    on: date


def tap_of(request: SignedInRequest) -> Tap:
    """Whoever taps late in the evening without a connection has done it that evening. Raises `TooLongAgo`."""
    today = timezone.localdate()
    key = taps.key_of(request.POST.get("tap", ""))
    said = _day(request.POST.get("on", "")) if key else None
    if said is None or said > today:
        return Tap(key, today)
    if today - said > LONGEST:
        raise TooLongAgo(_("This is from %(day)s: too long ago to be counted.") % {"day": date_format(said, "j F")})
    return Tap(key, said)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:  # such as 31 February
        return None
