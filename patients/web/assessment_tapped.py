"""What the clinician taps at a visit: the fields, and how they become the fields of an assessment and back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from patients.actions.assessments import ASKED_GROUPS, DECISION
from patients.models import Assessment
from patients.rules.decisions import Decision
from patients.rules.follow_up import Load, PlanWish, Reaction, Sleep
from patients.rules.intake_parts import place_codes
from patients.rules.movement import MOST_DEGREES, MOVEMENTS
from patients.rules.notes import MOST_WORDS
from patients.rules.quick_tests import LOW_RISK
from patients.rules.rulebook import rulebook
from patients.rules.screen import BLOOD_PRESSURE
from patients.web.intake_words import places

# What the names of these fields begin with.
MOVE, ASKED, NDI, HEADACHE, FACTOR, PLACE = "move_", "q_", "ndi_", "hd_", "factor_", "place_"
SLEEP: Final = "sleep_disturbance_nrs"
TEN: Final = [(str(n), str(n)) for n in range(11)]
CHANGES: Final = [("", _("Not asked")), *((str(n), f"{n:+d}" if n else "0") for n in range(-7, 8))]
ACTIVITIES: Final = 3
DIARY_DAYS: Final = 30
YES_NO: Final = [("yes", _("Yes")), ("no", _("No"))]


def _radios(label: Any, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=forms.RadioSelect)


def _number(label: Any, most: int, least: int = 0) -> forms.IntegerField:
    field = forms.IntegerField(label=label, min_value=least, max_value=most, required=False)
    field.widget.attrs |= {"class": "form-control", "inputmode": "numeric", "autocomplete": "off"}
    return field


def _words(label: Any, rows: int, most: int = MOST_WORDS) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "class": "form-control"})
    return forms.CharField(label=label, required=False, max_length=most, widget=widget)


class VisitForm(forms.Form):
    """Nothing in it is filled in from an earlier visit: an untouched field is kept as not asked, not measured."""

    worst = _radios(_("Worst pain in 24 hours"), TEN)
    pain_now = _radios(_("Pain now"), TEN)
    best = _radios(_("Least pain in 24 hours"), TEN)
    reaction = _radios(_("After last visit"), Reaction.choices)
    reaction_words = forms.CharField(
        label=_("What else happened"), max_length=200, required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )  # fmt: skip
    sleep = _radios(_("Sleep"), Sleep.choices)
    bp_systolic = _number(_("Blood pressure, upper (mm Hg)"), 300, 30)
    bp_diastolic = _number(_("Blood pressure, lower (mm Hg)"), 300, 30)
    sleep_disturbance_nrs = _radios(_("How much the neck disturbs sleep"), TEN)
    groc = forms.ChoiceField(
        label=_("Change since the start, -7 to +7"), choices=CHANGES, required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )  # fmt: skip
    plan = _radios(_("Plan"), PlanWish.choices)
    exercises = _radios(_("Exercises"), Load.choices)
    decision = _radios(_("Decision about the warning sign"), Decision.choices)
    decision_words = forms.CharField(
        label=_("With whom, or why"), max_length=500, required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )  # fmt: skip
    next_steps = _words(_("What happens next"), 2)
    note = _words(_("The note, in your own words"), 8)

    def __init__(
        self, sent: QueryDict | None, *, assessment: Assessment | None, activity_names: Sequence[str] = ()
    ) -> None:
        # What the patient named last time is a label to rate again; the rating itself starts empty.
        named = {f"psfs_name_{nth}": name for nth, name in enumerate(activity_names[:ACTIVITIES], start=1)}
        super().__init__(sent, initial=named | (self.as_tapped(assessment) if assessment else {}))
        self.kept_before = assessment
        self._add_measures()
        self._add_safety()

    def _add_measures(self) -> None:
        for movement in MOVEMENTS:
            self.fields[MOVE + movement.code] = _number(movement.label, MOST_DEGREES)
        for code, words in zip(place_codes(), places(place_codes()), strict=True):
            self.fields[PLACE + code] = _number(words, 10)
        for item in rulebook().measures["ndi"].items:
            choices = [(str(n), str(n)) for n in range(item["min"], item["max"] + 1)]
            self.fields[NDI + item["code"]] = _radios(item["label"], choices)
        for item in rulebook().measures["headache_days"].items[1:]:
            self.fields[HEADACHE + item["code"]] = _number(item["label"], item["max"])
        for nth in range(1, ACTIVITIES + 1):
            self.fields[f"psfs_name_{nth}"] = forms.CharField(
                label=_("Activity"), max_length=80, required=False,
                widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
            )  # fmt: skip
            self.fields[f"psfs_{nth}"] = _radios(_("How well, 0 to 10"), TEN)

    def _add_safety(self) -> None:
        spine = rulebook().c_spine_rule
        for rule in rulebook().red_flags.values():
            # Age is a number, and asked only where no birth date is known.
            if rule.answer_type == "yes_no" or rule.code in spine.high_risk_flags:
                self.fields[ASKED + rule.code] = _radios(rule.clinician_wording, YES_NO)
        for code, words in zip(LOW_RISK, spine.low_risk_factors, strict=True):
            self.fields[FACTOR + code] = _radios(words, YES_NO)

    @property
    def movements(self) -> list[forms.BoundField]:
        return [self[MOVE + it.code] for it in MOVEMENTS]

    @property
    def pains(self) -> list[forms.BoundField]:
        return [self["pain_now"], self["best"]]

    @property
    def all_pains(self) -> list[forms.BoundField]:
        return [self["pain_now"], self["best"], self["worst"]]

    @property
    def pressures(self) -> list[forms.BoundField]:
        return [self[name] for name in BLOOD_PRESSURE]

    @property
    def choices_next(self) -> list[forms.BoundField]:
        return [self["plan"], self["exercises"]]

    @property
    def disability(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(NDI)]

    @property
    def headaches(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(HEADACHE)]

    @property
    def activities(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"psfs_name_{nth}"], self[f"psfs_{nth}"]) for nth in range(1, ACTIVITIES + 1)]

    def kept(self, treat: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of `Assessment`; `treat` is what was tapped about the treatments."""
        clean = self.cleaned_data
        told: dict[str, Any] = {
            "worst": _int(clean["worst"]),
            "best": _int(clean["best"]),
            **{name: clean[name] for name in ("reaction", "reaction_words", "sleep", "plan", "exercises")},
            "scales": {code: answers for code, answers in self._scales(clean).items() if answers},
            "treat": dict(treat),
            "c_spine": {code: clean[FACTOR + code] == "yes" for code in LOW_RISK if clean[FACTOR + code]},
            "places": {code: clean[PLACE + code] for code in place_codes() if clean[PLACE + code] is not None},
            DECISION: self._decision(clean),
            # Recorded by a tap of its own, and no field of the page.
            ASKED_GROUPS: self.kept_before.told.get(ASKED_GROUPS, {}) if self.kept_before else {},
        }
        return {
            "told": {name: value for name, value in told.items() if value not in (None, "", {})},
            "moves": {it.code: clean[MOVE + it.code] for it in MOVEMENTS if clean[MOVE + it.code] is not None},
            "examined": self._examined(clean),
            "pain_now": _int(clean["pain_now"]),
            # A browser sends its own line ends; the same text must be the same text.
            "next_steps": clean["next_steps"].replace("\r\n", "\n"),
            "note": clean["note"].replace("\r\n", "\n"),
        }

    def _decision(self, clean: Mapping[str, Any]) -> dict[str, Any]:
        """With its name and time as long as it stays the same; where no sign is on the page, as it was kept."""
        before: dict[str, Any] = self.kept_before.told.get(DECISION, {}) if self.kept_before else {}
        is_shown = isinstance(self.data, QueryDict) and DECISION in self.data.getlist("asked")
        said = {"what": clean["decision"], "words": clean["decision_words"]}
        if not is_shown or said == {name: before.get(name, "") for name in said}:
            return before
        return said if any(said.values()) else {}

    def _examined(self, clean: Mapping[str, Any]) -> dict[str, Any]:
        """What is on the page replaces what was kept; a question that was not on it keeps its answer."""
        shown = set(self.data.getlist("asked")) if isinstance(self.data, QueryDict) else set()
        before = self.kept_before.examined if self.kept_before else {}
        found = {code: answer for code, answer in before.items() if code not in shown and code not in BLOOD_PRESSURE}
        found |= {name: clean[name] for name in BLOOD_PRESSURE if clean[name] is not None}
        for code in shown & rulebook().red_flags.keys():
            if answer := clean.get(ASKED + code):
                found[code] = answer == "yes"
        return found

    def _scales(self, clean: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        ndi = {item.removeprefix(NDI): _int(clean[item]) for item in clean if item.startswith(NDI) and clean[item]}
        days = {name.removeprefix(HEADACHE): clean[name] for name in clean if name.startswith(HEADACHE)}
        filled = {name: value for name, value in days.items() if value is not None}
        named = [nth for nth in range(1, ACTIVITIES + 1) if clean[f"psfs_{nth}"]]
        activities = {
            "activities": [_int(clean[f"psfs_{nth}"]) for nth in named],
            "names": [clean[f"psfs_name_{nth}"] or f"{nth}" for nth in named],
        }
        return {
            "ndi": ndi,
            "psfs": activities if named else {},
            "groc": {"value": int(clean["groc"])} if clean["groc"] else {},
            "headache_days": {"window_days": DIARY_DAYS, **filled} if filled else {},
            "sleep": {SLEEP: int(clean[SLEEP])} if clean[SLEEP] else {},
        }

    def as_tapped(self, assessment: Assessment) -> dict[str, Any]:
        """What a draft shows in its form."""
        return _shown(assessment)


def _shown(assessment: Assessment) -> dict[str, Any]:
    told, scales = assessment.told, assessment.told.get("scales", {})
    shown = {name: told.get(name, "") for name in ("worst", "best", "reaction", "reaction_words", "sleep")}
    shown |= {"plan": told.get("plan", ""), "exercises": told.get("exercises", ""), "pain_now": assessment.pain_now}
    decided = told.get(DECISION, {})
    shown |= {"decision": decided.get("what", ""), "decision_words": decided.get("words", "")}
    shown |= {"next_steps": assessment.next_steps, "note": assessment.note}
    shown |= {MOVE + code: degrees for code, degrees in assessment.moves.items()}
    shown |= {PLACE + code: pain for code, pain in told.get("places", {}).items()}
    shown |= {FACTOR + code: "yes" if answer else "no" for code, answer in told.get("c_spine", {}).items()}
    shown[SLEEP] = scales.get("sleep", {}).get(SLEEP, "")
    shown |= {NDI + item: value for item, value in scales.get("ndi", {}).items()}
    shown |= {HEADACHE + item: value for item, value in scales.get("headache_days", {}).items()}
    shown["groc"] = scales.get("groc", {}).get("value", "")
    for nth, (name, rating) in enumerate(_rated(scales.get("psfs", {})), start=1):
        shown |= {f"psfs_name_{nth}": name, f"psfs_{nth}": rating}
    for code, answer in assessment.examined.items():
        shown |= {code: answer} if code in BLOOD_PRESSURE else {ASKED + code: "yes" if answer else "no"}
    return {name: "" if value is None else value for name, value in shown.items()}


def _rated(answers: Mapping[str, Any]) -> list[tuple[str, int]]:
    return list(zip(answers.get("names", ()), answers.get("activities", ()), strict=False))


def _int(value: str) -> int | None:
    return int(value) if value else None
