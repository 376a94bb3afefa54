"""How one patient wants to be reached: typed at the desk, or by the patient."""

from collections.abc import Iterable
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models.roster import Weekday
from clinic.reminders.actions.reaching import Wish
from clinic.reminders.models import ContactPreference, Message, SendingRule
from clinic.reminders.rules import schedule
from people.models.organization import is_a_time_zone

# As a patient would call them.
_CALLED = {
    Message.Kind.REMINDER: _("Reminders of my visits"),
    Message.Kind.FORM: _("Forms to fill in"),
    Message.Kind.MISSED: _("When I missed a visit"),
    Message.Kind.PREPARATION: _("How to get ready for a visit"),
    Message.Kind.AFTERCARE: _("What to know after a visit"),
    Message.Kind.EXERCISE: _("My exercises"),
    Message.Kind.POSTURE: _("Breaks to move"),
    Message.Kind.MEASURES_DUE: _("Questions about how I am"),
    Message.Kind.NEXT_DUE: _("When my next visit is due"),
    Message.Kind.REASSESSMENT: _("When it is time for a check"),
    Message.Kind.RECALL: _("An invitation, months after my program"),
    Message.Kind.PLAN_CHANGED: _("When my program has changed"),
    Message.Kind.ANSWER: _("When you have written to me"),
}
KINDS = [(kind, _CALLED[Message.Kind(kind)]) for kind in schedule.A_PATIENT_MAY_SWITCH_OFF]


class _Hour(forms.TimeInput):
    input_type = "time"


def _hour(label: Any) -> forms.TimeField:
    return forms.TimeField(label=label, required=False, widget=_Hour(format="%H:%M"))


class WishForm(forms.Form):
    """Empty is as the clinic does it."""

    channel = forms.ChoiceField(
        label=_("Best by"), required=False, choices=[("", _("As the clinic does it")), *Message.Channel.choices]
    )
    fallback = forms.ChoiceField(
        label=_("If that fails"), required=False, choices=[("", _("The next that works")), *Message.Channel.choices]
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the clinic does it")), ("en", "English"), ("es", "Español")],
    )
    earliest, latest = _hour(_("Not before")), _hour(_("Not after"))
    time_zone = forms.CharField(
        label=_("Time zone, if another than the clinic’s"),
        required=False,
        max_length=64,
        validators=[is_a_time_zone],
        help_text=_("Such as America/Chicago."),
    )

    def __init__(self, typed: Any, *, kept: ContactPreference) -> None:
        super().__init__(typed, initial={name: getattr(kept, name) for name in Wish.__dataclass_fields__})

    @property
    def wish(self) -> Wish:
        return Wish(**self.cleaned_data)


class KindsForm(forms.Form):
    kinds = forms.MultipleChoiceField(
        label=_("Messages"), required=False, choices=KINDS, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, typed: Any, *, rules: Iterable[SendingRule]) -> None:
        off = {it.kind for it in rules if it.is_on is False}
        super().__init__(typed, initial={"kinds": [kind for kind, _label in KINDS if kind not in off]})


class HoursForm(forms.Form):
    """Of exercise reminders. None of them is at the hour of the plan, every day."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("On these days"),
        choices=Weekday.choices,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked is every day."),
    )
    first, second, third = _hour(_("At")), _hour(_("And at")), _hour(_("And at"))

    def __init__(self, typed: Any, *, kept: SendingRule | None) -> None:
        times: list[time] = (kept.times or []) if kept else []
        initial: dict[str, Any] = dict(zip(("first", "second", "third"), times, strict=False))
        super().__init__(typed, initial=initial | {"weekdays": (kept.weekdays or []) if kept else []})

    @property
    def times(self) -> list[time]:
        return [at for name in ("first", "second", "third") if (at := self.cleaned_data[name])]
