"""What patients may ask about their own record: that it be put right, and that it be deleted."""

from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from patients.rules.threads import Audience
from people.rules.refusal import Refused

# Where the law of the place says nothing longer. England: adult records 8 years (NHS Records Management Code, 2021);
# German doctors 10 (BGB 630f); most states of the US 5 to 10. The clinic sets its own.
KEPT_YEARS = 10
OF_AGE = 18


class About(TextChoices):
    """Which part of the record is wrong."""

    CONTACT = "contact", _("My name, birth date or address")
    VISIT = "visit", _("A visit: when it was, or whether I came")
    FORM = "form", _("An answer in a form")
    HEALTH = "health", _("An illness, allergy or medicine")
    NOTE = "note", _("What was written or measured at a visit")
    PLAN = "plan", _("My plan or my exercises")
    OTHER = "other", _("Something else")


class AlreadyAsked(Refused):
    """The same was asked before and is not decided yet."""


class NotDecidable(Refused):
    """What was decided stays decided, and a decision says why."""


_FOR_THE_DESK = frozenset({About.CONTACT, About.VISIT})


def audience_of(about: str) -> Audience:
    return Audience.DESK if About(about) in _FOR_THE_DESK else Audience.CLINICIANS


def kept_until(*, last_seen_on: date | None, birth_date: date | None, years: int) -> date | None:
    """The day until which the treatment record has to be kept; None when nobody was ever treated.

    From the last visit, and of a child at least as long from the day it came of age.
    """
    if last_seen_on is None:
        return None
    until = _after(last_seen_on, years)
    if birth_date is not None and (of_age := _after(birth_date, OF_AGE)) > last_seen_on:
        until = max(until, _after(of_age, years))
    return until


def _after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)
