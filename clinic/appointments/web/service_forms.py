"""What is typed when a clinic sets its services."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.appointments.web import roster_words
from clinic.appointments.web.roster_forms import Ticks
from programs.actions.offering import SETTABLE
from programs.rules.rulebook import rulebook
from programs.rules.services import MOST_PLACES, Service

LONGEST_MINUTES: Final = 8 * 60
LONGEST_MARGIN: Final = 2 * 60
KINDS: Final = {
    "clinician": gettext_lazy("the clinician"),
    "room": gettext_lazy("the room"),
    "device": gettext_lazy("the device"),
}


class ServiceForm(forms.Form):
    """Every number a clinic may set, with what the rulebook has beside it."""

    is_enabled = forms.BooleanField(label=gettext_lazy("Offered"), required=False)
    minutes = forms.IntegerField(label=gettext_lazy("Minutes of the visit"), min_value=5, max_value=LONGEST_MINUTES)
    places = forms.IntegerField(label=gettext_lazy("Places"), min_value=2, max_value=MOST_PLACES)
    daily_limit = forms.IntegerField(
        label=gettext_lazy("Most in a day, for each clinician"), required=False, min_value=1, max_value=96
    )
    self_booking = forms.BooleanField(label=gettext_lazy("Patients may book it themselves"), required=False)
    price = forms.DecimalField(
        label=gettext_lazy("Price of one visit"), required=False, min_value=0, max_digits=9, decimal_places=2
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, service: Service, seen: str, **kwargs: Any) -> None:
        self.service, self.rule = service, rulebook().services[service.code]
        kwargs.setdefault("initial", _as_typed(service) | {"seen": seen})
        super().__init__(*args, **kwargs)
        modality = rulebook().modalities.get(service.modality or "")
        people = modality.performed_by if modality else self.rule.professions
        rooms = modality.room_types if modality else self.rule.room_kinds
        self.fields["professions"] = _ticks(_("Given by"), people, roster_words.people())
        self.fields["room_kinds"] = _ticks(_("Given in"), rooms, roster_words.rooms())
        for name in self.margins:
            self.fields[name] = forms.IntegerField(
                label=_label_of(name), min_value=0, max_value=LONGEST_MARGIN, required=False
            )
        if not self.rule.is_class:
            del self.fields["places"]
        if modality and not modality.enabled_by_default:
            self.fields["is_enabled"].disabled = True
        for name, said in _rulebook_says(self.rule).items():
            if name in self.fields:
                self.fields[name].help_text = said

    @property
    def margins(self) -> list[str]:
        kinds = [kind for kind in KINDS if kind != "device" or self.rule.devices]
        return [f"{when}_{kind}" for kind in kinds for when in ("before", "after")]

    @property
    def margin_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.margins]

    @property
    def changes(self) -> dict[str, Any]:
        """What differs from how it is set now. What is as in the rulebook is None: it follows the rulebook."""
        wanted = self._wanted()
        return {
            name: None if value == getattr(self.rule, name) else value
            for name, value in wanted.items()
            if value != getattr(self.service, name)
        }

    def _wanted(self) -> dict[str, Any]:
        typed = self.cleaned_data
        wanted = {name: typed[name] for name in SETTABLE & typed.keys()}
        wanted |= {name: frozenset(typed[name]) for name in ("professions", "room_kinds")}
        for name, when in (("setup_minutes", "before"), ("cleanup_minutes", "after")):
            told = {kind: typed.get(f"{when}_{kind}") for kind in KINDS}
            wanted[name] = {kind: minutes for kind, minutes in told.items() if minutes}
        return wanted


def _ticks(label: str, codes: Collection[str], labels: Mapping[str, str]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=[(code, said) for code, said in labels.items() if code in codes],
        widget=Ticks,
        error_messages={"required": _("Tick at least one.")},
    )


def _as_typed(service: Service) -> dict[str, Any]:
    typed: dict[str, Any] = {name: getattr(service, name) for name in SETTABLE}
    typed |= {"professions": sorted(service.professions), "room_kinds": sorted(service.room_kinds)}
    for kind in KINDS:
        typed[f"before_{kind}"], typed[f"after_{kind}"] = service.margins(kind)
    return typed


def _label_of(name: str) -> str:
    when, kind = name.split("_")
    if when == "before":
        return _("Minutes before, for %(what)s") % {"what": KINDS[kind]}
    return _("Minutes after, for %(what)s") % {"what": KINDS[kind]}


def _rulebook_says(rule: Service) -> dict[str, str]:
    """The rulebook's own value, as it stands beside each field."""
    said: dict[str, Any] = {
        "is_enabled": _("offered") if rule.is_enabled else _("not offered"),
        "minutes": rule.minutes,
        "places": rule.places,
        "daily_limit": rule.daily_limit or _("no limit"),
        "self_booking": _("yes") if rule.self_booking else _("no"),
        "professions": _all_of(rule.professions, roster_words.people()),
        "room_kinds": _all_of(rule.room_kinds, roster_words.rooms()),
    }
    for kind in KINDS:
        said[f"before_{kind}"], said[f"after_{kind}"] = rule.margins(kind)
    return {name: _("Rulebook: %(value)s") % {"value": value} for name, value in said.items()}


def _all_of(codes: Collection[str], labels: Mapping[str, str]) -> str:
    return "; ".join(label for code, label in labels.items() if code in codes)
