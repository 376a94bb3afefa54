"""What is typed when sessions are sold in advance."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from programs.actions import offering
from programs.rules.services import Service

MOST_SESSIONS = 60


class SellForm(forms.Form):
    service = forms.ChoiceField(label=_("What for"))
    sessions = forms.IntegerField(label=_("Sessions"), min_value=1, max_value=MOST_SESSIONS)
    price = forms.DecimalField(label=_("Price of all of them"), min_value=0, max_digits=9, decimal_places=2)
    expires_on = forms.DateField(
        label=_("To be used by"),
        required=False,
        help_text=_("Empty: they do not lapse."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        self.services = {code: it for code, it in offering.current().items() if it.is_enabled}
        choices = [(it.code, _priced(it)) for it in self.services.values()]
        self.fields["service"] = forms.ChoiceField(label=_("What for"), choices=choices)

    def clean_expires_on(self) -> date | None:
        day: date | None = self.cleaned_data["expires_on"]
        if day and day < self.on:
            raise forms.ValidationError(_("This day is over. Choose one to come, or leave it empty."))
        return day

    @property
    def sale(self) -> dict[str, Any]:
        """As `packages.sell` takes it."""
        return {**self.cleaned_data, "service": self.services[self.cleaned_data["service"]]}


class CloseForm(forms.Form):
    because = forms.CharField(max_length=200, required=False)  # that there must be one is said by `packages.close`


def _priced(service: Service) -> str:
    return f"{service.name} ({service.price})" if service.price is not None else service.name
