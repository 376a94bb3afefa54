"""The note of a visit, written from what was tapped: what was said, found and done, and what comes next."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from patients.rules.follow_up import Load, PlanWish, Reaction, Sleep
from patients.rules.movement import Reading

MOST_WORDS: Final = 4000  # characters of a note that is written by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One treatment in words. `name` with its number in the plan, such as "Dry needling 4 of 4"."""

    name: str
    technique: str = ""
    places: tuple[str, ...] = ()
    dose: tuple[str, ...] = ()
    lot: str = ""
    reaction: str = ""
    was_skipped: bool = False
    because: str = ""  # why it was given against a relative rule, or why it was left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Taps:
    """Everything that was tapped or measured at one visit. What is None or empty was not, and is never written."""

    worst: int | None = None
    worst_before: float | None = None
    pain_now: int | None = None
    best: int | None = None
    hurts: tuple[str, ...] = ()  # places with their pain, such as "Side of the neck, left 6"
    reaction: str = ""
    reaction_words: str = ""
    sleep: str = ""
    is_first: bool = False  # nothing was asked before
    all_no: bool = False  # asked again, and every question was a no
    groups_no: tuple[str, ...] = ()  # groups of questions that were asked as a whole, all no
    yes: tuple[str, ...] = ()  # warning signs that were answered yes, in the clinician's words
    tested: tuple[str, ...] = ()  # quick tests with what they showed
    spine: str = ""  # what the C-spine rule says
    readings: Sequence[Reading] = ()
    pressure: str = ""  # such as "124/78 mm Hg"
    scores: tuple[str, ...] = ()
    findings: str = ""
    causes: tuple[str, ...] = ()
    impression: str = ""
    given: tuple[Given, ...] = ()
    plan: str = ""
    exercises: str = ""
    decision: str = ""  # about an open warning sign
    next_steps: str = ""
    next_visit: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    label: str
    sentences: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return " ".join(self.sentences)


def parts(taps: Taps) -> list[Part]:
    """The parts of the note. One about which nothing was tapped is left out."""
    found = [
        Part(str(_("Said")), _said(taps)),
        Part(str(_("Found")), _found(taps)),
        Part(str(_("Impression")), _judged(taps)),
        Part(str(_("Did")), [_did(it) for it in taps.given]),
        Part(str(_("Next")), _next(taps)),
    ]
    return [part for part in found if part.sentences]


def text(taps: Taps) -> str:
    """The note as it is kept when it is signed: a line for each part."""
    return "\n".join(f"{part.label}: {part.words}" for part in parts(taps))


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 over the content as JSON in one fixed form: the same content, whatever its order, has the same digest."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _said(taps: Taps) -> list[str]:
    words = _pain(taps)
    if taps.reaction == Reaction.OTHER and taps.reaction_words:
        words.append(_("after the last visit: %(words)s") % {"words": taps.reaction_words})
    elif taps.reaction:
        words.append(_("after the last visit: %(words)s") % {"words": _lower(Reaction(taps.reaction).label)})
    if taps.sleep:
        words.append(_("sleep %(words)s") % {"words": _lower(Sleep(taps.sleep).label)})
    words += [_("yes to: %(sign)s") % {"sign": sign} for sign in taps.yes]
    return _sentences(words)


def _pain(taps: Taps) -> list[str]:
    words = []
    if taps.worst is not None and taps.worst_before is not None:
        words.append(_("worst pain %(now)d, was %(before)g") % {"now": taps.worst, "before": taps.worst_before})
    elif taps.worst is not None:
        words.append(_("worst pain %(now)d") % {"now": taps.worst})
    if taps.pain_now is not None:
        words.append(_("pain now %(now)d") % {"now": taps.pain_now})
    if taps.best is not None:
        words.append(_("least pain %(now)d") % {"now": taps.best})
    if taps.hurts:
        words.append(_("hurts: %(places)s") % {"places": "; ".join(map(_lower, taps.hurts))})
    return words


def _found(taps: Taps) -> list[str]:
    all_no = _("safety questions asked, all no") if taps.is_first else _("safety questions asked again, all no")
    words = [str(all_no)] if taps.all_no else []
    if taps.groups_no and not taps.all_no:
        words.append(
            _("safety questions asked, all no: %(groups)s") % {"groups": ", ".join(map(_lower, taps.groups_no))}
        )
    words += taps.tested
    if taps.spine:
        words.append(_("Canadian C-spine rule: %(result)s") % {"result": _lower(taps.spine)})
    for it in taps.readings:
        if it.now is None:
            continue
        told = {"movement": _lower(it.movement.label), "now": it.now, "before": it.before}
        words.append((_("%(movement)s %(now)d°") if it.before is None
                      else _("%(movement)s %(now)d°, was %(before)d°")) % told)  # fmt: skip
    if taps.pressure:
        words.append(_("blood pressure %(reading)s") % {"reading": taps.pressure})
    return _sentences([*words, *taps.scores, taps.findings])


def _judged(taps: Taps) -> list[str]:
    causes = _("likely causes: %(causes)s") % {"causes": ", ".join(map(_lower, taps.causes))} if taps.causes else ""
    return _sentences([taps.impression, causes])


def _did(it: Given) -> str:
    if it.was_skipped:
        left_out = _("%(name)s left out today") % {"name": it.name}
        return _sentences([f"{left_out}: {_lower(it.because)}" if it.because else left_out])[0]
    what = f"{it.name}: {_lower(it.technique)}" if it.technique else it.name
    details = [what, *map(_lower, it.places), *it.dose]
    if it.lot:
        details.append(_("lot %(lot)s") % {"lot": it.lot})
    sentences = [", ".join(map(str, details))]
    if it.because:
        sentences.append(_("given although a rule speaks against it: %(reason)s") % {"reason": it.because})
    if it.reaction:
        sentences.append(_("reaction in the room: %(reaction)s") % {"reaction": _lower(it.reaction)})
    return " ".join(_sentences(sentences))


def _next(taps: Taps) -> list[str]:
    words: list[Any] = [taps.decision]
    if taps.plan == PlanWish.KEEP and taps.exercises == Load.SAME:
        words.append(_("plan and exercises stay the same"))
    else:
        words += [_PLAN[taps.plan]] if taps.plan else []
        words += [_EXERCISES[taps.exercises]] if taps.exercises else []
    if taps.next_steps:
        words.append(taps.next_steps)
    if taps.next_visit:
        words.append(_("next visit %(when)s") % {"when": taps.next_visit})
    return _sentences(words)


_PLAN: Final[Mapping[str, Any]] = {
    PlanWish.KEEP: _("the plan stays the same"),
    PlanWish.CHANGE: _("the plan is to be changed"),
}
_EXERCISES: Final[Mapping[str, Any]] = {
    Load.EASIER: _("exercises made easier"),
    Load.SAME: _("exercises stay the same"),
    Load.HARDER: _("exercises made harder"),
}


def _lower(words: Any) -> str:
    said = str(words)
    # "MRI" and "C5" keep their capitals.
    return said if said[1:2].isupper() or said[1:2].isdigit() else said[:1].lower() + said[1:]


def _sentences(words: Iterable[Any]) -> list[str]:
    """Each with a capital and a full stop."""
    said = [str(it).strip() for it in words]
    return [f"{it[:1].upper()}{it[1:]}" + ("" if it.endswith((".", "!", "?")) else ".") for it in said if it]
