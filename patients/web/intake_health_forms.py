"""The pages about health and goals: medicines as lines, conditions by ticking, allergies in four states."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from patients.rules import intake_groups
from patients.rules.entries import IntakeGroup
from patients.rules.intake_groups import ASKED_BACK_DAYS, Recognised, recognised, ticked
from patients.rules.intake_parts import AllergyState, Page, is_filled_in
from patients.rules.rulebook import rulebook
from patients.web.intake_forms import FORMS, LONGEST_TEXT, SCALE, PageForm, safety_form

NONE = "none"
ALLERGIES_ASKED = range(1, 4)
GOALS_ASKED = range(1, 4)


@dataclass(frozen=True, slots=True)
class Known:
    """What she or a clinician has said before: shown to be confirmed, and kept only when the page is saved."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


class MedicinesForm(PageForm):
    medicines = forms.CharField(
        label=_("One medicine on each line"), required=False, max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Also what you buy without a prescription. The name is enough."),
    )  # fmt: skip
    takes_none = forms.BooleanField(label=_("I take no medicines"), required=False)

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        lines = intake_groups.lines(answers.get("medicines", ""))
        if lines and answers.get("takes_none"):
            self.add_error("takes_none", gettext("You wrote a medicine. Take this tick away, or empty the list."))
        elif not lines and not answers.get("takes_none"):
            self.add_error("medicines", gettext("Write your medicines, or tick that you take none."))
        answers["medicines"] = "\n".join(lines)
        return answers

    def kept(self) -> dict[str, Any]:
        kinds = [code for it in intake_groups.groups_of("kinds", book=rulebook()) for code in it.facts]
        # The list has changed, so what was ticked about the old one is asked again.
        changed = self.has_changed()
        return dict(self.cleaned_data) | ({"facts": dict.fromkeys(kinds), "denied": []} if changed else {})


class TickForm(PageForm):
    """Groups of boxes, each with "None of these". A tick is yes, the others of a finished group are no."""

    is_ticking = True

    def __init__(self, page: Page, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.page = page
        for group in page.groups:
            self.fields[group.code] = forms.MultipleChoiceField(
                label=gettext(group.title), choices=[*_choices(group), (NONE, _("None of these"))],
                widget=forms.CheckboxSelectMultiple,
                error_messages={"required": _("Choose what is true, or choose “None of these”.")},
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        for group in self.page.groups:
            chosen = answers.get(group.code, [])
            if NONE in chosen and len(chosen) > 1:
                self.add_error(group.code, gettext("You chose “None of these” and something else. Choose one of both."))
        return answers

    def kept(self) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        for group in self.page.groups:
            facts |= ticked(group, self.cleaned_data[group.code], book=rulebook())
        kept: dict[str, Any] = {"facts": facts}
        if self.page.key == "recent":
            kept["recent"] = [code for code, value in facts.items() if value is None]
        return kept


class KindsForm(TickForm):
    """What the list of medicines was read as, to be put right, and the kinds that a name may not tell."""

    def __init__(self, page: Page, answers: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(page, *args, **kwargs)
        self.read_as = _read_as(answers)
        if self.read_as:
            self.fields["denied"] = forms.MultipleChoiceField(
                label=_("We read your list like this. Tick what is not right."), required=False,
                choices=[(it.family.code, f"{it.line}: {gettext(it.family.label)}") for it in self.read_as],
                widget=forms.CheckboxSelectMultiple,
            )  # fmt: skip
            self.order_fields(["denied"])

    def kept(self) -> dict[str, Any]:
        return super().kept() | {"denied": self.cleaned_data.get("denied", [])}


class DaysForm(PageForm):
    """How many days ago it was, for each thing she ticked."""

    def __init__(self, codes: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {code: label for it in rulebook().intake_groups.values() for code, label in _choices(it)}
        for code in codes:
            self.fields[code] = forms.IntegerField(
                label=words[code], min_value=0, max_value=ASKED_BACK_DAYS + 10,
                help_text=_("In days: 0 is today or every day, 7 is a week ago."),
                error_messages={"required": _("Write how many days ago it was; if you are not sure, the fewest.")},
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "form-control"}),
            )  # fmt: skip

    def kept(self) -> dict[str, Any]:
        return {"facts": dict(self.cleaned_data)}


class AllergiesForm(PageForm):
    # No answer is kept as "not asked": an allergy nobody asked about is not the same as none.
    allergy_state = forms.ChoiceField(
        label=_("Do you have an allergy?"), required=False, widget=forms.RadioSelect,
        choices=[
            (AllergyState.NONE_KNOWN, _("None that I know of")),
            (AllergyState.KNOWN, _("Yes")),
            (AllergyState.UNABLE, _("I cannot say")),
        ],
    )  # fmt: skip

    def __init__(self, page: Page, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = rulebook().intake_groups["allergens"]
        self.fields["codes"] = forms.MultipleChoiceField(
            label=gettext(self.group.title), required=False, choices=_choices(self.group),
            widget=forms.CheckboxSelectMultiple,
        )  # fmt: skip
        for n in ALLERGIES_ASKED:
            self.fields[f"what_{n}"] = _line(_("Allergy %(n)d: to what?"), n)
            self.fields[f"reaction_{n}"] = _line(_("Allergy %(n)d: what happens?"), n)

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        items = self._items(answers)
        has_any = bool(items or answers.get("codes"))
        if answers.get("allergy_state") == AllergyState.KNOWN and not has_any:
            self.add_error("what_1", gettext("Write what you are allergic to."))
        if answers.get("allergy_state") == AllergyState.NONE_KNOWN and has_any:
            self.add_error("allergy_state", gettext("You named an allergy below. Choose “Yes”, or take it away."))
        return answers

    def kept(self) -> dict[str, Any]:
        said, items = self.cleaned_data, self._items(self.cleaned_data)
        state = said["allergy_state"] or AllergyState.NOT_ASKED.value
        answered = {str(AllergyState.NONE_KNOWN): [], str(AllergyState.KNOWN): said["codes"]}.get(state)
        facts = ticked(self.group, answered, book=rulebook()) if answered is not None else None
        return {
            "allergy_state": state,
            "allergy_items": items,
            "allergies": "\n".join(": ".join(filter(None, (it["what"], it["reaction"]))) for it in items),
            "facts": facts or dict.fromkeys(self.group.facts),
        }

    @staticmethod
    def _items(answers: Mapping[str, Any]) -> list[dict[str, str]]:
        rows = [(answers.get(f"what_{n}", ""), answers.get(f"reaction_{n}", "")) for n in ALLERGIES_ASKED]
        return [{"what": what, "reaction": reaction} for what, reaction in rows if what or reaction]


class GoalsForm(PageForm):
    """One to three activities in her words, each with how well it goes now (Patient-Specific Functional Scale)."""

    def __init__(self, page: Page, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for n in GOALS_ASKED:
            self.fields[f"what_{n}"] = _line(_("Activity %(n)d"), n)
            self.fields[f"rating_{n}"] = forms.TypedChoiceField(
                label=_("Activity %(n)d: how well can you do it now?") % {"n": n}, coerce=int, empty_value=None,
                required=False, choices=[("", _("Choose")), *SCALE],
                help_text=_("0 is not at all, 10 is as well as before."),
                widget=forms.Select(attrs={"class": "form-select"}),
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        for n in GOALS_ASKED:
            what, rating = answers.get(f"what_{n}"), answers.get(f"rating_{n}")
            if what and rating is None:
                self.add_error(f"rating_{n}", gettext("Choose how well you can do it now, from 0 to 10."))
            if rating is not None and not what:
                self.add_error(f"what_{n}", gettext("Write which activity this is about."))
        return answers

    def kept(self) -> dict[str, Any]:
        said = self.cleaned_data
        named = [(said[f"what_{n}"], said[f"rating_{n}"]) for n in GOALS_ASKED]
        return {"activities": [{"what": what, "rating": rating} for what, rating in named if what]}


def form_for(page: Page, answers: Mapping[str, Any], known: Known, sent: QueryDict | None = None) -> PageForm:
    """The form of a page with what was kept before, else with what is known to be confirmed."""
    if page.is_safety:
        return safety_form(page, answers, sent)
    if page.is_about_health:
        return _health_form(page, answers, known, sent)
    if page.key == "goals":
        return GoalsForm(page, sent, initial=_goals(answers, known.answers))
    return FORMS[page.key](sent, initial=answers.get(page.key, {}))


def _health_form(page: Page, answers: Mapping[str, Any], known: Known, sent: QueryDict | None) -> PageForm:
    mine, before = answers.get("health", {}), known.answers.get("health", {})
    facts = {**known.facts, **mine.get("facts", {})}
    if page.key == "medicines":
        said = mine if "medicines" in mine else before
        return MedicinesForm(sent, initial={key: said.get(key) for key in ("medicines", "takes_none")})
    if page.key == "kinds":
        facts |= dict.fromkeys(intake_groups.facts_taken(answers, book=rulebook()), True)
        return KindsForm(page, answers, sent, initial=_ticks(page, facts, mine))
    if page.groups:
        return TickForm(page, sent, initial=_ticks(page, facts, mine))
    if page.key == "recent-days":
        return DaysForm(mine.get("recent", []), sent, initial=mine.get("facts", {}))
    return AllergiesForm(page, sent, initial=_allergies(mine if "allergy_state" in mine else before, facts))


def is_from_before(page: Page, answers: Mapping[str, Any], form: PageForm) -> bool:
    """Whether the page shows something known that she has not confirmed in this form."""
    if page.is_safety or form.is_bound or is_filled_in(page, answers):
        return False
    return any(form.initial.values())


def _choices(group: IntakeGroup) -> list[tuple[str, str]]:
    words = group.words or [rulebook().facts[code].patient_question for code in group.facts]
    return [(code, gettext(said)) for code, said in zip(group.facts, words, strict=True)]


def _read_as(answers: Mapping[str, Any]) -> list[Recognised]:
    text = str(answers.get("health", {}).get("medicines", ""))
    found = recognised(text, rulebook().medicine_classes.values())
    return list({it.family.code: it for it in reversed(found)}.values())[::-1]


def _ticks(page: Page, facts: Mapping[str, Any], health: Mapping[str, Any]) -> dict[str, list[str]]:
    """What stands ticked: a known yes, and "None of these" where every answer of the group is a known no."""
    ticks: dict[str, list[str]] = {"denied": list(health.get("denied", ()))}
    for group in page.groups:
        if page.key == "recent":
            chosen = list(health.get("recent", ()))
            ticks[group.code] = chosen or ([NONE] if "recent" in health else [])
            continue
        yes = [code for code in group.facts if facts.get(code) is True]
        all_no = all(facts.get(code) is False for code in group.facts)
        ticks[group.code] = yes or ([NONE] if all_no else [])
    return ticks


def _allergies(said: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    group = rulebook().intake_groups["allergens"]
    items = said.get("allergy_items") or ([{"what": said["allergies"]}] if said.get("allergies") else [])
    initial: dict[str, Any] = {"allergy_state": said.get("allergy_state")}
    initial["codes"] = [code for code in group.facts if facts.get(code) is True]
    for n, item in zip(ALLERGIES_ASKED, items, strict=False):
        initial |= {f"what_{n}": item.get("what"), f"reaction_{n}": item.get("reaction")}
    return initial


def _goals(answers: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Her activities of last time are shown, the ratings never: how well it goes now is asked anew."""
    initial: dict[str, Any] = {}
    kept = answers.get("goals")
    for n, item in zip(GOALS_ASKED, (kept or before.get("goals", {})).get("activities", ()), strict=False):
        initial[f"what_{n}"] = item["what"]
        if kept:
            initial[f"rating_{n}"] = item["rating"]
    return initial


def _line(label: Any, n: int) -> forms.CharField:
    return forms.CharField(
        label=label % {"n": n}, required=False, max_length=200, widget=forms.TextInput(attrs={"class": "form-control"})
    )
