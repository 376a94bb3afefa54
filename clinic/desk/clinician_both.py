"""Two who write on the same visit: what the other one changed meanwhile, and what is taken of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Assessment
from patients.rules.rulebook import rulebook as patients_rulebook
from patients.rules.screen import BLOOD_PRESSURE
from patients.web.assessment_first import form_of
from patients.web.assessment_tapped import ASKED, FACTOR, HEADACHE, MOVE, NDI, PLACE, SLEEP, VisitForm
from programs.rules import doses
from programs.rules.rulebook import rulebook

TREAT: Final = "treat"  # the treatments, where one of two versions is chosen as a whole
# The parts of the page, and the names of their fields or what those begin with.
PARTS: Final[Mapping[str, tuple[Any, tuple[str, ...]]]] = {
    "safety": (gettext_lazy("Safety check"), (ASKED, FACTOR, "decision", "decision_words")),
    "since": (gettext_lazy("Pain and sleep"), ("worst", "best", "pain_now", "reaction", "sleep", SLEEP)),
    "places": (gettext_lazy("Where it hurts"), (PLACE,)),
    "measure": (gettext_lazy("Measure"), (MOVE, *BLOOD_PRESSURE)),
    "scales": (gettext_lazy("Scales"), (NDI, HEADACHE, "psfs_", "groc")),
    "found": (gettext_lazy("What you found"), ("causes", "findings", "impression")),
    TREAT: (gettext_lazy("Treat"), ()),
    "plan": (gettext_lazy("Plan and home"), ("plan", "exercises", "next_steps")),
    "note": (gettext_lazy("Note"), ("note",)),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in both versions. `take_theirs` is offered where only the other one changed that part."""

    label: str
    theirs: str
    yours: str
    name: str
    take_theirs: bool


@dataclass(frozen=True, slots=True)
class Both:
    """`revision` is the one that is replaced or kept once it is chosen; `changed` names the parts the other changed."""

    revision: int
    changed: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


def marks(form: VisitForm, treat: Mapping[str, Any]) -> str:
    """How each part of the page was when it was sent out: a page that comes back tells what it was made from."""
    return " ".join(f"{part}={mark}" for part, mark in _marks(form, treat).items())


def compare(fresh: Assessment, form: VisitForm, treat: Mapping[str, Any], seen: str) -> Both:
    """Theirs beside yours, in the parts that the other one changed since this page was made.

    A page that does not say what it was made from is compared whole.
    """
    theirs = form_of(fresh.kind)(None, assessment=fresh)
    their_treat, my_treat = fresh.told.get(TREAT, {}), {code: it for code, it in treat.items() if it}
    before = dict(it.split("=", 1) for it in seen.split() if "=" in it)
    their_marks, my_marks = _marks(theirs, their_treat), _marks(form, my_treat)
    changed = [part for part in PARTS if before.get(part) != their_marks[part] != my_marks[part]]
    untouched = {part for part in changed if before.get(part) == my_marks[part]}
    differences = [
        Difference(str(it.label), one, other, it.name, _part(it.name) in untouched)
        for it in form
        if _part(it.name) in changed and (one := words(theirs, it.name)) != (other := words(form, it.name))
    ]
    if TREAT in changed:
        label = str(PARTS[TREAT][0])
        differences.append(
            Difference(label, treat_words(their_treat), treat_words(my_treat), TREAT, TREAT in untouched)
        )
    return Both(fresh.revision, [str(PARTS[part][0]) for part in changed], differences)


def chosen(sent: QueryDict, assessment: Assessment | None) -> QueryDict:
    """What was sent, with the colleague's words where "theirs" was ticked."""
    taken = sent.getlist("theirs")
    if assessment is None or not taken:
        return sent
    mixed, theirs = sent.copy(), form_of(assessment.kind)(None, assessment=assessment)
    for name in taken:
        if name not in theirs.fields:
            continue
        value = theirs[name].value()
        mixed.setlist(name, value if isinstance(value, list) else [str(_told(value))])
        if name.startswith(ASKED):
            mixed.appendlist("asked", name.removeprefix(ASKED))
    return mixed


def words(form: VisitForm, name: str) -> str:
    value = _value(form, name)
    if value in (None, "", []):
        return _("empty")
    choices = _choices(form, name)
    many = value if isinstance(value, list) else [value]
    return ", ".join(str(choices.get(str(it), it)) for it in many)


def treat_words(treat: Mapping[str, Any]) -> str:
    """The treatments of a draft in one line, to be laid beside a colleague's."""
    labels = {code: it.label for code, it in patients_rulebook().body_regions.items()}
    words = []
    for code, it in treat.items():
        modality = rulebook().modalities[code]
        technique = modality.techniques.get(it.get("technique", ""))
        parts = [technique.name if technique else modality.name]
        parts += [_("left out today")] if it.get("skipped") else []
        parts += [doses.place_words(place, labels) for place in it.get("regions", ())]
        product = [it.get(name, "") for name in ("lot", "expires_on", "guidance", "why", "why_words")]
        parts += [*doses.readable(code, it.get("dose", {})), *it.get("mistyped", {}).values(), *filter(None, product)]
        words.append(", ".join(parts))
    return "; ".join(words) or _("empty")


def _choices(form: VisitForm, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for code, label in getattr(form.fields[name], "choices", ()):
        found |= dict(label) if isinstance(label, list) else {str(code): label}
    return found


def _value(form: VisitForm, name: str) -> Any:
    # The name of an activity is offered from last time; without a rating nothing was said of it.
    if name.startswith("psfs_name_") and not form[name.replace("name_", "")].value():
        return ""
    return form[name].value()


def _marks(form: VisitForm, treat: Mapping[str, Any]) -> dict[str, str]:
    told: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
    told[TREAT] = {code: it for code, it in treat.items() if it}
    for name in form.fields:
        value = _value(form, name)
        if value not in (None, "", []):
            said = sorted(value) if isinstance(value, list) else str(value).replace("\r\n", "\n")
            told[_part(name)][name] = said
    return {part: _mark(values) for part, values in told.items()}


def _mark(values: Mapping[str, Any]) -> str:
    written = json.dumps(values, sort_keys=True, default=str)
    return hashlib.blake2s(written.encode(), digest_size=6).hexdigest()


def _part(name: str) -> str:
    for part, (_label, beginnings) in PARTS.items():
        if any(name == it or (it.endswith("_") and name.startswith(it)) for it in beginnings):
            return part
    return "since"


def _told(value: Any) -> Any:
    return "" if value is None else value
