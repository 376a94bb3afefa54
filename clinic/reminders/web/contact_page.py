"""The page about reaching one patient: the same four small forms at the desk and in the portal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import Http404
from django.utils.datastructures import MultiValueDict

from clinic.reminders import channels
from clinic.reminders.actions import reaching
from clinic.reminders.models import ContactPreference, Message, OptOut, SendingRule
from clinic.reminders.rules import schedule
from clinic.reminders.web.contact_forms import HoursForm, KindsForm, WishForm
from patients.models import Patient
from people.models import User
from people.rules.refusal import Refused

Channel, Kind = Message.Channel, Message.Kind
_LAST_SAID: Final = 10


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach the patient, and whether it is open."""

    channel: Message.Channel
    address: str
    is_out: bool
    is_doubted: bool


def shown(patient: Patient) -> dict[str, Any]:
    """Everything the page prints. Three queries."""
    kept = ContactPreference.objects.filter(patient=patient).first() or ContactPreference(patient=patient)
    rules = list(SendingRule.objects.filter(patient=patient, which="", channel=""))
    said = list(OptOut.objects.filter(patient=patient).select_related("by").order_by("-at", "-pk"))
    exercise = next((it for it in rules if it.kind == Kind.EXERCISE), None)
    return {
        "patient": patient,
        "ways": _ways(patient, kept, said),
        "said": said[:_LAST_SAID],
        "wish": WishForm(None, kept=kept),
        "kinds": KindsForm(None, rules=rules),
        "hours": HoursForm(None, kept=exercise),
    }


def _ways(patient: Patient, kept: ContactPreference, said: list[OptOut]) -> list[Way]:
    last = {it.channel: it.is_out for it in reversed(said)}
    mobile = patient.mobile.as_international if patient.mobile else ""
    found = [
        Way(
            Channel.EMAIL,
            patient.email,
            last.get(Channel.EMAIL, False) or not patient.may_be_mailed,
            bool(kept.doubtful_email),
        ),
        Way(Channel.SMS, mobile, last.get(Channel.SMS, False), bool(kept.doubtful_mobile)),
        Way(Channel.PUSH, "", last.get(Channel.PUSH, False), False),
    ]
    return [it for it in found if it.channel in channels.by_wire()]


def typed(patient: Patient, data: MultiValueDict[str, str], *, how: str, by: User, now: datetime) -> dict[str, Any]:
    """Do what one of the forms asks. What it adds to the page when that is refused; nothing when it is done.

    Raises `Http404` for a form that the page does not have.
    """
    which = str(data.get("form", ""))
    if which not in _FORMS:
        raise Http404
    return _FORMS[which](patient, data, how, by, now)


def _way(patient: Patient, data: Any, how: str, by: User, now: datetime) -> dict[str, Any]:
    deed = {"stop": reaching.stop, "start": reaching.start}.get(data.get("do"))
    if deed is None or data.get("channel") not in channels.by_wire():
        raise Http404
    deed(patient, data["channel"], how=how, by=by, now=now)
    return {}


def _wish(patient: Patient, data: Any, how: str, by: User, now: datetime) -> dict[str, Any]:
    form = WishForm(data, kept=ContactPreference(patient=patient))
    if form.is_valid():
        try:
            reaching.set_wish(patient, form.wish, by=by)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return {"wish": form, "form": form} if form.errors else {}


def _kinds(patient: Patient, data: Any, how: str, by: User, now: datetime) -> dict[str, Any]:
    form = KindsForm(data, rules=[])
    if not form.is_valid():
        return {"kinds": form, "form": form}
    for kind in schedule.A_PATIENT_MAY_SWITCH_OFF:
        reaching.switch(patient, kind, is_on=kind in form.cleaned_data["kinds"], by=by)
    return {}


def _hours(patient: Patient, data: Any, how: str, by: User, now: datetime) -> dict[str, Any]:
    form = HoursForm(data, kept=None)
    if not form.is_valid():
        return {"hours": form, "form": form}
    reaching.choose_hours(patient, Kind.EXERCISE, times=form.times, weekdays=form.cleaned_data["weekdays"], by=by)
    return {}


_FORMS: Final = {"way": _way, "wish": _wish, "kinds": _kinds, "hours": _hours}
