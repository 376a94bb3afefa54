"""What a clinician types to start and to stop a plan, and what was done about somebody of the worklist."""

from datetime import date, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from programs.models import Plan

USUAL_REMINDER = time(17, 0)


class StartForm(forms.Form):
    template_code = forms.CharField(widget=forms.HiddenInput)
    starts_on = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    remind = forms.BooleanField(
        label=_("Remind of the exercises by e-mail, if there is an e-mail address"), required=False, initial=True
    )
    remind_at = forms.TimeField(
        label=_("Time of the reminder"),
        help_text=_("On the clinic's clock."),
        required=False,
        initial=USUAL_REMINDER,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_on"].initial = today

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("remind") and not cleaned.get("remind_at"):
            self.add_error("remind_at", _("Choose a time, or switch the reminder off."))
        cleaned["remind_at"] = cleaned.get("remind_at") if cleaned.pop("remind", False) else None
        return cleaned


class StopForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why does the plan end?"), choices=Plan.EndReason.choices, widget=forms.RadioSelect
    )


class WorkedForm(forms.Form):
    """What may be missing or cannot be is said by `worklist.act`; here only what is no text and no day."""

    kind = forms.CharField(required=False)
    occasion = forms.CharField(required=False)
    deed = forms.CharField(required=False)
    note = forms.CharField(required=False, max_length=500)
    look_again_on = forms.DateField(required=False)
