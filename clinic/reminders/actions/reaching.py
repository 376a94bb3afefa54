"""How one patient wants to be reached: by what, in which language, at which hours, and about what."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clinic.reminders.actions import anew
from clinic.reminders.models import ContactPreference, Message, OptOut, SendingRule
from clinic.reminders.rules import schedule
from patients.actions import preferences
from patients.models import Patient
from people.actions import audit
from people.models import User
from people.rules.refusal import Refused

Channel, How = Message.Channel, OptOut.How
_EVERY_DAY = frozenset(range(7))


class HoursOutOfOrder(Refused):
    def __init__(self) -> None:
        super().__init__(_("“Not after” must be later than “not before”."))


class TheSameTwice(Refused):
    def __init__(self) -> None:
        super().__init__(_("Choose another way for when the first one fails."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Empty means as the clinic does it. Hours are on the patient's clock, `time_zone`, or on that of the site."""

    channel: str = ""
    fallback: str = ""
    language: str = ""
    earliest: time | None = None
    latest: time | None = None
    time_zone: str = ""


@transaction.atomic
def set_wish(patient: Patient, wish: Wish, *, by: User) -> ContactPreference:
    """Remember it. What waits and has not been tried takes the new way at the next look.

    Raises `HoursOutOfOrder` and `TheSameTwice`.
    """
    if wish.earliest and wish.latest and wish.latest <= wish.earliest:
        raise HoursOutOfOrder
    if wish.fallback and wish.fallback == wish.channel:
        raise TheSameTwice
    kept, _created = ContactPreference.objects.get_or_create(patient=patient)
    wanted = {name: getattr(wish, name) for name in Wish.__dataclass_fields__}
    changed = sorted(name for name, value in wanted.items() if getattr(kept, name) != value)
    if changed:
        for name in changed:
            setattr(kept, name, wanted[name])
        kept.save(update_fields=changed)
        audit.record(by, "contact_preference.set", kept, fields=changed)
    return kept


@transaction.atomic
def stop(patient: Patient, channel: str, *, how: str, by: User, now: datetime) -> None:
    """Nothing more by that way to this patient: at once, and with who said it. Others with the address keep theirs."""
    _say(patient, channel, True, how=how, by=by, now=now)


@transaction.atomic
def start(patient: Patient, channel: str, *, how: str, by: User, now: datetime) -> None:
    """Take it back. For mail this is also the patient's consent to be written to."""
    _say(patient, channel, False, how=how, by=by, now=now)
    if channel == Channel.EMAIL:
        preferences.set_mail_preference(patient, may_be_mailed=True, by=by, now=now)


def _say(patient: Patient, channel: str, is_out: bool, *, how: str, by: User, now: datetime) -> None:
    # No address: the patient spoke, not a number. The last word counts (`contact.of`).
    OptOut.objects.create(channel=channel, patient=patient, is_out=is_out, how=how, by=by, at=now)
    audit.record(by, "messages.stopped" if is_out else "messages.started", patient, channel=channel, how=how)


@transaction.atomic
def switch(patient: Patient, kind: str, *, is_on: bool, by: User) -> bool:
    """Whether the patient gets this kind; says whether that is new. What the clinic has switched off stays off."""
    if kind not in schedule.A_PATIENT_MAY_SWITCH_OFF:
        raise ValueError(kind)
    off = SendingRule.objects.filter(patient=patient, kind=kind, which="", channel="", is_on=False)
    if is_on != off.exists():
        return False
    if is_on:
        off.update(is_on=None)
    else:
        SendingRule.objects.update_or_create(
            patient=patient, kind=kind, which="", channel="", defaults={"is_on": False}
        )
        anew.forget_waiting(kind, patient=patient)
    audit.record(by, "messages.kind_switched", patient, kind=kind, on=is_on)
    return True


@transaction.atomic
def choose_hours(patient: Patient, kind: str, *, times: list[time], weekdays: list[int], by: User) -> bool:
    """The patient's own hours and days of the week (0 is Monday); none of them is as the plan says."""
    chosen: dict[str, Any] = {
        "times": sorted(set(times)) or None,
        "weekdays": None if set(weekdays) >= _EVERY_DAY else sorted(set(weekdays)) or None,
    }
    kept = SendingRule.objects.filter(patient=patient, kind=kind, which="", channel="").first()
    if (kept and (kept.times or None)) == chosen["times"] and (kept and (kept.weekdays or None)) == chosen["weekdays"]:
        return False
    SendingRule.objects.update_or_create(patient=patient, kind=kind, which="", channel="", defaults=chosen)
    audit.record(by, "messages.hours_chosen", patient, kind=kind)
    return True
