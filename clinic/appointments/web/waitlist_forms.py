"""What is typed about a wish on the waitlist."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.appointments.actions.waitlist import CanMake
from clinic.appointments.models import Appointment, Resource, WaitlistEntry
from clinic.appointments.models.roster import Weekday
from clinic.appointments.web.roster_forms import ClockField, DayField, Ticks
from people.models import Site
from programs.actions import offering
from programs.models import PlannedSession

USUALLY_WAITS = timedelta(days=28)


class WishForm(forms.Form):
    from_on = DayField(label=_("From"))
    until_on = DayField(label=_("Until"))
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days"),
        choices=Weekday.choices,
        coerce=int,
        widget=Ticks,
        required=False,
        help_text=_("None: any day."),
    )
    earliest = ClockField(label=_("Not before"), required=False)
    latest = ClockField(label=_("Ends by"), required=False)
    clinician = forms.ModelChoiceField(
        label=_("With"), queryset=Resource.objects.none(), required=False, empty_label=_("Anybody")
    )
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("Any site")
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False, help_text=_("Nothing about health here."))

    def __init__(self, *args: Any, professions: frozenset[str] = frozenset(), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        treats = Resource.objects.in_use().clinicians()
        choices = {
            "clinician": treats.offering(professions) if professions else treats,
            "site": Site.objects.filter(is_active=True),
        }
        for name, rows in choices.items():
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows

    @property
    def can_make(self) -> CanMake:
        return CanMake(**{name: self.cleaned_data[name] for name in CanMake.__dataclass_fields__})


class ServiceForm(forms.Form):
    """Which kind of visit somebody waits for, where the address does not say it."""

    service = forms.ChoiceField(label=_("What for"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(it.code, it.name) for it in offering.current().values() if it.is_enabled]


def usual(today: date, *, session: PlannedSession | None, visit: Appointment | None) -> dict[str, Any]:
    """What is filled in to begin with: the plan's best days, or every day until the visit that is booked."""
    first, last = today, today + USUALLY_WAITS
    if session:
        first, last = max(today, session.due_from), max(today, session.due_until)
    elif visit:
        last = max(today, visit.local_start.date())
    return {"from_on": first, "until_on": last}


def as_it_is(entry: WaitlistEntry) -> dict[str, Any]:
    """A wish as its form shows it."""
    return {name: getattr(entry, name) for name in CanMake.__dataclass_fields__}
