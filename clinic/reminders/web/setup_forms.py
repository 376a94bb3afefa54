"""What is typed when a clinic sets which messages it sends, and in which words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.reminders.actions.ruling import BY_WIRE, SETTABLE, policy_as_seen
from clinic.reminders.models import Message, ReminderPolicy
from clinic.reminders.rules import phrases, schedule
from clinic.reminders.rules.schedule import EARLY, EVE, SOON, Key, Timing

LANGUAGES = {"en": _("English"), "es": _("Spanish")}
# Days before the visit, or after what the kind follows from.
NAMES: Mapping[Key, Any] = {
    ("reminder", EARLY): _("Visit reminder, days before"),
    ("reminder", EVE): _("Visit reminder, to who has not said yes"),
    ("reminder", SOON): _("Visit reminder, hours before"),
    ("form", ""): _("Form, a second time"),
    ("missed", ""): _("Visit missed"),
    ("preparation", ""): _("How to get ready"),
    ("aftercare", ""): _("After the visit"),
    ("exercise", ""): _("Exercise reminder"),
    ("posture", ""): _("Break reminder"),
    ("measures_due", ""): _("Questions to answer"),
    ("next_due", ""): _("Next visit due and not booked"),
    ("reassessment", ""): _("Look again due and not booked"),
    ("recall", ""): _("Invitation to come again"),
    ("plan_changed", ""): _("Plan changed"),
    ("answer", ""): _("Message to read"),
}
_MOST_DAYS, _MOST_HOURS = 366, 24


class _Hour(forms.TimeInput):
    input_type = "time"


class ReminderPolicyForm(forms.Form):
    """Hours on the patient's clock, caps, and how to reach who did not choose."""

    first_channel = forms.ChoiceField(
        label=_("Unless the patient chose"), choices=Message.Channel.choices, help_text=_("Else the next that works.")
    )
    language = forms.ChoiceField(label=_("Language of messages"), choices=list(LANGUAGES.items()))
    speak_from = forms.TimeField(label=_("Send from"), widget=_Hour(format="%H:%M"))
    speak_until = forms.TimeField(
        label=_("Send until"),
        widget=_Hour(format="%H:%M"),
        help_text=_("On the patient’s clock. News of what somebody just did goes at any hour."),
    )
    most_per_day = forms.IntegerField(label=_("Most reminders to one patient in a day"), min_value=1, max_value=50)
    most_per_week = forms.IntegerField(label=_("Most reminders to one patient in a week"), min_value=1, max_value=200)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, typed: Any, *, policy: ReminderPolicy) -> None:
        kept = {name: getattr(policy, name) for name in SETTABLE} | {"seen": policy_as_seen(policy)}
        super().__init__(typed, initial=kept)

    @property
    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in SETTABLE}


class KindForm(forms.Form):
    """One row of the table: only the fields that the kind has a use for."""

    is_on = forms.BooleanField(label=_("Send"), required=False)
    days = forms.IntegerField(label=_("Days"), min_value=0, max_value=_MOST_DAYS)
    hours = forms.IntegerField(label=_("Hours before"), min_value=1, max_value=_MOST_HOURS)
    at = forms.TimeField(label=_("At"), widget=_Hour(format="%H:%M"))
    ways = forms.MultipleChoiceField(
        label=_("By"),
        choices=[(it.value, it.label) for it in BY_WIRE],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, key: Key, now: Timing, ways: frozenset[str], typed: Any = None) -> None:
        kept = {"is_on": now.is_on, "days": now.days, "hours": now.hours, "at": now.at, "ways": sorted(ways)}
        super().__init__(typed, initial=kept, prefix="-".join(filter(None, key)))
        self.key, self.name, self._now = key, NAMES[key], now
        has = {"days": schedule.has_days, "hours": schedule.has_hours_before, "at": schedule.has_hour}
        for name, is_there in has.items():
            if not is_there(key):
                del self.fields[name]
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = f"{field.label}: {self.name}"

    @property
    def timing(self) -> Timing:
        typed = {name: value for name, value in self.cleaned_data.items() if name != "ways"}
        return replace(self._now, **typed)


class WordsForm(forms.Form):
    subject = forms.CharField(label=_("Subject"), max_length=120, required=False)
    text = forms.CharField(label=_("Text"), max_length=1200, widget=forms.Textarea(attrs={"rows": 8}), required=False)

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if channel in {Message.Channel.SMS, Message.Channel.PUSH}:  # these have none
            del self.fields["subject"]

    @property
    def own(self) -> phrases.Written:
        return phrases.Written(self.cleaned_data.get("subject", ""), self.cleaned_data["text"].replace("\r\n", "\n"))
