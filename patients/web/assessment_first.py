"""What the clinician taps and writes at a first assessment, beyond what every visit has."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.models import Assessment
from patients.web.assessment_tapped import MOVE, VisitForm
from patients.web.intake_forms import LONGEST_TEXT, causes_by_group

TURNED: Final = {"turn_left": "rotation_left_degrees", "turn_right": "rotation_right_degrees"}


def _text(label: Any, rows: int) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "class": "form-control"})
    return forms.CharField(label=label, required=False, max_length=LONGEST_TEXT, widget=widget)


class FirstForm(VisitForm):
    """What the patient named is offered beside the fields and never ticked for the clinician."""

    causes = forms.MultipleChoiceField(label=_("Causes"), required=False, widget=forms.CheckboxSelectMultiple)
    findings = _text(_("Findings"), 3)
    impression = _text(_("Impression"), 2)

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["causes"].choices = causes_by_group()  # type: ignore[attr-defined]  # a ChoiceField has them

    @property
    def texts(self) -> list[forms.BoundField]:
        return [self["findings"], self["impression"]]

    def kept(self, treat: Mapping[str, Any]) -> dict[str, Any]:
        clean = self.cleaned_data
        written = {name: clean[name].replace("\r\n", "\n") for name in ("findings", "impression")}
        # A draft of an older page kept the rotation beside the other movements; it goes on among them.
        return super().kept(treat) | written | {"causes": clean["causes"]} | dict.fromkeys(TURNED.values())

    def as_tapped(self, assessment: Assessment) -> dict[str, Any]:
        shown = {name: getattr(assessment, name) for name in ("causes", "findings", "impression")}
        turned = {MOVE + code: getattr(assessment, name) for code, name in TURNED.items()}
        return shown | {code: it for code, it in turned.items() if it is not None} | super().as_tapped(assessment)


def form_of(kind: str) -> type[VisitForm]:
    return FirstForm if kind == Assessment.Kind.FIRST else VisitForm
