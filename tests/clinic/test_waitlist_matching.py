"""Whom a free time fits, and whom to ask first: vignettes that a receptionist could decide."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from clinic.appointments.rules.matching import Reason, Time, Wish, fits, ranked

NEW_YORK = ZoneInfo("America/New_York")
SARA, JOAO = UUID(int=1), UUID(int=2)
MAIN, QUAY = UUID(int=3), UUID(int=4)
TODAY = date(2026, 9, 14)  # a Monday


def a_time(day: int, hour: int, minute: int = 0, *, minutes: int = 30, **changes: UUID) -> Time:
    starts = datetime(2026, 9, day, hour, minute, tzinfo=NEW_YORK)
    return replace(Time(starts, starts + timedelta(minutes=minutes), SARA, MAIN), **changes)


def a_wish(**fields: Any) -> Wish:
    defaults = {"from_on": TODAY, "until_on": date(2026, 9, 30), "since": date(2026, 9, 10)}
    return Wish(**defaults | fields)


@pytest.mark.parametrize(
    ("wish", "it", "is_fit"),
    [
        ({}, a_time(16, 10), True),
        ({"weekdays": frozenset({2})}, a_time(16, 10), True),
        ({"weekdays": frozenset({0, 1})}, a_time(16, 10), False),
        ({"earliest": time(10)}, a_time(16, 10), True),
        ({"earliest": time(10, 15)}, a_time(16, 10), False),
        ({"latest": time(10, 30)}, a_time(16, 10), True),
        ({"latest": time(10, 30)}, a_time(16, 10, minutes=45), False),
        ({"latest": time(23, 59)}, a_time(16, 23, 45), False),  # it ends on the next day
        ({"from_on": date(2026, 9, 17)}, a_time(16, 10), False),
        ({"from_on": date(2026, 9, 16), "until_on": date(2026, 9, 16)}, a_time(16, 10), True),
        ({"until_on": date(2026, 9, 15)}, a_time(16, 10), False),
        ({"site_id": MAIN, "clinician_id": SARA}, a_time(16, 10), True),
        ({"site_id": QUAY}, a_time(16, 10), False),
        ({"clinician_id": JOAO}, a_time(16, 10), False),
        ({"later": a_time(24, 10).starts}, a_time(16, 10), True),
        ({"later": a_time(16, 9).starts}, a_time(16, 10), False),
        ({"later": a_time(16, 10).starts}, a_time(16, 10), False),  # they have it already
    ],
)
def test_a_time_fits_what_somebody_can_make(wish: dict[str, Any], it: Time, is_fit: bool) -> None:
    assert fits(a_wish(**wish), it) is is_fit


def order(**wishes: Wish) -> list[str]:
    return [name for name, _ in ranked([(name, wish, a_time(16, 10)) for name, wish in wishes.items()], on=TODAY)]


def test_whose_best_days_end_first_is_asked_first_however_long_others_have_waited() -> None:
    assert order(
        patient=a_wish(since=date(2026, 8, 1)),
        soon=a_wish(due_until=date(2026, 9, 18), since=TODAY),
        overdue=a_wish(due_until=date(2026, 9, 12), since=TODAY),
        later=a_wish(due_until=date(2026, 9, 25), since=date(2026, 8, 1)),
    ) == ["overdue", "soon", "later", "patient"]


def test_among_equals_it_is_who_has_waited_longest() -> None:
    assert order(new=a_wish(since=date(2026, 9, 13)), old=a_wish(since=date(2026, 9, 1))) == ["old", "new"]


def test_then_who_knows_the_clinician_then_who_likes_the_hour() -> None:
    likes = {"liked_from": time(9), "liked_until": time(12)}
    assert order(
        anybody=a_wish(),
        likes=a_wish(**likes),
        knows=a_wish(last_clinician_id=SARA),
        both=a_wish(last_clinician_id=SARA, **likes),
    ) == ["both", "knows", "likes", "anybody"]


def test_nobody_whom_it_does_not_fit_is_ranked() -> None:
    assert order(fits=a_wish(), not_mornings=a_wish(earliest=time(13))) == ["fits"]


def test_everybody_is_told_why_they_stand_there() -> None:
    first = a_wish(due_until=date(2026, 9, 12), since=date(2026, 9, 1), last_clinician_id=SARA)
    second = a_wish(due_until=date(2026, 9, 20), liked_weekdays=frozenset({2}))

    assert ranked([("second", second, a_time(16, 10)), ("first", first, a_time(16, 10))], on=TODAY) == [
        ("first", [Reason.OVERDUE, Reason.WAITING, Reason.CONTINUITY]),
        ("second", [Reason.DUE, Reason.PREFERENCE]),
    ]


def test_who_has_said_nothing_about_hours_likes_none_in_particular() -> None:
    assert ranked([("any", a_wish(since=TODAY), a_time(16, 10))], on=TODAY) == [("any", [])]
