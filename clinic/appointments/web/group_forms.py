"""What is typed when a class is set up or changed."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.appointments.actions.groups import MOST_WEEKS
from clinic.appointments.models import GroupSession, Resource
from clinic.appointments.rules import local_time
from clinic.appointments.web.roster_forms import ClockField, DayField, site_field
from people.models import Site
from programs.actions import offering
from programs.rules.services import MOST_PLACES, Service

Kind = Resource.Kind


class ClassForm(forms.Form):
    """Name, time, who leads it and where. `service` says who and which rooms can be chosen."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Seen by patients. Nothing about health that need not be known.")
    )
    day = DayField(label=_("Day"))
    at = ClockField(label=_("Begins at"), help_text=_("On the clock of the site, on a quarter hour."))
    places = forms.IntegerField(label=_("Places"), min_value=2, max_value=MOST_PLACES)

    def __init__(self, *args: Any, service: Service, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.service, self.site = service, site
        usable = Resource.objects.in_use()
        people = usable.clinicians().offering(service.professions)
        rooms = usable.rooms().offering(service.room_kinds).filter(site=site)
        self.fields["clinician"] = forms.ModelChoiceField(label=_("Led by"), queryset=people, empty_label=None)
        self.fields["room"] = forms.ModelChoiceField(label=_("Room"), queryset=rooms, empty_label=None)

    @property
    def starts_at(self) -> datetime:
        return local_time.instant(self.cleaned_data["day"], self.cleaned_data["at"], self.site.zone)

    @property
    def resources(self) -> list[Resource]:
        return [self.cleaned_data["clinician"], self.cleaned_data["room"]]


class NewClassForm(ClassForm):
    weeks = forms.IntegerField(
        label=_("Every week, how often"),
        min_value=1,
        max_value=MOST_WEEKS,
        initial=1,
        help_text=_("1: only once. All are set up, or none."),
    )


class ChangeClassForm(ClassForm):
    revision = forms.IntegerField(widget=forms.HiddenInput)


class WhichForm(forms.Form):
    """What kind of class, and where: everything else depends on it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [it for it in offering.current().values() if it.is_class and it.is_enabled]
        self.fields["service"] = forms.ChoiceField(label=_("Class"), choices=[(it.code, it.name) for it in kinds])
        self.fields["site"] = site_field()


def as_typed(it: GroupSession, room: Resource | None) -> dict[str, Any]:
    """What a form about the class shows at first."""
    return {
        "name": it.name,
        "day": it.local_start.date(),
        "at": it.local_start.time(),
        "clinician": it.clinician,
        "room": room,
        "places": it.places,
        "revision": it.revision,
    }
