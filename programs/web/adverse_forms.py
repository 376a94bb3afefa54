"""What is typed about an adverse event."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from programs.models import AdverseEvent, WorklistAction


class AdverseForm(forms.Form):
    severity = forms.ChoiceField(label=_("How severe"), choices=AdverseEvent.Severity.choices, widget=forms.RadioSelect)
    noticed_on = forms.DateField(
        label=_("Noticed on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    text = forms.CharField(label=_("What happened"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000)
    action = forms.CharField(
        label=_("What was done about it"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["noticed_on"].initial = today


class SeenToForm(forms.Form):
    deed = forms.ChoiceField(
        label=_("What was done"),
        choices=WorklistAction.Deed.choices,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=500, widget=forms.TextInput(attrs={"class": "form-control"})
    )
