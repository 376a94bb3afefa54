"""Helpers: a parent, partner or carer who uses the portal for a patient. What each may do, and until when."""

from collections.abc import Collection
from datetime import date
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused

MOST_HELPERS = 5  # of one patient at a time
LONGEST_DAYS = 366  # after a year the patient says it again: carers change, permissions are forgotten
OF_AGE = 18  # years; a guardian's help ends on that birthday


class Help(TextChoices):
    """What a patient lets a helper do. Each is given one by one; nothing else is open to a helper."""

    SEE_VISITS = "see_visits", _("See when visits are")
    MANAGE_VISITS = "manage_visits", _("Book, move and cancel visits")
    EXERCISES = "exercises", _("See my plan and what to do today, and tick off exercises")
    FORMS = "forms", _("Fill in forms")
    MESSAGES = "messages", _("Read and write messages to the clinic")


class Relation(TextChoices):
    PARENT = "parent", _("Parent or guardian")
    PARTNER = "partner", _("Husband, wife or partner")
    FAMILY = "family", _("Somebody else of the family")
    CARER = "carer", _("Carer")
    FRIEND = "friend", _("Friend or neighbour")


class CannotHelp(Refused):
    """This person cannot be made a helper, or not in this way."""


_VISITS: Final = frozenset({Help.SEE_VISITS, Help.MANAGE_VISITS})
# Pages by the name of their address: for which kinds of help one opens, and for which it may be changed there.
# A page that is not here is closed to helpers: consents, contact, settings, the record and the helpers themselves.
PAGES: Final[dict[str, tuple[frozenset[Help], frozenset[Help]]]] = {
    "portal:today": (frozenset({Help.EXERCISES}), frozenset({Help.EXERCISES})),
    "portal:pain": (frozenset({Help.EXERCISES}), frozenset({Help.EXERCISES})),
    # "I have seen it" is said by the patient alone.
    "portal:plan": (frozenset({Help.EXERCISES}), frozenset()),
    "portal:exercises": (frozenset({Help.EXERCISES}), frozenset()),
    "portal:exercise_sheet": (frozenset({Help.EXERCISES}), frozenset()),
    "portal:exercise": (frozenset({Help.EXERCISES}), frozenset({Help.EXERCISES})),
    "portal:posture": (frozenset({Help.EXERCISES}), frozenset({Help.EXERCISES})),
    "portal:posture_print": (frozenset({Help.EXERCISES}), frozenset()),
    "portal:breaks": (frozenset({Help.EXERCISES}), frozenset({Help.EXERCISES})),
    "portal:break_taken": (frozenset({Help.EXERCISES}), frozenset({Help.EXERCISES})),
    "portal:visits": (_VISITS, frozenset({Help.MANAGE_VISITS})),
    "portal:visit_ready": (_VISITS, frozenset({Help.MANAGE_VISITS})),
    "portal:visit_change": (_VISITS, frozenset({Help.MANAGE_VISITS})),
    "portal:book": (frozenset({Help.MANAGE_VISITS}), frozenset({Help.MANAGE_VISITS})),
    "portal:visit_file": (_VISITS, frozenset()),
    "portal:visits_file": (_VISITS, frozenset()),
    "portal:wish": (frozenset({Help.MANAGE_VISITS}), frozenset({Help.MANAGE_VISITS})),
    "portal:messages": (frozenset({Help.MESSAGES}), frozenset({Help.MESSAGES})),
    "portal:message_new": (frozenset({Help.MESSAGES}), frozenset({Help.MESSAGES})),
    "portal:thread": (frozenset({Help.MESSAGES}), frozenset({Help.MESSAGES})),
    "portal:attachment": (frozenset({Help.MESSAGES}), frozenset()),
    "patients:forms": (frozenset({Help.FORMS}), frozenset({Help.FORMS})),
    "patients:form_start": (frozenset({Help.FORMS}), frozenset({Help.FORMS})),
    "patients:form_part": (frozenset({Help.FORMS}), frozenset({Help.FORMS})),
    "patients:form_check": (frozenset({Help.FORMS}), frozenset({Help.FORMS})),
    "patients:form_sent": (frozenset({Help.FORMS}), frozenset()),
    "portal:measures": (frozenset({Help.FORMS}), frozenset({Help.FORMS})),
    "portal:measure": (frozenset({Help.FORMS}), frozenset({Help.FORMS})),
    "patients:check": (frozenset({Help.FORMS}), frozenset({Help.FORMS})),
    "patients:flare": (frozenset({Help.FORMS}), frozenset({Help.FORMS})),
    "patients:form_urgent": (frozenset({Help.FORMS}), frozenset()),
}
_FIRST: Final = ("portal:today", "portal:visits", "portal:messages", "patients:forms")


def may_enter(page: str, given: Collection[str], *, changes: bool) -> bool:
    """Whether a helper with these kinds of help may open the page, or change something on it."""
    to_see, to_change = PAGES.get(page, (frozenset(), frozenset()))
    return not (to_change if changes else to_see).isdisjoint(given)


def first_page(given: Collection[str]) -> str:
    """Where a helper who asks for a page that is closed to them is led; "" when nothing is open."""
    return next((page for page in _FIRST if may_enter(page, given, changes=False)), "")


def last_day(relation: str, *, asked_until: date, today: date, birth_date: date | None) -> date:
    """The day on which the help ends at the latest.

    Raises `CannotHelp` for a day that has passed, one too far away, and a guardian of somebody of age.
    """
    if asked_until < today:
        raise CannotHelp(_("Please choose a day that is still to come."))
    if (asked_until - today).days > LONGEST_DAYS:
        raise CannotHelp(_("Help lasts for a year at most. You can give it again then."))
    if relation != Relation.PARENT or birth_date is None:
        return asked_until
    comes_of_age = _birthday(birth_date, OF_AGE)
    return min(asked_until, comes_of_age) if comes_of_age > today else asked_until


def _birthday(birth_date: date, years: int) -> date:
    try:
        return birth_date.replace(year=birth_date.year + years)
    except ValueError:  # born on 29 February: of age on 1 March
        return date(birth_date.year + years, 3, 1)
