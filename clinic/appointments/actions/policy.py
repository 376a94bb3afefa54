"""The clinic's own rules of booking: how soon, how far ahead, how many."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clinic.appointments.models import BookingPolicy
from people.actions import audit
from people.models import User
from people.rules.refusal import ChangedMeanwhile, Refused

SETTABLE = (
    "desk_notice_minutes",
    "portal_notice_hours",
    "change_until_hours",
    "horizon_days",
    "daily_limit",
    "undo_seconds",
    "offers_at_once",
    "offer_lapses_minutes",
)


class PolicyChanged(ChangedMeanwhile):
    """Somebody else saved the rules after this form was opened."""

    def __init__(self) -> None:
        super().__init__(_("Somebody else changed the booking rules meanwhile. Save again to replace them by these."))


class NothingCouldBeBooked(Refused):
    """Nobody could ever come: the notice reaches as far as the horizon."""

    def __init__(self) -> None:
        super().__init__(_("The shortest notice is longer than the time that can be booked ahead."))


@transaction.atomic
def change(*, by: User, seen: str | None = None, **changes: Any) -> BookingPolicy:
    """Set how visits may be booked from now on (`SETTABLE`). Visits that stand stay as they are.

    `seen` is what whoever changes it saw (`as_seen`). Raises `PolicyChanged` if it is not so any more,
    `NothingCouldBeBooked`, and `KeyError` for a rule there is not.
    """
    if unknown := changes.keys() - set(SETTABLE):
        raise KeyError(*unknown)
    BookingPolicy.objects.get_or_create(pk=1)
    policy = BookingPolicy.objects.select_for_update().get()
    if seen is not None and seen != as_seen(policy):
        raise PolicyChanged
    changed = sorted(name for name, value in changes.items() if getattr(policy, name) != value)
    for name in changed:
        setattr(policy, name, changes[name])
    _check(policy)
    policy.save()
    audit.record(by, "booking_policy.changed", policy, changed=changed)
    return policy


def as_it_would_be(**changes: Any) -> BookingPolicy:
    """The rules as `change` would make them. Reads only. Raises `NothingCouldBeBooked`."""
    policy = BookingPolicy.current()
    for name, value in changes.items():
        setattr(policy, name, value)
    _check(policy)
    return policy


def as_seen(policy: BookingPolicy) -> str:
    """What a form shows of the rules, in one line that it sends back."""
    return "|".join(str(getattr(policy, name)) for name in SETTABLE)


def _check(policy: BookingPolicy) -> None:
    longest = max(policy.desk_notice_minutes, policy.portal_notice_hours * 60)
    if longest >= policy.horizon_days * 24 * 60:
        raise NothingCouldBeBooked
