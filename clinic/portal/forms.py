"""What a patient types in the portal."""

from collections.abc import Sequence
from datetime import time

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models.roster import Weekday
from programs.web.forms import USUAL_REMINDER


class BirthDateForm(forms.Form):
    birth_date = forms.DateField(
        label=_("Birth date"),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
    )


class ReminderForm(forms.Form):
    remind_at = forms.TimeField(
        label=_("Remind me of my exercises at"),
        help_text=_("Leave it empty for no reminders."),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    usual = USUAL_REMINDER


class WishForm(forms.Form):
    """When the patient would rather come. Where and with whom is settled with the desk."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days"), choices=Weekday.choices, coerce=int, widget=forms.CheckboxSelectMultiple, required=False
    )
    earliest = forms.TimeField(
        label=_("Not before"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    latest = forms.TimeField(
        label=_("Over by"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


class BreaksForm(forms.Form):
    """Up to six times of the day to move and sit differently, on the clinic's clock. An empty one is no reminder."""

    SLOTS = 6

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # whatever a form takes
        for n in range(1, self.SLOTS + 1):
            self.fields[f"break{n}"] = forms.TimeField(
                label=_("Time %(n)d") % {"n": n},
                required=False,
                widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            )

    @classmethod
    def of(cls, times: Sequence[time]) -> "BreaksForm":
        return cls(initial={f"break{n}": at for n, at in enumerate(times, start=1)})

    def chosen(self) -> list[time]:
        return [at for at in self.cleaned_data.values() if at is not None]
