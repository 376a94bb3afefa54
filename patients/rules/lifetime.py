"""When somebody was born and died, as far as a date can be believed."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from people.rules.refusal import Refused

LONGEST_LIFE = 130  # years; the longest documented human life is 122 (Jeanne Calment, 1875 to 1997)


class NotALifetime(Refused):
    """These dates cannot belong to a person."""


def refuse_impossible(birth_date: date | None, died_on: date | None, *, on: date) -> None:
    """Raises `NotALifetime` for dates to come, a birth too long ago and a death before the birth."""
    if birth_date and birth_date > on:
        raise NotALifetime(_("The birth date lies in the future. Check the year."))
    if birth_date and birth_date.year < on.year - LONGEST_LIFE:
        raise NotALifetime(
            _("The birth date is more than %(years)d years ago. Check the year.") % {"years": LONGEST_LIFE}
        )
    if died_on and died_on > on:
        raise NotALifetime(_("The date of death lies in the future."))
    if died_on and birth_date and died_on < birth_date:
        raise NotALifetime(_("The date of death is before the birth date."))
