"""What is typed when a clinic sets how visits may be booked."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.appointments.actions.policy import SETTABLE, as_seen
from clinic.appointments.models import BookingPolicy


class PolicyForm(forms.Form):
    """Every field is a plain number with its unit in its label; the bounds are those of the database or narrower."""

    desk_notice_minutes = forms.IntegerField(
        label=_("Shortest notice at the desk, minutes"),
        min_value=0,
        max_value=7 * 24 * 60,
        help_text=_("0: the patient may be standing there."),
    )
    portal_notice_hours = forms.IntegerField(
        label=_("Shortest notice when patients book themselves, hours"), min_value=0, max_value=14 * 24
    )
    change_until_hours = forms.IntegerField(
        label=_("Patients may move or cancel until, hours before"), min_value=0, max_value=14 * 24
    )
    horizon_days = forms.IntegerField(
        label=_("How far ahead visits are booked, days"),
        min_value=1,
        max_value=366,
        help_text=_("Not further than the hours of the staff are known."),
    )
    daily_limit = forms.IntegerField(
        label=_("Most visits a clinician has in a day"),
        required=False,
        min_value=1,
        max_value=96,
        help_text=_("Empty: no limit. A limit for one kind of visit is set at the service."),
    )
    undo_seconds = forms.IntegerField(
        label=_("Seconds before a message leaves"),
        min_value=0,
        max_value=900,
        help_text=_("As long as this the desk can take back what it did, and the patient hears nothing of it."),
    )
    offers_at_once = forms.IntegerField(label=_("People a freed time is offered to at once"), min_value=1, max_value=20)
    offer_lapses_minutes = forms.IntegerField(
        label=_("Minutes until an offer lapses"), min_value=5, max_value=7 * 24 * 60
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, policy: BookingPolicy, **kwargs: Any) -> None:
        typed = {name: getattr(policy, name) for name in SETTABLE}
        kwargs.setdefault("initial", typed | {"seen": as_seen(policy)})
        super().__init__(*args, **kwargs)

    @property
    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in SETTABLE}
