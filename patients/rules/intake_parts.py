"""The form before the visit: its seven parts, the pages they take, and where it can hurt in plain words."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from patients.rules.entries import IntakeGroup
from patients.rules.intake_groups import codes, groups_of, is_asked, pages_of, told
from patients.rules.red_flags import RedFlagRule
from patients.rules.rulebook import Rulebook, intake_questions, rulebook

PARTS: Final = 7
MINUTES: Final = 6  # what the whole form takes at home
HEALTH_PART: Final = 5
SAFETY_PART: Final = 6
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
# About two screens of a phone: more on one page teaches people to tap through.
MOST_QUESTIONS_A_PAGE: Final = 11


class AllergyState(TextChoices):
    """The four states a banner knows (NHS CUI): an empty list of allergies alone would say nothing."""

    NONE_KNOWN = "none_known", _("No known allergies")
    KNOWN = "known", _("Known allergies")
    NOT_ASKED = "not_asked", _("Allergies not asked")
    UNABLE = "unable", _("Could not say whether there are allergies")


class Since(TextChoices):
    DAYS = "days", _("days")
    WEEKS = "weeks", _("weeks")
    MONTHS = "months", _("months")
    YEARS = "years", _("years")

    @property
    def length_days(self) -> int:
        return {"days": 1, "weeks": 7, "months": 30, "years": 365}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the form. `questions` are the safety questions on it, `groups` what is asked by ticking; `nth` of
    `of` within its part."""

    key: str
    part: int
    title: Any
    questions: tuple[RedFlagRule, ...] = ()
    groups: tuple[IntakeGroup, ...] = ()
    nth: int = 1
    of: int = 1

    @property
    def is_safety(self) -> bool:
        return bool(self.questions)

    @property
    def is_about_health(self) -> bool:
        """Kept together under `health`: medicines, conditions, allergies and what follows from a safety answer."""
        return self.part == HEALTH_PART or (self.part == SAFETY_PART and not self.questions)


BEFORE_SAFETY: Final = (
    Page(key="story", part=1, title=_("What brings you to us?")),
    Page(key="symptoms", part=2, title=_("What do you feel?")),
    Page(key="places", part=3, title=_("Where does it hurt?")),
    Page(key="pain", part=4, title=_("How strong is the pain?")),
)
MEDICINES: Final = Page(key="medicines", part=HEALTH_PART, title=_("Which medicines do you take?"))
ALLERGIES: Final = Page(key="allergies", part=HEALTH_PART, title=_("Do you have an allergy?"))
AFTER_SAFETY: Final = (
    Page(key="goals", part=7, title=_("What do you want to be able to do again?")),
    Page(key="last", part=7, title=_("Is there anything else we should know?")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A body region as a patient would say it. The words name `region`, so a body map can come later."""

    region: str
    words: Any
    has_sides: bool = True


# Joints and ligaments that nobody can feel apart, and where marrow is taken, are left to the clinician.
PLACES: Final = (
    Place(region="suboccipital", words=_("Where the head meets the neck")),
    Place(region="posterior_cervical", words=_("Back of the neck, beside the bones")),
    Place(region="nuchal_ligament", words=_("Middle of the neck, over the bones"), has_sides=False),
    Place(region="lateral_neck", words=_("Side of the neck")),
    Place(region="anterior_neck", words=_("Front of the neck")),
    Place(region="upper_trapezius", words=_("Top of the shoulder, beside the neck")),
    Place(region="levator_scapulae", words=_("Inner top corner of the shoulder blade")),
    Place(region="rhomboid_midscapular", words=_("Between spine and shoulder blade")),
    Place(region="upper_thoracic", words=_("Upper back, over the spine"), has_sides=False),
    Place(region="shoulder_girdle", words=_("Around the shoulder")),
    Place(region="jaw_face", words=_("Jaw or face")),
)
SIDES: Final[Mapping[str, Any]] = {"left": _("left"), "right": _("right"), "middle": _("middle")}


def place_codes() -> list[str]:
    """Every place that can be ticked: region and side, such as `lateral_neck:left`."""
    return [f"{it.region}:{side}" for it in PLACES for side in (("left", "right") if it.has_sides else ("middle",))]


def pages(
    age_years: int | None, answers: Mapping[str, Any] = NOTHING, *, book: Rulebook | None = None
) -> tuple[Page, ...]:
    """Every page in order; what follows from an answer only once it was given.

    The safety questions come gravest first, a grave one never behind a lighter one.
    """
    book = book or rulebook()
    groups = list(safety_groups(intake_questions(age_years, book=book)))
    safety = [
        Page(
            key=f"safety-{nth}", part=SAFETY_PART, title=_("Safety questions"), questions=group, nth=nth, of=len(groups)
        )
        for nth, group in enumerate(groups, start=1)
    ]
    more = _ticking("safety-more", SAFETY_PART, _("About what you just told us"), answers, book)
    return (*BEFORE_SAFETY, *_about_health(answers, book), *safety, *more, *AFTER_SAFETY)


def _about_health(answers: Mapping[str, Any], book: Rulebook) -> Iterable[Page]:
    health = answers.get("health", {})
    yield MEDICINES
    if not health.get("takes_none"):
        yield from _ticking("kinds", HEALTH_PART, _("What kind of medicines are they?"), answers, book)
    spread = pages_of(groups_of("conditions", book=book))
    for nth, groups in enumerate(spread, start=1):
        yield Page(
            key=f"conditions-{nth}", part=HEALTH_PART, title=_("Your health"), groups=groups, nth=nth, of=len(spread)
        )
    yield from _ticking("conditions-more", HEALTH_PART, _("A little more about this"), answers, book)
    yield from _ticking("recent", HEALTH_PART, _("The last 3 months"), answers, book)
    if health.get("recent"):
        yield Page(key="recent-days", part=HEALTH_PART, title=_("How long ago was it?"))
    yield ALLERGIES


def _ticking(part: str, number: int, title: Any, answers: Mapping[str, Any], book: Rulebook) -> Iterable[Page]:
    """The page of a part that is asked by ticking, if there is anything to ask on it."""
    groups = tuple(it for it in groups_of(part, book=book) if is_asked(it, answers))
    if groups:
        yield Page(key=part, part=number, title=title, groups=groups)


def safety_groups(questions: Iterable[RedFlagRule]) -> Iterable[tuple[RedFlagRule, ...]]:
    bands: dict[str, list[RedFlagRule]] = {}
    for question in questions:
        # What only counts together with something else goes with the lightest band, not on a page of its own.
        band = question.urgency if question.urgency in {"emergency_now", "same_day"} else "other"
        bands.setdefault(band, []).append(question)
    for band_questions in bands.values():
        size = ceil(len(band_questions) / ceil(len(band_questions) / MOST_QUESTIONS_A_PAGE))
        for start in range(0, len(band_questions), size):
            yield tuple(band_questions[start : start + size])


def put(questions: Iterable[RedFlagRule], told: Mapping[str, bool]) -> list[RedFlagRule]:
    """The questions that may be asked of her: an injured neck is not asked to try how far it turns."""
    return [question for question in questions if not any(told.get(code) for code in question.skip_if_any)]


def is_filled_in(page: Page, answers: Mapping[str, Any]) -> bool:
    """Whether the page has been saved; a safety page, whether each of its questions has an answer."""
    if page.is_safety:
        flags = answers.get("red_flags", {})
        said = {*flags, *answers.get("not_sure", ())}
        return all(question.code in said for question in put(page.questions, flags))
    health = answers.get("health", {})
    if page.key == "recent":
        return "recent" in health
    if page.groups:
        return set(codes(page.groups)) <= told(answers).keys()
    if page.key == "recent-days":
        return set(health.get("recent", ())) <= told(answers).keys()
    if page.is_about_health:
        return {"medicines": "medicines", "allergies": "allergy_state"}[page.key] in health
    return page.key in answers


def patient_words(message: str, emergency_number: str) -> str:
    """The rulebook's message with the number that is called where this clinic is."""
    return re.sub(r"911(?: \([^)]*\))?", emergency_number, message)
