"""The times that hold at this clinic."""

from collections.abc import Iterable

from clinic.reminders.models import Message, SendingRule
from clinic.reminders.rules import schedule
from clinic.reminders.rules.schedule import Key, Ruled, Timing


def current() -> dict[Key, Timing]:
    """Ours, and what the clinic set instead. One query."""
    rows = SendingRule.objects.filter(patient=None, channel="")
    return schedule.timetable(
        Ruled(it.kind, it.which, it.is_on, it.days, it.hours, it.times[0] if it.times else None) for it in rows
    )


def wanted(owed: Iterable[Message]) -> list[Message]:
    """Without what a patient has switched off. One query, and none while nothing is owed."""
    found = list(owed)
    patients = {it.patient_id for it in found if it.patient_id}
    if not patients:
        return found
    off = SendingRule.objects.filter(patient__in=patients, which="", channel="", is_on=False)
    unwanted = set(off.values_list("patient_id", "kind"))
    return [it for it in found if (it.patient_id, it.kind) not in unwanted or it.kind in schedule.ALWAYS]
