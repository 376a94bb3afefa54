"""What is typed about visits."""

from django import forms
from django.utils.translation import gettext_lazy as _

# Nothing about health: the reason is seen by everybody at the desk.
REASONS = [
    ("patient", _("The patient cannot come")),
    ("ill", _("The patient is ill")),
    ("clinic", _("The clinician is away")),
    ("mistake", _("Booked by mistake")),
    ("other", _("Another reason")),
]


class CancelForm(forms.Form):
    why = forms.ChoiceField(label=_("Reason"), choices=REASONS, widget=forms.RadioSelect, initial="patient")
    note = forms.CharField(
        label=_("In a few words"), required=False, max_length=120, help_text=_("Nothing about health here.")
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    @property
    def reason(self) -> str:
        said = str(dict(REASONS)[self.cleaned_data["why"]])
        return f"{said}: {self.cleaned_data['note']}" if self.cleaned_data["note"] else said
