"""What the clinician types at a visit."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from patients.models import Assessment
from patients.rules.red_flags import RedFlagRule
from patients.rules.rulebook import rulebook
from patients.rules.screen import BLOOD_PRESSURE
from patients.web.intake_forms import LONGEST_TEXT, causes_by_group

EXAMINED = "examined_"  # what the fields of the examination questions begin with
MOST_DEGREES = 120


def examination_questions() -> list[RedFlagRule]:
    """The warning signs that only an examination can answer."""
    return [it for it in rulebook().red_flags.values() if it.asked_of == "clinician" and it.answer_type == "yes_no"]


def _degrees(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=MOST_DEGREES, required=False)


def _pressure(label: Any) -> forms.IntegerField:
    # Outside these a typing slip is likelier than a reading.
    return forms.IntegerField(label=label, min_value=30, max_value=300, required=False)


def _text(label: Any, rows: int) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "class": "form-control"})
    return forms.CharField(label=label, required=False, max_length=LONGEST_TEXT, widget=widget)


class AssessmentForm(forms.Form):
    """Nothing in it is filled in from an earlier visit: an untouched field is kept as not measured."""

    pain_now = forms.TypedChoiceField(
        label=_("Pain now, 0 to 10"), choices=[(str(n), str(n)) for n in range(11)], coerce=int, empty_value=None,
        required=False, widget=forms.RadioSelect,
    )  # fmt: skip
    rotation_left_degrees = _degrees(_("Turns left, degrees"))
    rotation_right_degrees = _degrees(_("Turns right, degrees"))
    bp_systolic = _pressure(_("Blood pressure, upper (mm Hg)"))
    bp_diastolic = _pressure(_("Blood pressure, lower (mm Hg)"))
    causes = forms.MultipleChoiceField(label=_("Causes"), required=False, widget=forms.CheckboxSelectMultiple)
    findings = _text(_("Findings"), 4)
    impression = _text(_("Impression"), 2)
    next_steps = _text(_("What happens next"), 2)

    def __init__(self, sent: QueryDict | None, *, initial: Mapping[str, Any]) -> None:
        super().__init__(sent, initial=dict(initial))
        self.fields["causes"].choices = causes_by_group()  # type: ignore[attr-defined]  # a ChoiceField has them
        for name in ("rotation_left_degrees", "rotation_right_degrees", *BLOOD_PRESSURE):
            self.fields[name].widget.attrs |= {"class": "form-control", "inputmode": "numeric"}
        for question in examination_questions():
            self.fields[EXAMINED + question.code] = forms.ChoiceField(
                label=question.clinician_wording,
                choices=[("yes", _("Yes")), ("no", _("No")), ("not_done", _("Not done"))],
                required=False, widget=forms.RadioSelect,
            )  # fmt: skip

    @property
    def examination(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(EXAMINED)]

    @property
    def measures(self) -> list[forms.BoundField]:
        return [self[name] for name in ("rotation_left_degrees", "rotation_right_degrees", *BLOOD_PRESSURE)]

    @property
    def texts(self) -> list[forms.BoundField]:
        return [self[name] for name in ("findings", "impression", "next_steps")]

    def kept(self) -> dict[str, Any]:
        """The fields of `Assessment`."""
        kept = {name: value for name, value in self.cleaned_data.items() if not name.startswith(EXAMINED)}
        examined = {name: kept.pop(name) for name in BLOOD_PRESSURE}
        examined = {name: value for name, value in examined.items() if value is not None}
        for question in examination_questions():
            answer = self.cleaned_data[EXAMINED + question.code]
            if answer in {"yes", "no"}:
                examined[question.code] = answer == "yes"
        return kept | {"examined": examined}


def as_typed(assessment: Assessment) -> dict[str, Any]:
    """What a draft shows in its form."""
    names = (
        "pain_now", "rotation_left_degrees", "rotation_right_degrees",
        "causes", "findings", "impression", "next_steps",
    )  # fmt: skip
    shown: dict[str, Any] = {name: getattr(assessment, name) for name in names}
    for code, answer in assessment.examined.items():
        if code in BLOOD_PRESSURE:
            shown[code] = answer
        else:
            shown[EXAMINED + code] = "yes" if answer else "no"
    return shown
