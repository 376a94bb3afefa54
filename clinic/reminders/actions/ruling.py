"""What the clinic sends, and when: set by the office. Who has not heard yet is told by the new rules."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clinic.reminders.actions import anew, timetable
from clinic.reminders.models import Message, ReminderPolicy, SendingRule
from clinic.reminders.rules import schedule
from clinic.reminders.rules.schedule import Key, Timing
from people.actions import audit
from people.models import Clinic, User
from people.rules.refusal import ChangedMeanwhile, Refused

SETTABLE: Final = ("first_channel", "language", "speak_from", "speak_until", "most_per_day", "most_per_week")
BY_WIRE: Final = (Message.Channel.EMAIL, Message.Channel.SMS, Message.Channel.PUSH)
Ways = Mapping[Key, frozenset[str]]


class RulesChanged(ChangedMeanwhile):
    """Somebody else saved them after this form was opened."""

    def __init__(self) -> None:
        super().__init__(_("Somebody else changed the messages meanwhile. Save again to replace theirs by yours."))


class HoursOutOfOrder(Refused):
    def __init__(self) -> None:
        super().__init__(_("“Send until” must be later than “send from”."))


class FewerInAWeekThanInADay(Refused):
    def __init__(self) -> None:
        super().__init__(_("A week must allow at least as many as a day."))


class NoWayLeft(Refused):
    """What goes by no way at all is to be switched off."""

    def __init__(self) -> None:
        super().__init__(_("Choose at least one way, or switch this kind off."))


@transaction.atomic
def change_policy(*, seen: str, by: User, **changes: Any) -> ReminderPolicy:
    """Hours of speaking, caps, the usual way and the language of the clinic.

    Raises `HoursOutOfOrder`, `FewerInAWeekThanInADay`, and `RulesChanged` when `seen` is not what holds.
    """
    ReminderPolicy.objects.get_or_create(pk=1)
    policy = ReminderPolicy.objects.select_for_update().get(pk=1)
    if seen != policy_as_seen(policy):
        raise RulesChanged
    before = policy_as_seen(policy)
    for name in SETTABLE:
        setattr(policy, name, changes[name])
    if policy.speak_until <= policy.speak_from:
        raise HoursOutOfOrder
    if policy.most_per_week < policy.most_per_day:
        raise FewerInAWeekThanInADay
    if policy_as_seen(policy) != before:
        policy.save()
        audit.record(by, "messages.policy_changed", policy)
    return policy


def policy_as_seen(policy: ReminderPolicy) -> str:
    """What a form shows of it, in one line that it sends back."""
    return "|".join(str(getattr(policy, name)) for name in SETTABLE)


@transaction.atomic
def change_kinds(times: Mapping[Key, Timing], ways: Ways, *, seen: str, by: User) -> list[Key]:
    """Which kinds are sent, when, and by which ways; says what changed. What is as we do it anyway is not kept.

    Raises `NoWayLeft` for a kind that is on and may go by no way, and `RulesChanged` when `seen` is not what holds.
    """
    clinic = Clinic.objects.select_for_update().get()  # two managers saving at once: one after the other
    now_times, now_ways = timetable.current(), ways_now()
    if seen != kinds_as_seen(now_times, now_ways):
        raise RulesChanged
    if any(times[key].is_on and not ways[key] for key in times):
        raise NoWayLeft
    changed = [key for key in times if (times[key], ways[key]) != (now_times[key], now_ways[key])]
    for key in changed:
        _keep(key, times[key], ways[key])
        anew.forget_waiting(*key)
    if changed:
        audit.record(by, "messages.kinds_changed", clinic, kinds=[":".join(key) for key in changed])
    return changed


def ways_now() -> dict[Key, frozenset[str]]:
    """By which ways each kind may go at this clinic. One query."""
    off = SendingRule.objects.filter(patient=None, is_on=False).exclude(channel="")
    closed = set(off.values_list("kind", "which", "channel"))
    return {key: frozenset(it for it in BY_WIRE if (*key, it) not in closed) for key in schedule.DEFAULTS}


def kinds_as_seen(times: Mapping[Key, Timing], ways: Ways) -> str:
    """What a form shows of them, in one line that it sends back."""
    return "|".join(
        f"{':'.join(key)}={it.is_on:d},{it.days},{it.hours},{it.at:%H%M},{'+'.join(sorted(ways[key]))}"
        for key, it in sorted(times.items())
    )


def _keep(key: Key, wanted: Timing, ways: frozenset[str]) -> None:
    rules = SendingRule.objects.filter(patient=None, kind=key[0], which=key[1])
    rules.delete()
    ours = schedule.DEFAULTS[key]
    said: dict[str, Any] = {
        name: getattr(wanted, name)
        for name in ("is_on", "days", "hours")
        if getattr(wanted, name) != getattr(ours, name)
    }
    if wanted.at != ours.at:
        said["times"] = [wanted.at]
    rows = [SendingRule(kind=key[0], which=key[1], **said)] if said else []
    rows += [SendingRule(kind=key[0], which=key[1], channel=it, is_on=False) for it in BY_WIRE if it not in ways]
    SendingRule.objects.bulk_create(rows)
