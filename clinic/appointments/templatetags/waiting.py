"""How those who wait are printed."""

from django import template

from clinic.appointments.actions.matches import Match
from clinic.appointments.models import WaitlistEntry
from clinic.appointments.web import waitlist_words

register = template.Library()


@register.filter
def can_make(entry: WaitlistEntry) -> str:
    """Days, hours, with whom and where."""
    return waitlist_words.can_make(entry)


@register.filter
def window(entry: WaitlistEntry) -> str:
    """From which day until which."""
    return waitlist_words.window(entry)


@register.filter
def why(match: Match) -> str:
    """Why somebody stands where they stand."""
    return ", ".join(waitlist_words.reasons(match))
