"""What the solver answered, in words for the desk: never a clinical reason."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from typing import Final
from uuid import UUID

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.appointments.models.roster import Weekday
from clinic.appointments.rules.series.answer import Aim, Conflict, Impossible, Limit, Placed, Step, Why
from clinic.appointments.rules.why_outside import Why as Gone

Words = str | Promise
Named = Callable[[UUID], str]

REASONS: Final[Mapping[Why, Words]] = {
    Why.PINNED: gettext_lazy("put here by hand"),
    Why.KEPT: gettext_lazy("as it was booked"),
    Why.TARGET_DAY: gettext_lazy("the day the plan asks for"),
    Why.TARGET_GAP: gettext_lazy("best distance from the one before"),
    Why.SAME_TRIP: gettext_lazy("saves a trip"),
    Why.SAME_CLINICIAN: gettext_lazy("same clinician as before"),
    Why.ONE_CLINICIAN: gettext_lazy("same clinician each time"),
    Why.USUAL_HOUR: gettext_lazy("the usual hour"),
    Why.SPACED: gettext_lazy("kept apart from the other treatments"),
    Why.NOT_FREE: gettext_lazy("nothing suitable is free on the day the plan asks for"),
}
STRANDED: Final[Mapping[Gone, Words]] = {
    Gone.OFF: gettext_lazy("nobody works then, or the site is closed"),
    Gone.AWAY: gettext_lazy("somebody or something it needs is away"),
    Gone.RETIRED: gettext_lazy("something it needs is not in use any more"),
    Gone.UNFIT: gettext_lazy("who or what it needs may not be used for it any more"),
    Gone.ELSEWHERE: gettext_lazy("something it needs stands at another site now"),
}
AIMS: Final[Mapping[Aim, Words]] = {
    Aim.BEST: gettext_lazy("Best"),
    Aim.SOONER: gettext_lazy("Sooner done"),
    Aim.FEWER_TRIPS: gettext_lazy("Fewer trips"),
}
# By the patient or by hand; the rest is asked for by the plan and its rules.
ASKED_FOR: Final = frozenset({Limit.WEEKDAYS, Limit.HOURS, Limit.SITE, Limit.ABSENCE, Limit.AWAY, Limit.PINNED})
MOST_REASONS = 3
MOST_NAMES = 3
_LEAVE_OUT = gettext_lazy("Leave out %(what)s")
_UNLOCK = gettext_lazy("A clinician unlocks %(what)s first")
_ALLOW: Final[Mapping[tuple[Limit, bool], Words]] = {
    (Limit.WINDOW, True): gettext_lazy("%(what)s from %(value)s on"),
    (Limit.WINDOW, False): gettext_lazy("%(what)s until %(value)s"),
    (Limit.MOST_GAP, False): gettext_lazy("%(what)s up to %(value)s days after the one before"),
    (Limit.WEEKDAYS, False): gettext_lazy("Also on %(value)s"),
    (Limit.HOURS, True): gettext_lazy("From %(value)s on"),
    (Limit.HOURS, False): gettext_lazy("Until %(value)s"),
    (Limit.ABSENCE, False): gettext_lazy("Up to %(value)s days between two visits"),
    (Limit.AWAY, False): gettext_lazy("Come on %(value)s all the same"),
    (Limit.SITE, False): gettext_lazy("Any site"),
    (Limit.PINNED, False): gettext_lazy("Another time for %(what)s"),
}
_IN_THE_WAY: Final[Mapping[Limit, Words]] = {
    Limit.WINDOW: gettext_lazy("the days the plan allows for %(what)s"),
    Limit.LEAST_GAP: gettext_lazy("the shortest distance between %(what)s and the one before"),
    Limit.MOST_GAP: gettext_lazy("the longest distance between %(what)s and the one before"),
    Limit.ORDER: gettext_lazy("the order of the sessions"),
    Limit.PHASES: gettext_lazy("the order of the phases"),
    Limit.TIMING: gettext_lazy("the distance that treatments must keep from each other"),
    Limit.REVIEW: gettext_lazy("a review, which has to come before more of a treatment"),
    Limit.LOADING: gettext_lazy("the days of rest after an injection"),
    Limit.WEEKDAYS: gettext_lazy("the days of the week on which the patient can come"),
    Limit.HOURS: gettext_lazy("the hours at which the patient can come"),
    Limit.SITE: gettext_lazy("the site that the patient wants"),
    Limit.ABSENCE: gettext_lazy("the longest absence that was asked for"),
    Limit.AWAY: gettext_lazy("the days on which the patient is away"),
    Limit.BLOCKED: gettext_lazy("a clinician must check before %(what)s"),
    Limit.OVERRIDE: gettext_lazy("a clinician must check before %(what)s"),
    Limit.PINNED: gettext_lazy("the time that was set by hand for %(what)s"),
    Limit.FREE_TIME: gettext_lazy("too little is free for %(what)s"),
}


def day(on: date) -> str:
    return date_format(on, "D j M")


def why(placed: Placed) -> str:
    return "; ".join(str(REASONS[it]) for it in placed.reasons[:MOST_REASONS])


def in_the_way(answer: Impossible, named: Named) -> list[str]:
    """Everything that cannot hold together, each kind said once: nobody reads the same line for fourteen sessions.

    What the patient asked for comes first: that is what can be talked about on the telephone.
    """
    kinds: dict[str, list[str]] = {}
    for it in sorted(answer.conflicts or (Conflict(Limit.FREE_TIME),), key=lambda it: it.limit not in ASKED_FOR):
        names = kinds.setdefault(str(_IN_THE_WAY[it.limit]), [])
        name = named(it.session_id) if it.session_id else _("these sessions")
        if name not in names:
            names.append(name)
    return [words % {"what": _some(names)} for words, names in kinds.items()]


def _some(names: Sequence[str]) -> str:
    """The first few by name."""
    said, more = ", ".join(names[:MOST_NAMES]), len(names) - MOST_NAMES
    if more <= 0:
        return said
    return ngettext("%(said)s and %(n)s more", "%(said)s and %(n)s more", more) % {"said": said, "n": more}


def step(it: Step, named: Named) -> str:
    """What to allow, as the words of a button."""
    words = _LEAVE_OUT if it.leaves_out else _ALLOW.get((it.limit, it.is_earlier), _UNLOCK)
    value = Weekday(it.value).label if it.limit == Limit.WEEKDAYS and isinstance(it.value, int) else _value(it)
    return str(words) % {"what": named(it.session_id) if it.session_id else "", "value": value}


def _value(it: Step) -> str:
    if isinstance(it.value, date):
        return day(it.value)
    return f"{it.value:%H:%M}" if isinstance(it.value, time) else str(it.value)


def done(booked: int, moved: int) -> str:
    """What was just done, counted."""
    said = []
    if booked:
        said.append(ngettext("%(n)s visit is booked.", "%(n)s visits are booked.", booked) % {"n": booked})
    if moved:
        said.append(ngettext("%(n)s visit is moved.", "%(n)s visits are moved.", moved) % {"n": moved})
    return " ".join(said) or _("Nothing had to change.")


def undone(count: int) -> str:
    return ngettext("%(n)s change is taken back.", "All %(n)s changes are taken back.", count) % {"n": count}
