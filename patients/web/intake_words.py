"""What she answered, in words: on her check page, at the visit and in the record the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.models import Intake
from patients.rules import intake_groups
from patients.rules.intake_groups import recognised
from patients.rules.intake_parts import PLACES, SIDES, AllergyState, Page, Since, put
from patients.rules.rulebook import Rulebook, rulebook


@dataclass(frozen=True, slots=True)
class Told:
    """One question of the form and what she said; `words` is empty when she said nothing."""

    page: str
    label: str
    words: list[str]


def told(answers: Mapping[str, Any]) -> list[Told]:
    """Everything but the safety questions, in the order of the form."""
    book = rulebook()
    story, health = answers.get("story", {}), answers.get("health", {})
    return [
        Told("story", _("What brings you"), _text(story.get("text"))),
        Told("story", _("For how long"), _since(story)),
        Told("story", _("What may have caused it"), _labels(story.get("causes", ()), book.causes)),
        Told("symptoms", _("What you feel"), _labels(answers.get("symptoms", {}).get("codes", ()), book.symptoms)),
        Told("places", _("Where it hurts"), places(answers.get("places", {}).get("codes", ()))),
        Told("pain", _("Pain, 0 to 10"), _pain(answers.get("pain", {}))),
        Told("medicines", _("Medicines"), medicines(answers)),
        Told("conditions-1", _("Conditions"), conditions(answers)),
        Told("recent", _("The last 3 months"), recent(answers)),
        Told("allergies", _("Allergies"), allergies(health)),
        Told("goals", _("What you want to do again"), goals(answers)),
        Told("last", _("Anything else"), _text(answers.get("last", {}).get("more"))),
    ]


def safety(page: Page, answers: Mapping[str, Any]) -> list[str]:
    """A page of safety questions in short: each yes and each "not sure" in full, the rest counted."""
    said, not_sure = answers.get("red_flags", {}), set(answers.get("not_sure", ()))
    asked = put(page.questions, said)
    words = [_("Yes: %(question)s") % {"question": _(it.patient_question)} for it in asked if said.get(it.code)]
    words += [_("Not sure: %(question)s") % {"question": _(it.patient_question)} for it in asked if it.code in not_sure]
    no = sum(said.get(it.code) is False for it in asked)
    unanswered = sum(it.code not in said and it.code not in not_sure for it in asked)
    if no:
        words.append(ngettext("No to %(n)d question", "No to %(n)d questions", no) % {"n": no})
    if unanswered:
        words.append(
            ngettext("%(n)d question not answered", "%(n)d questions not answered", unanswered) % {"n": unanswered}
        )
    return words


def places(codes: list[str] | tuple[str, ...]) -> list[str]:
    names = {place.region: place.words for place in PLACES}
    words = []
    for code in codes:
        region, _colon, side = code.partition(":")
        words.append(
            f"{names.get(region, region)}, {SIDES[side]}" if side != "middle" else str(names.get(region, region))
        )
    return words


def medicines(answers: Mapping[str, Any]) -> list[str]:
    """Each line with what it was recognised as: "apixaban: Blood thinner"."""
    health, families = answers.get("health", {}), rulebook().medicine_classes.values()
    if health.get("takes_none"):
        return [_("No medicines")]
    denied = set(health.get("denied", ()))
    words = []
    for line in intake_groups.lines(str(health.get("medicines", ""))):
        known = [_(it.family.label) for it in recognised(line, families) if it.family.code not in denied]
        words.append(f"{line}: {', '.join(known)}" if known else line)
    return words


def conditions(answers: Mapping[str, Any]) -> list[str]:
    """What she said yes to, then the groups of which she said that none is true."""
    told_facts, book = intake_groups.told(answers), rulebook()
    groups = [it for it in book.intake_groups.values() if it.part not in {"allergies", "recent"}]
    yes = [_(book.facts[code].label) for it in groups for code in it.facts if told_facts.get(code) is True]
    none = [_(it.title) for it in groups if all(told_facts.get(code) is False for code in it.facts)]
    words = [*yes, *_text(answers.get("health", {}).get("conditions"))]
    # Some of the groups are asked as a question, and take no colon.
    return [*words, *(f"{it}{'' if it.endswith('?') else ':'} {_('None of these')}" for it in none)]


def recent(answers: Mapping[str, Any]) -> list[str]:
    health, group = answers.get("health", {}), rulebook().intake_groups["recent"]
    if "recent" not in health:
        return []
    words = {code: _(said) for code, said in zip(group.facts, group.words, strict=True)}
    days = intake_groups.told(answers)
    lines = [
        _("%(what)s: %(days)s days ago") % {"what": words[code], "days": days[code]} if code in days else words[code]
        for code in health["recent"]
        if code in words
    ]
    return lines or [_("None of these")]


def allergies(health: Mapping[str, Any]) -> list[str]:
    """The state in its exact words (NHS CUI), with what she ticked and wrote."""
    if not health:
        return []
    state = AllergyState(health.get("allergy_state") or AllergyState.NOT_ASKED)
    told_facts = health.get("facts", {})
    ticked = [
        _(rulebook().facts[code].label)
        for code in rulebook().intake_groups["allergens"].facts
        if told_facts.get(code) is True
    ]
    return [str(state.label), *ticked, *_text(health.get("allergies"))]


def goals(answers: Mapping[str, Any]) -> list[str]:
    """Her own activities with how well they go now (PSFS)."""
    named = answers.get("goals", {}).get("activities", ())
    return [_("%(what)s: %(n)s of 10") % {"what": it["what"], "n": it["rating"]} for it in named]


def story(intake: Intake | None) -> str:
    """The one line that a list of the day prints."""
    return str(intake.answers.get("story", {}).get("text", "")) if intake else ""


def question_words(code: str, book: Rulebook | None = None) -> str:
    rule = (book or rulebook()).red_flags.get(code)
    return rule.clinician_wording if rule else code


def _text(value: Any) -> list[str]:
    return [value] if value else []


def _labels(codes: Any, known: Mapping[str, Any]) -> list[str]:
    return [_(known[code].label) if code in known else code for code in codes]


def _since(story_answers: Mapping[str, Any]) -> list[str]:
    count, unit = story_answers.get("since_count"), story_answers.get("since_unit")
    return [f"{count} {Since(unit).label}"] if count is not None and unit else []


def _pain(pain: Mapping[str, Any]) -> list[str]:
    names = {"now": _("now"), "best": _("least in 24 hours"), "worst": _("worst in 24 hours")}
    return [f"{names[key]}: {pain[key]}" for key in names if pain.get(key) is not None]
