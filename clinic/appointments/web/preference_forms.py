"""What is typed about when, where and with whom a patient would rather come."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.appointments.actions.preferences import Preference
from clinic.appointments.models import Resource, VisitPreference
from clinic.appointments.models.roster import Weekday
from clinic.appointments.web.roster_forms import ClockField, Ticks
from people.models import Site
from people.models.organization import is_a_time_zone


class PreferenceForm(forms.Form):
    """Nothing is required: what is empty does not matter to the patient."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days"), choices=Weekday.choices, coerce=int, widget=Ticks, required=False
    )
    earliest = ClockField(label=_("Not before"), required=False)
    latest = ClockField(label=_("Over by"), required=False)
    site = forms.ModelChoiceField(
        label=_("Where"),
        queryset=Site.objects.filter(is_active=True),
        required=False,
        empty_label=_("Does not matter"),
    )
    clinician = forms.ModelChoiceField(
        label=_("With"),
        queryset=Resource.objects.in_use().clinicians(),
        required=False,
        empty_label=_("Does not matter"),
    )
    time_zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=64,
        validators=[is_a_time_zone],
        help_text=_("Where the patient is, if not where the site is: both clocks are shown then."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, kept: VisitPreference | None, **kwargs: Any) -> None:
        names = ("weekdays", "earliest", "latest", "site", "clinician", "time_zone")
        kwargs.setdefault("initial", {name: getattr(kept, name) for name in names} if kept else {})
        super().__init__(*args, **kwargs)

    @property
    def wish(self) -> Preference:
        return Preference(**self.cleaned_data)
