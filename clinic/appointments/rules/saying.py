"""The sentence that the desk reads out on the phone: days and times as people say them, not as screens print them.

English. A language that says them in another way needs a function of its own here; the words are marked for
translation all the same, so that one with the same order needs none.
"""

from datetime import date, time

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

_WEEKDAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
_MONTHS = (
    _("January"), _("February"), _("March"), _("April"), _("May"), _("June"),
    _("July"), _("August"), _("September"), _("October"), _("November"), _("December"),
)  # fmt: skip
_HOURS = (
    _("twelve"), _("one"), _("two"), _("three"), _("four"), _("five"),
    _("six"), _("seven"), _("eight"), _("nine"), _("ten"), _("eleven"),
)  # fmt: skip
_PAST = {
    5: _("five past %(hour)s"),
    10: _("ten past %(hour)s"),
    15: _("quarter past %(hour)s"),
    20: _("twenty past %(hour)s"),
    25: _("twenty-five past %(hour)s"),
    30: _("half past %(hour)s"),
    35: _("twenty-five to %(next)s"),
    40: _("twenty to %(next)s"),
    45: _("quarter to %(next)s"),
    50: _("ten to %(next)s"),
    55: _("five to %(next)s"),
}
# Outside these hours somebody could take the morning for the evening.
DAY_BEGINS, DAY_ENDS = 8, 19
NOON_HOUR = 12


def sentence(day: date, clock: time, *, clinician: str, minutes: int, on: date, site: str = "") -> str:
    """ "Thursday the 17th of September at half past ten, with João. It takes 30 minutes."

    `day` and `clock` are on the wall clock of the site, `on` is today there. It names no treatment: others stand at
    the desk. `site` is said where the clinic has several.
    """
    said = (
        _("%(day)s at %(time)s, with %(clinician)s, at %(site)s.")
        if site
        else _("%(day)s at %(time)s, with %(clinician)s.")
    )
    parts = {"day": day_words(day, on=on), "time": clock_words(clock), "clinician": called(clinician), "site": site}
    return f"{said % parts} {_takes(minutes)}"


def day_words(day: date, *, on: date) -> str:
    """ "Thursday the 17th of September", with "Today" or "Tomorrow" before it, and the year when it is another."""
    said = _("%(weekday)s the %(ordinal)s of %(month)s") % {
        "weekday": _WEEKDAYS[day.weekday()],
        "ordinal": ordinal(day.day),
        "month": _MONTHS[day.month - 1],
    }
    if (day - on).days in {0, 1}:
        return f"{(_('Today'), _('Tomorrow'))[(day - on).days]}, {said}"
    return f"{said} {day.year}" if day.year != on.year else said


def clock_words(clock: time) -> str:
    """ "half past ten", "quarter to one", "noon". Times off the five minutes are said in digits."""
    if clock.minute == 0 and clock.hour in {0, 12}:
        return str(_("noon") if clock.hour else _("midnight"))
    hour, following = _HOURS[clock.hour % 12], _HOURS[(clock.hour + 1) % 12]
    if clock.minute == 0:
        said = str(_("%(hour)s o'clock") % {"hour": hour})
    elif clock.minute in _PAST:
        said = str(_PAST[clock.minute] % {"hour": hour, "next": following})
    else:
        said = f"{clock:%H:%M}"
    if clock.hour < DAY_BEGINS:
        return f"{said} {_('in the morning')}"
    return f"{said} {_('in the evening')}" if clock.hour >= DAY_ENDS else said


def ordinal(number: int) -> str:
    """ "1st", "22nd", "13th"."""
    last = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{last}"


def called(name: str) -> str:
    """What patients call somebody: the first name, but "Dr Okafor" of Dr Amara Okafor."""
    first, *others = name.split()
    is_title = first.rstrip(".").lower() in {"dr", "prof", "mr", "mrs", "ms"}
    return " ".join([first, *others[-1:]]) if is_title else first


def _takes(minutes: int) -> str:
    said = ngettext_lazy("It takes %(n)s minute.", "It takes %(n)s minutes.", "n")
    return str(said % {"n": minutes})
