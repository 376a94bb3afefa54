"""Dates as other programs write them. The order of day and month is decided once per file, never per row."""

import re
from collections.abc import Iterable
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$")
_ORDERED = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})$")
_NAMED = re.compile(r"(\d{1,2})[-/. ]([A-Za-z]{3})[a-z]*[-/. ](\d{4})$")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Order(TextChoices):
    DAY_FIRST = "day_first", _("day first")
    MONTH_FIRST = "month_first", _("month first")


class AskForOrder(Refused):
    """04/03/1978 is two dates, and the file does not say which."""


class NotADate(ValueError):
    """No calendar has this day."""


def order_of(dates: Iterable[str]) -> Order | None:
    """The order that the dates of one file can only have; None when none of them needs an order.

    Raises `AskForOrder` when both are possible, or the file uses both.
    """
    firsts, seconds, is_needed = 0, 0, False
    for text in dates:
        if found := _ORDERED.match(text.strip()):
            is_needed = True
            firsts, seconds = max(firsts, int(found[1])), max(seconds, int(found[2]))
    if not is_needed:
        return None
    if (firsts > 12) == (seconds > 12):
        said = _("Dates such as 04/03/1978 can be read two ways. Say once for the file: --day-first or --month-first.")
        raise AskForOrder(said)
    return Order.DAY_FIRST if firsts > 12 else Order.MONTH_FIRST


def read(text: str, order: Order | None) -> date | None:
    """One date; None for an empty cell. Raises `NotADate`."""
    text = text.strip()
    if not text:
        return None
    try:
        if found := _ISO.match(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if (found := _NAMED.match(text)) and found[2].lower() in _MONTHS:
            return date(int(found[3]), _MONTHS.index(found[2].lower()) + 1, int(found[1]))
        if (found := _ORDERED.match(text)) and order:
            day, month = (1, 2) if order == Order.DAY_FIRST else (2, 1)
            return date(int(found[3]), int(found[month]), int(found[day]))
    except ValueError as problem:
        raise NotADate(text) from problem
    raise NotADate(text)
