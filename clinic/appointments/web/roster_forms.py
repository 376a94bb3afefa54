"""What is typed when rooms, devices, hours, absences and closing days are set up."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models import Resource
from clinic.appointments.models.roster import Weekday
from clinic.appointments.rules import local_time
from people.models import Site
from programs.rules.rulebook import rulebook


class Ticks(forms.CheckboxSelectMultiple):
    """Boxes to tick. An error about them leads to the first one: the group itself cannot take the focus."""

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return super().id_for_label(id_, index or "0")


class DayField(forms.DateField):
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ClockField(forms.TimeField):
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})


def room_choices() -> list[tuple[str, str]]:
    """Every kind of room, with the visits that can be given there."""
    visits = {
        code: [it.name for it in rulebook().services.values() if it.is_enabled and code in it.room_kinds]
        for code in rulebook().rooms
    }
    return [
        (room.code, f"{room.label} ({', '.join(visits[room.code])})" if visits[room.code] else room.label)
        for room in rulebook().rooms.values()
    ]


def device_choices() -> list[tuple[Any, Any]]:
    """Every device, first those that a visit keeps for itself."""
    kept = {code for it in rulebook().services.values() for alternatives in it.devices for code in alternatives}
    known = rulebook().devices.values()
    return [
        ("", _("Choose")),
        (_("Kept for a visit"), [(it.code, it.label) for it in known if it.code in kept]),
        (_("No visit asks for it"), [(it.code, it.label) for it in known if it.code not in kept]),
    ]


def site_field(also: Site | None = None, **options: Any) -> Any:
    """A choice of the sites in use, and of the one where a thing stands even if that is archived."""
    sites = Site.objects.filter(Q(is_active=True) | Q(pk__in=[also.pk] if also else []))
    return forms.ModelChoiceField(queryset=sites, **{"label": _("Site"), "empty_label": None} | options)


class PieceForm(forms.Form):
    """A room or a device: what it is called and where it stands."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    site = site_field()
    seen = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"] = site_field(also=self.initial.get("site"))

    @property
    def offers(self) -> list[str]:
        """The codes of what it can serve as."""
        return []


class RoomForm(PieceForm):
    kinds = forms.MultipleChoiceField(
        label=_("Can be used as"),
        choices=room_choices,
        widget=Ticks,
        error_messages={"required": _("Tick at least one.")},
    )

    @property
    def offers(self) -> list[str]:
        return list(self.cleaned_data["kinds"])


class DeviceForm(PieceForm):
    code = forms.ChoiceField(label=_("What it is"), choices=device_choices)

    @property
    def offers(self) -> list[str]:
        return [self.cleaned_data["code"]]


class ShiftForm(forms.Form):
    """The same hours on some weekdays, once or twice a day."""

    site = site_field()
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On"),
        choices=Weekday.choices,
        coerce=int,
        widget=Ticks,
        error_messages={"required": _("Tick at least one weekday.")},
    )
    starts = ClockField(label=_("From"))
    ends = ClockField(label=_("Until"))
    starts_again = ClockField(label=_("And from"), required=False, help_text=_("After a break. Empty: no second time."))
    ends_again = ClockField(label=_("And until"), required=False)
    valid_from = DayField(label=_("First day"))
    valid_until = DayField(label=_("Last day"), required=False, help_text=_("Empty: until further notice."))

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        again = (typed.get("starts_again"), typed.get("ends_again"))
        self._refuse_unless_after("ends", typed.get("starts"), typed.get("ends"))
        self._refuse_unless_after("ends_again", *again)
        if (again[0] is None) != (again[1] is None) and not self.errors.keys() & {"starts_again", "ends_again"}:
            self.add_error("ends_again" if again[0] else "starts_again", _("The second time needs both."))
        if typed.get("ends") and again[0] and again[0] < typed["ends"]:
            self.add_error("starts_again", _("This lies before the first time ends."))
        if typed.get("valid_from") and typed.get("valid_until") and typed["valid_until"] < typed["valid_from"]:
            self.add_error("valid_until", _("The last day lies before the first one."))
        return typed

    def _refuse_unless_after(self, field: str, starts: time | None, ends: time | None) -> None:
        if starts and ends and ends <= starts:
            self.add_error(field, _("The end must come after the beginning."))

    @property
    def hours(self) -> list[tuple[time, time]]:
        typed = self.cleaned_data
        spans = [(typed["starts"], typed["ends"])]
        return [*spans, (typed["starts_again"], typed["ends_again"])] if typed["starts_again"] else spans


class OneDayForm(forms.Form):
    """An exception on one day: hours besides the weekly ones, or some that are not kept."""

    WORKS, AWAY = "works", "away"

    what = forms.ChoiceField(
        label=_("What is different"),
        choices=[(WORKS, _("Works, besides the weekly hours")), (AWAY, _("Does not work"))],
        widget=forms.RadioSelect,
        initial=WORKS,
    )
    day = DayField(label=_("Day"))
    starts = ClockField(label=_("From"), required=False, help_text=_("Not working, empty: from the beginning."))
    ends = ClockField(label=_("Until"), required=False, help_text=_("Not working, empty: to the end of the day."))
    site = site_field()
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=120, help_text=_("Seen by all who book. Nothing about health.")
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day < self.today:
            raise forms.ValidationError(_("That day has passed."))
        return day

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        starts, ends = typed.get("starts"), typed.get("ends")
        if self.is_extra:
            for name in ("starts", "ends"):
                if name not in self.errors and typed.get(name) is None:
                    self.add_error(name, _("Hours need a beginning and an end."))
        if starts and ends and ends <= starts:
            self.add_error("ends", _("The end must come after the beginning."))
        return typed

    @property
    def is_extra(self) -> bool:
        return bool(self.cleaned_data.get("what") == self.WORKS)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """In instants, on the clock of the site. A time that clocks show twice is away both times."""
        typed, zone = self.cleaned_data, self.cleaned_data["site"].zone
        begins, ends = local_time.day_bounds(typed["day"], zone)
        starts_at = local_time.instant(typed["day"], typed["starts"], zone) if typed["starts"] else begins
        return starts_at, local_time.last_instant(typed["day"], typed["ends"], zone) if typed["ends"] else ends


class EndForm(forms.Form):
    last_day = DayField(label=_("Last day"), help_text=_("Hours that would begin after it are removed."))


class AbsenceForm(forms.Form):
    """Days, or hours, on the wall clock of `zone`."""

    first_day = DayField(label=_("From"))
    starts = ClockField(label=_("From, time"), required=False, help_text=_("Empty: from the beginning of the day."))
    last_day = DayField(label=_("Until"))
    ends = ClockField(label=_("Until, time"), required=False, help_text=_("Empty: to the end of the day."))
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=120, help_text=_("Seen by all who book. Nothing about health.")
    )

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        if not self.errors and self.span[1] <= self.span[0]:
            is_one_day = self.cleaned_data["first_day"] == self.cleaned_data["last_day"]
            self.add_error("ends" if is_one_day else "last_day", _("The end must come after the beginning."))
        return self.cleaned_data

    @property
    def span(self) -> tuple[datetime, datetime]:
        """In instants. A time that clocks show twice is away both times."""
        typed = self.cleaned_data
        starts_at = local_time.instant(typed["first_day"], typed["starts"] or time.min, self.zone)
        if typed["ends"] is None:
            return starts_at, local_time.day_bounds(typed["last_day"], self.zone)[1]
        return starts_at, local_time.last_instant(typed["last_day"], typed["ends"], self.zone)


class ClosureForm(forms.Form):
    site = site_field(label=_("Where"), required=False, empty_label=_("Every site"))
    on = DayField(label=_("Day"))
    reason = forms.CharField(label=_("Reason"), max_length=120, help_text=_("For example a holiday."))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on < self.today:
            raise forms.ValidationError(_("That day has passed."))
        return on


def form_of(piece_kind: str) -> type[PieceForm]:
    return RoomForm if piece_kind == Resource.Kind.ROOM else DeviceForm


def typed_before(piece: Resource) -> dict[str, Any]:
    """What a form about `piece` shows at first."""
    known = {"name": piece.name, "site": piece.site}
    return known | (
        {"kinds": piece.offers} if piece.kind == Resource.Kind.ROOM else {"code": "".join(piece.offers[:1])}
    )
