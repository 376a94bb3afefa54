"""What a form and an examination mean together, and how grave each warning sign in them is."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from patients.rules.red_flags import RedFlagRule
from patients.rules.rulebook import Rulebook, intake_questions
from patients.rules.triage import TriageResult, triage

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
# From here on the patient is told at once and the clinic is alerted, even if the form is never sent.
TOLD_AT_ONCE_FROM: Final = "same_day"
BLOOD_PRESSURE: Final = ("bp_systolic", "bp_diastolic")  # mm Hg


class Occasion(TextChoices):
    """Why the warning signs were asked for without the rest of the form."""

    CHECK = "check", _("Before a visit")
    FLARE = "flare", _("It has become worse")


def short_questions(age_years: int | None, *, rulebook: Rulebook) -> tuple[RedFlagRule, ...]:
    """The short screen of every visit: what needs a doctor today or at once, gravest first.

    Source: `reask_note` of `triage_rule` in red_flags.toml.
    """
    asked = intake_questions(age_years, book=rulebook)
    return tuple(it for it in asked if is_told_at_once(it.urgency, rulebook=rulebook))


def screen(
    answers: Mapping[str, Any],
    *,
    age_years: int | None,
    examined: Mapping[str, Any] = NOTHING,
    rulebook: Rulebook,
    asked: Iterable[RedFlagRule] | None = None,
) -> TriageResult:
    """Judge the answers of one form (as `Intake.answers` keeps them) with what was examined.

    `examined` holds a code's true or false and blood pressure in mm Hg; `asked` are the questions that were put, if
    they were not all of the form's.
    """
    put = intake_questions(age_years, book=rulebook) if asked is None else asked
    numbers: dict[str, float] = {code: examined[code] for code in BLOOD_PRESSURE if code in examined}
    pain = answers.get("pain", {}).get("now")
    if pain is not None:
        numbers["nprs_current"] = pain
    if age_years is not None:
        numbers["age_years"] = age_years
    found = {code: answer for code, answer in examined.items() if code not in BLOOD_PRESSURE}
    return triage(
        {**answers.get("red_flags", {}), **found},
        numbers=numbers,
        asked=[question.code for question in put],
        rulebook=rulebook,
    )


def flags_of(result: TriageResult, *, rulebook: Rulebook) -> dict[str, str]:
    """Each positive warning sign with its urgency, gravest first; what means nothing alone is left out.

    A sign is as grave as the gravest combination it takes part in: an injury of yesterday is same-day,
    with fragile bones it is an emergency.
    """
    found = {}
    for rule in result.positive:
        fired = [it.urgency for it in result.combinations if rule.code in it.flags()]
        urgency = max([rule.urgency, *fired], key=rulebook.rank)
        if rulebook.rank(urgency):
            found[rule.code] = urgency
    return dict(sorted(found.items(), key=lambda item: rulebook.rank(item[1]), reverse=True))


def is_told_at_once(urgency: str, *, rulebook: Rulebook) -> bool:
    return rulebook.rank(urgency) >= rulebook.rank(TOLD_AT_ONCE_FROM)


def as_kept(result: TriageResult, *, rulebook: Rulebook) -> dict[str, Any]:
    """The result as a record keeps it, so that it can be read and replayed years later."""
    return {
        "rulebook_version": rulebook.version,
        "urgency": result.urgency,
        "positive": [rule.code for rule in result.positive],
        "combinations": [it.code for it in result.combinations],
        "blocks": sorted(result.blocks),
        "unanswered": list(result.unanswered),
        "reasons": [
            {"code": it.code, "words": it.words, "urgency": it.urgency, "sources": list(it.sources)}
            for it in result.reasons
        ],
    }
