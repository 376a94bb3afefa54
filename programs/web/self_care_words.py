"""The limits of what a patient may do alone, in words: how much, how often, and when to ask."""

from collections.abc import Iterable, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from programs.rules.entries import SelfCare

# By the names of the limits in self_care.toml, which carry their unit.
LIMITS: Final[Mapping[str, str | Promise]] = {
    "ice_minutes_max": _("Ice: at most %(n)s minutes at a time."),
    "heat_minutes_max": _("Heat: at most %(n)s minutes at a time."),
    "repeat_gap_hours_min": _("Wait %(n)s hours before the next time."),
    "ibuprofen_mg_per_day_max": _("Ibuprofen: at most %(n)s mg in a day."),
    "naproxen_sodium_mg_per_day_max": _("Naproxen sodium: at most %(n)s mg in a day."),
    "cyclobenzaprine_mg_per_day_max": _("Cyclobenzaprine: at most %(n)s mg in a day."),
    "mg_per_day_max": _("At most %(n)s mg in a day, from all products together."),
    "label_mg_per_day_max_regular_strength": _("Regular strength: at most %(n)s mg in a day."),
    "label_days_max": _("The label says: never longer than %(n)s days."),
    "days_max": _("At most %(n)s days."),
    "minutes_max": _("At most %(n)s minutes at a time."),
    "minutes_min": _("At least %(n)s minutes at a time."),
    "times_per_day_max": _("At most %(n)s times a day."),
    "hold_seconds_min": _("Hold each for at least %(n)s seconds."),
    "hold_seconds_max": _("Hold each for at most %(n)s seconds."),
    "magnesium_supplement_mg_per_day_max": _("Magnesium tablets: at most %(n)s mg in a day."),
    "break_minutes_max_gap": _("Move at least every %(n)s minutes."),
}


def limits(it: SelfCare) -> list[str]:
    """One sentence for each limit, and how long one may go on without asking."""
    return [*_said(it, it.limits), *_ask(it)]


def limits_for_patient(it: SelfCare) -> list[str]:
    """How much of a medicine, and when to ask. How long to hold a stretch is in its steps already."""
    return [*_said(it, [name for name in it.limits if "_mg_" in name]), *_ask(it)]


def _said(it: SelfCare, names: Iterable[str]) -> list[str]:
    return [str(LIMITS[name]) % {"n": f"{it.limits[name]:g}"} for name in names if name in LIMITS]


def _ask(it: SelfCare) -> list[str]:
    if it.max_days_without_clinician:
        words = ngettext(
            "Ask us if you need it for more than %(n)d day.",
            "Ask us if you need it for more than %(n)d days.",
            it.max_days_without_clinician,
        )
        return [words % {"n": it.max_days_without_clinician}]
    return []
