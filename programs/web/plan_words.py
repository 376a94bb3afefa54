"""What became of a plan, and what the rules say of it, in words for the screen."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from programs.models import PlanVersion
from programs.rules import notices
from programs.rules.notices import Notice
from programs.rules.rulebook import rulebook
from programs.rules.sheet_words import sheet_words
from programs.templatetags.programs import service_name

Change = Mapping[str, Any]
HAPPENS = frozenset({"illness_fever", "antibiotic_course"})  # nobody leaves it off: the session is put off
# What a medicine or an illness of the timing rules is called in one short line.
SHORT = {
    "med_nsaid": gettext_lazy("ibuprofen or the like"),
    "med_systemic_steroid": gettext_lazy("cortisone tablets"),
    "local_steroid_injection": gettext_lazy("cortisone injection there"),
    "med_antiplatelet_supplement": gettext_lazy("fish oil, turmeric, garlic or ginkgo"),
    "illness_fever": gettext_lazy("a fever or an infection"),
    "antibiotic_course": gettext_lazy("antibiotics"),
    "alcohol": gettext_lazy("alcohol"),
}


def day_in_words(day: date) -> str:
    """As in "28 September"."""
    return date_format(day, "j F")


def technique_name(modality: str, technique: str) -> str:
    known = rulebook().modalities.get(modality)
    return _(known.techniques[technique].name) if known and technique in known.techniques else technique


def what_is_left_off(notice: Notice) -> str:
    """The medicine or the event of a notice, in a few words."""
    event = rulebook().timing_events.get(notice.other)
    return str(SHORT.get(notice.other) or (event.label.lower() if event else notice.other))


def notice_in_words(notice: Notice) -> str:
    """As in "Injection 1: no ibuprofen or the like from 28 September"."""
    name = f"{service_name(notice.modality)} {notice.ordinal}"
    if notice.what == notices.LEAVE_OFF:
        put_off = _("%(name)s: put it off after %(what)s from %(day)s on")
        words = put_off if notice.other in HAPPENS else _("%(name)s: no %(what)s from %(day)s")
        return words % {
            "name": name, "what": what_is_left_off(notice), "day": day_in_words(notice.on),
        }  # fmt: skip
    if notice.what == notices.PAST_COURSE:
        words = _("More than %(n)s sessions of %(name)s: past what its sources speak for.")
        return words % {"n": notice.ordinal, "name": service_name(notice.modality)}
    rule = notice.rule
    if rule is None:
        return name
    words = ngettext(
        "%(name)s: at least %(n)s day after %(other)s. %(reason)s",
        "%(name)s: at least %(n)s days after %(other)s. %(reason)s",
        round(rule.min_gap),
    )
    first = service_name(rule.first)
    return words % {
        "name": name,
        "n": f"{rule.min_gap:g}",
        "other": first,
        "reason": rule.reason[:1].upper() + rule.reason[1:],
    }


def change_in_words(change: Change) -> str:
    """One line of what a version of a plan changed; for the patient too, so in the names of the visits."""
    said = {
        "name": service_name(change["modality"]) if "modality" in change else "",
        "n": change.get("count") or change.get("ordinal"), "days": change.get("every_days") or change.get("days"),
        "technique": technique_name(change.get("modality", ""), change.get("technique", "")),
        "what": _at_home(change),
    }  # fmt: skip
    words = _WORDS.get(change["what"])
    return str(words) % said if words else str(change["what"])


def _at_home(change: Change) -> str:
    book = rulebook()
    if "exercise" in change:
        known = book.exercises.get(change["exercise"])
        return sheet_words(get_language() or "").name(known) if known else change["exercise"]
    if "care" in change:
        care = book.self_care.get(change["care"])
        return _(care.label) if care else change["care"]
    item = book.posture_items.get(change.get("item", ""))
    return _(item.checklist_item) if item else change.get("item", "")


_WORDS = {
    "sessions_added": gettext_lazy("%(name)s: %(n)s more, %(days)s days apart"),
    "session_dropped": gettext_lazy("%(name)s %(n)s is no longer needed"),
    "spacing_changed": gettext_lazy("%(name)s: now %(days)s days apart"),
    "technique_changed": gettext_lazy("%(name)s: now %(technique)s"),
    "exercise_added": gettext_lazy("New exercise: %(what)s"),
    "exercise_dropped": gettext_lazy("Exercise left out: %(what)s"),
    "posture_added": gettext_lazy("New habit: %(what)s"),
    "posture_dropped": gettext_lazy("Habit left out: %(what)s"),
    "self_care_added": gettext_lazy("New advice: %(what)s"),
    "self_care_dropped": gettext_lazy("Advice left out: %(what)s"),
    "resumed": gettext_lazy("The plan goes on after a pause, %(days)s days later"),
    "held": gettext_lazy("%(name)s waits until a clinician has looked"),
    "left_out": gettext_lazy("%(name)s (%(technique)s) is switched off and was left out"),
}


def version_in_words(version: PlanVersion) -> list[str]:
    return [change_in_words(it) for it in version.changes]
