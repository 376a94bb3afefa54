"""Whether a free time is one that somebody on the waitlist can make, and whom to ask first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TypeVar
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Reason(TextChoices):
    """Why somebody stands where they stand, in the order in which it counts."""

    OVERDUE = "overdue", _("The plan's best days are over")
    DUE = "due", _("Due soon on the plan")
    WAITING = "waiting", _("Has waited longest")
    CONTINUITY = "continuity", _("Same clinician as last time")
    PREFERENCE = "preference", _("At an hour they like")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody who waits can make. Hours are on the wall clock of the site; empty means any."""

    weekdays: frozenset[int] = frozenset()  # 0 is Monday
    earliest: time | None = None
    latest: time | None = None
    from_on: date
    until_on: date
    site_id: UUID | None = None
    clinician_id: UUID | None = None
    later: datetime | None = None  # when the visit begins that would be given up: only a sooner one helps
    since: date
    due_until: date | None = None  # the last of the plan's best days
    last_clinician_id: UUID | None = None
    liked_weekdays: frozenset[int] = frozenset()
    liked_from: time | None = None
    liked_until: time | None = None


@dataclass(frozen=True, slots=True)
class Time:
    """A free time, on the wall clock of its site."""

    starts: datetime
    ends: datetime
    clinician_id: UUID
    site_id: UUID


def fits(wish: Wish, it: Time) -> bool:
    """Whether they said that they can make it, and it is of use to them."""
    day = it.starts.date()
    return (
        wish.from_on <= day <= wish.until_on
        and (not wish.weekdays or day.weekday() in wish.weekdays)
        and _is_between(it, wish.earliest, wish.latest)
        and wish.site_id in {None, it.site_id}
        and wish.clinician_id in {None, it.clinician_id}
        and (wish.later is None or it.starts < wish.later)
    )


def _is_between(it: Time, earliest: time | None, latest: time | None) -> bool:
    # A visit that runs past midnight ends by no hour of its own day.
    ends_same_day = it.ends.date() == it.starts.date()
    return (earliest is None or it.starts.time() >= earliest) and (
        latest is None or (ends_same_day and it.ends.time() <= latest)
    )


W = TypeVar("W")


def ranked(who: Iterable[tuple[W, Wish, Time]], *, on: date) -> list[tuple[W, list[Reason]]]:
    """Those whom the time fits, whoever needs it most first, with the reasons.

    The clinical window decides: whose best days end first. Then how many days they have waited, then continuity,
    then what they prefer. `on` is today.
    """
    asked = [(each, wish, it) for each, wish, it in who if fits(wish, it)]
    asked.sort(key=lambda row: _place(row[1], row[2]))
    longest = min((wish.since for _each, wish, _it in asked), default=on)
    return [(each, _reasons(wish, it, on=on, longest=longest)) for each, wish, it in asked]


def _place(wish: Wish, it: Time) -> tuple[date, date, bool, bool]:
    return wish.due_until or date.max, wish.since, not _is_continuous(wish, it), not _is_liked(wish, it)


def _reasons(wish: Wish, it: Time, *, on: date, longest: date) -> list[Reason]:
    found = []
    if wish.due_until:
        found.append(Reason.OVERDUE if wish.due_until < on else Reason.DUE)
    if wish.since == longest and longest < on:
        found.append(Reason.WAITING)
    if _is_continuous(wish, it):
        found.append(Reason.CONTINUITY)
    if _is_liked(wish, it):
        found.append(Reason.PREFERENCE)
    return found


def _is_continuous(wish: Wish, it: Time) -> bool:
    return wish.last_clinician_id == it.clinician_id


def _is_liked(wish: Wish, it: Time) -> bool:
    """Whether they have said what they like, and it is like that."""
    has_said = bool(wish.liked_weekdays or wish.liked_from or wish.liked_until)
    return (
        has_said
        and (not wish.liked_weekdays or it.starts.weekday() in wish.liked_weekdays)
        and _is_between(it, wish.liked_from, wish.liked_until)
    )
