"""How the booking panel prints what it offers."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.utils import formats
from django.utils.translation import gettext as _

from clinic.appointments.actions.availability import Offer
from clinic.appointments.rules import local_time, saying
from clinic.appointments.web.panel import Wanted
from programs.models import PlannedSession

register = template.Library()


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is switched on and off with one click."""

    address: str
    is_on: bool


@register.simple_tag
def chip(wanted: Wanted, said: str, **changes: Any) -> Chip:
    """The panel with another filter. Pressed again, what was `said` is taken back."""
    is_on = bool(said) and wanted.when.said.lower() == str(said).lower()
    return Chip(wanted.address(**(changes | {"say": ""} if is_on else changes)), is_on)


@register.filter
def when_short(offer: Offer) -> str:
    """ "Thu 17 Sep, 10:30" on the wall clock of the site."""
    clock = local_time.clock(offer.starts_at, offer.site.zone)
    return f"{formats.date_format(offer.local_start, 'D j M')}, {clock}"


@register.filter
def picked(offer: Offer, wanted: Wanted) -> str:
    """The panel with this time as the first of the three."""
    return wanted.address(pick=offer.code, day=offer.local_start.date().isoformat(), say="")


@register.filter
def due_days(session: PlannedSession) -> str:
    """ "16 to 19 September", "28 Sep to 2 Oct"."""
    first, last = session.due_from, session.due_until
    if first == last:
        return formats.date_format(first, "j F")
    is_one_month = (first.year, first.month) == (last.year, last.month)
    words = ("j", "j F") if is_one_month else ("j M", "j M")
    said = [formats.date_format(day, form) for day, form in zip((first, last), words, strict=True)]
    return _("from %(first)s to %(last)s") % {"first": said[0], "last": said[1]}


@register.filter
def called(name: str) -> str:
    return saying.called(name)
