"""How far a visit is: the list beside the page, and what has to be done before it can be signed."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from patients.models import Assessment
from patients.rules import notes
from programs.web.treatment_cards import Card


@dataclass(frozen=True, slots=True)
class Step:
    anchor: str
    name: str
    state: str  # ok, stop or empty
    words: str


def left(
    assessment: Assessment | None,
    cards: Sequence[Card],
    taps: notes.Taps,
    *,
    is_first: bool,
    undecided: str,
    has_form: bool,
) -> list[str]:
    """What is missing, in the order of the page."""
    found = []
    asked = assessment is not None and assessment.asked_again_at is not None
    if not asked and not (is_first and has_form):
        found.append(_("ask the safety questions"))
    found += dict.fromkeys(card.left for card in cards if card.left)
    if is_first and not (taps.findings.strip() or taps.impression.strip()):
        found.append(_("write what you found or your impression"))
    if undecided:
        found.append(undecided)
    return found


def steps(
    assessment: Assessment | None,
    cards: Sequence[Card],
    taps: notes.Taps,
    *,
    left: Sequence[str],
    is_grave: bool,
    is_first: bool,
) -> list[Step]:
    measured = sum(it.now is not None for it in taps.readings)
    pain = any(it is not None for it in (taps.worst, taps.pain_now, taps.best))
    found = bool(taps.findings or taps.impression or taps.causes)
    return [
        _safety(assessment, is_grave=is_grave),
        Step("since", _("Pain and sleep") if is_first else _("Since last visit"),
             "ok" if pain or taps.reaction or taps.sleep else "", "" if pain else _("not measured")),
        Step("measure", _("Measure"), "ok" if measured else "",
             _("%(n)d of %(of)d") % {"n": measured, "of": len(taps.readings)}),
        *([Step("found", _("What you found"), "ok" if found else "", "")] if is_first else []),
        _treat(cards),
        Step("plan", _("Plan and home"), "ok" if taps.plan or taps.exercises else "", ""),
        Step("note", _("Sign"), "", _("%(n)d left") % {"n": len(left)} if left else _("ready")),
    ]  # fmt: skip


def _safety(assessment: Assessment | None, *, is_grave: bool) -> Step:
    asked = assessment is not None and assessment.asked_again_at is not None
    if is_grave:
        return Step("safety", _("Safety check"), "stop", _("warning sign open"))
    return Step("safety", _("Safety check"), "ok" if asked else "", _("asked again") if asked else _("not asked yet"))


def _treat(cards: Sequence[Card]) -> Step:
    missing = next((card.left for card in cards if card.left), "")
    if any(card.alert and card.alert.kind == "stop" for card in cards):
        return Step("treat", _("Treat"), "stop", _("stopped"))
    return Step("treat", _("Treat"), "ok" if cards and not missing else "", missing)
