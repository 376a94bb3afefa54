"""The pages of the form, each a Django form that knows how its answers are kept."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from patients.rules.intake_parts import PLACES, SIDES, Page, Since, put
from patients.rules.rulebook import rulebook

Choices = list[tuple[str, Any]]
LONGEST_TEXT = 4000  # characters; two typed pages, far below what a browser could send
SCALE: Choices = [(str(n), str(n)) for n in range(11)]
GROUPS = {
    "lifestyle": _("How you live and work"),
    "mechanical": _("What happened to the neck"),
    "metabolic": _("Water and minerals"),
    "psychological": _("Stress and tension"),
    "serious_condition": _("Something a doctor has told you"),
}
KINDS = {"core": _("In the neck"), "associated": _("Elsewhere"), "warning": _("Other signs")}


def causes_by_group() -> list[tuple[Any, Choices]]:
    causes = rulebook().causes.values()
    return [
        (label, [(it.code, gettext(it.label)) for it in causes if it.group == group]) for group, label in GROUPS.items()
    ]


def symptoms_by_kind() -> list[tuple[Any, Choices]]:
    symptoms = rulebook().symptoms.values()
    return [
        (label, [(it.code, gettext(it.label)) for it in symptoms if it.kind == kind]) for kind, label in KINDS.items()
    ]


def _places() -> list[tuple[Any, Choices]]:
    def sides(has_sides: bool) -> tuple[str, ...]:
        return ("left", "right") if has_sides else ("middle",)

    return [(it.words, [(f"{it.region}:{side}", SIDES[side]) for side in sides(it.has_sides)]) for it in PLACES]


class PageForm(forms.Form):
    """One page. `kept()` is what goes into `Intake.answers`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea | forms.NumberInput):
                field.widget.attrs["class"] = "form-control"
            elif type(field.widget) is forms.Select:
                field.widget.attrs["class"] = "form-select"

    def kept(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class StoryForm(PageForm):
    text = forms.CharField(
        label=_("What is the problem, in your own words?"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write a few words about what brings you.")},
    )
    since_count = forms.IntegerField(
        label=_("For how long? A number"), min_value=0, max_value=999, required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    since_unit = forms.ChoiceField(label=_("Days, weeks, months or years"), choices=Since.choices, required=False)
    causes = forms.MultipleChoiceField(
        label=_("Do you think one of these may have caused it?"), required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("Choose all that are true. You may leave this out."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["causes"].choices = causes_by_group()  # type: ignore[attr-defined]  # a ChoiceField has them

    def kept(self) -> dict[str, Any]:
        answers = dict(self.cleaned_data)
        count = answers["since_count"]
        if count is not None:
            answers["since_days"] = count * Since(answers["since_unit"] or Since.DAYS).length_days
        return answers


class SymptomsForm(PageForm):
    codes = forms.MultipleChoiceField(
        label=_("Choose all that you feel"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["codes"].choices = symptoms_by_kind()  # type: ignore[attr-defined]  # a ChoiceField has them


class PlacesForm(PageForm):
    codes = forms.MultipleChoiceField(
        label=_("Choose each place that hurts"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Left and right are your own left and right."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["codes"].choices = _places()  # type: ignore[attr-defined]  # a ChoiceField has them


def _scale(label: Any, *, required: bool = False) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, choices=SCALE, coerce=int, empty_value=None, required=required, widget=forms.RadioSelect,
        help_text=_("0 is no pain, 10 is the worst you can imagine."),
        error_messages={"required": _("Choose a number from 0 to 10.")},
    )  # fmt: skip


class PainForm(PageForm):
    now = _scale(_("Pain right now"), required=True)
    best = _scale(_("Least pain in the last 24 hours"))
    worst = _scale(_("Worst pain in the last 24 hours"))

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        best, worst = answers.get("best"), answers.get("worst")
        if best is not None and worst is not None and best > worst:
            self.add_error("worst", gettext("The worst pain cannot be less than the least pain."))
        return answers


class LastForm(PageForm):
    more = forms.CharField(
        label=_("Anything else, or what you hope for"), required=False, max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip


class SafetyForm(PageForm):
    """Yes, no or not sure to each question, and nothing chosen beforehand."""

    ANSWERS: Choices = [("yes", _("Yes")), ("no", _("No")), ("unsure", _("Not sure"))]

    def __init__(self, page: Page, told: Mapping[str, bool], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in put(page.questions, told):
            self.fields[question.code] = forms.ChoiceField(
                label=gettext(question.patient_question), choices=self.ANSWERS, widget=forms.RadioSelect,
                error_messages={"required": _("Answer this question, or choose “Not sure”.")},
            )  # fmt: skip

    def kept(self) -> dict[str, Any]:
        """What was answered, also when other questions of the page were left out: a yes must never wait for them."""
        meaning = {"yes": True, "no": False, "unsure": None}
        return {code: meaning[said] for code, said in self.cleaned_data.items()}


FORMS: Mapping[str, type[PageForm]] = {
    "story": StoryForm, "symptoms": SymptomsForm, "places": PlacesForm, "pain": PainForm, "last": LastForm,
}  # fmt: skip


def safety_form(page: Page, answers: Mapping[str, Any], sent: QueryDict | None = None) -> SafetyForm:
    told = answers.get("red_flags", {})
    return SafetyForm(page, told, _all_no(page, sent), initial=dict(_said(answers)))


def _said(answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for code, said in answers.get("red_flags", {}).items():
        yield code, "yes" if said else "no"
    for code in answers.get("not_sure", ()):
        yield code, "unsure"


def _all_no(page: Page, sent: QueryDict | None) -> QueryDict | None:
    """What "None of these" means: no to every question of the page that has no other answer on it.

    A yes that stands on the page is never overwritten by one tap.
    """
    if sent is None or "none" not in sent:
        return sent
    answers = sent.copy()
    for question in page.questions:
        if answers.get(question.code) not in {"yes", "unsure"}:
            answers[question.code] = "no"
    return answers
