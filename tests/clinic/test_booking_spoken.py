"""What the desk types while the patient speaks, and what it reads out. Pure rules: no database."""

from datetime import UTC, date, datetime, time

import pytest

from clinic.appointments.rules import saying, spoken
from clinic.appointments.rules.spoken import Wish

TUESDAY = date(2026, 9, 15)
THURSDAY = date(2026, 9, 17)


def at(year: int, month: int, day: int, hour: int, minute: int) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Wish()),
        ("thu", Wish(first=THURSDAY, weekdays=frozenset({3}))),
        ("Thursday", Wish(first=THURSDAY, weekdays=frozenset({3}))),
        ("thurs", Wish(first=THURSDAY, weekdays=frozenset({3}))),
        ("tues", Wish(first=TUESDAY, weekdays=frozenset({1}))),
        ("wednesday", Wish(first=date(2026, 9, 16), weekdays=frozenset({2}))),
        ("tue", Wish(first=TUESDAY, weekdays=frozenset({1}))),
        ("next thu", Wish(first=date(2026, 9, 24), weekdays=frozenset({3}))),
        ("mondays or fridays", Wish(weekdays=frozenset({0, 4}))),
        ("today", Wish(first=TUESDAY, last=TUESDAY)),
        ("tomorrow", Wish(first=date(2026, 9, 16), last=date(2026, 9, 16))),
        ("the day after tomorrow", Wish(first=THURSDAY, last=THURSDAY)),
        ("this week", Wish(first=TUESDAY, last=date(2026, 9, 20))),
        ("next week", Wish(first=date(2026, 9, 21), last=date(2026, 9, 27))),
        ("next week fri", Wish(first=date(2026, 9, 21), last=date(2026, 9, 27), weekdays=frozenset({4}))),
        ("in two weeks", Wish(first=date(2026, 9, 29))),
        ("in 3 days", Wish(first=date(2026, 9, 18))),
        ("17 sep", Wish(first=THURSDAY, last=THURSDAY)),
        ("sep 17", Wish(first=THURSDAY, last=THURSDAY)),
        ("17th of September", Wish(first=THURSDAY, last=THURSDAY)),
        ("the 17th", Wish(first=THURSDAY, last=THURSDAY)),
        ("the 3rd", Wish(first=date(2026, 10, 3), last=date(2026, 10, 3))),
        ("2026-10-01", Wish(first=date(2026, 10, 1), last=date(2026, 10, 1))),
        ("5 jan", Wish(first=date(2027, 1, 5), last=date(2027, 1, 5))),
        ("mornings", Wish(latest=time(12))),
        ("afternoon", Wish(earliest=time(12), latest=time(17))),
        ("evenings", Wish(earliest=time(17))),
        ("after 4", Wish(earliest=time(16))),
        ("After 4pm", Wish(earliest=time(16))),
        ("after 4:30 pm", Wish(earliest=time(16, 30))),
        ("after 10", Wish(earliest=time(10))),
        ("before 11", Wish(latest=time(11))),
        ("before noon", Wish(latest=time(12))),
        ("after lunch", Wish(earliest=time(12))),
        ("between 9 and 11", Wish(earliest=time(9), latest=time(11))),
        ("10 to 2", Wish(earliest=time(10), latest=time(14))),
        ("at 10", Wish(earliest=time(10), latest=time(11))),
        ("14:15", Wish(earliest=time(14, 15), latest=time(15, 15))),
        ("thu after 4", Wish(first=THURSDAY, weekdays=frozenset({3}), earliest=time(16))),
        ("tomorrow morning", Wish(first=date(2026, 9, 16), last=date(2026, 9, 16), latest=time(12))),
        ("17 sep 10:30", Wish(first=THURSDAY, last=THURSDAY, earliest=time(10, 30), latest=time(11, 30))),
        ("thu at half moon", Wish(first=THURSDAY, weekdays=frozenset({3}), unread="half moon")),
        ("31 feb", Wish(unread="31 feb")),
        ("2026-13-45", Wish(unread="2026-13-45")),
        ("after 99", Wish(unread="after 99")),
        ("x" * 500, Wish(unread="x" * spoken.LONGEST)),
    ],
)
def test_what_is_typed_means_what_the_caller_said(typed: str, meant: Wish) -> None:
    assert spoken.read(typed, on=TUESDAY) == meant


@pytest.mark.parametrize(
    ("typed", "local", "fits"),
    [
        ("thu after 4", at(2026, 9, 17, 16, 0), True),
        ("thu after 4", at(2026, 9, 17, 15, 45), False),
        ("thu after 4", at(2026, 9, 24, 16, 0), True),  # the Thursday after will do when the first is full
        ("thu after 4", at(2026, 9, 18, 16, 0), False),
        ("mornings", at(2026, 9, 17, 11, 45), True),
        ("mornings", at(2026, 9, 17, 12, 0), False),
        ("next week", at(2026, 9, 20, 9, 0), False),
        ("next week", at(2026, 9, 27, 9, 0), True),
        ("next week", at(2026, 9, 28, 9, 0), False),
        ("", at(2026, 9, 17, 3, 0), True),
    ],
)
def test_only_times_that_were_meant_are_left(typed: str, local: datetime, fits: bool) -> None:
    assert spoken.read(typed, on=TUESDAY).allows(local) is fits


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (time(10, 30), "half past ten"),
        (time(9, 15), "quarter past nine"),
        (time(12, 45), "quarter to one"),
        (time(12), "noon"),
        (time(0), "midnight"),
        (time(13), "one o'clock"),
        (time(16, 20), "twenty past four"),
        (time(23, 55), "five to twelve in the evening"),
        (time(7, 30), "half past seven in the morning"),
        (time(10, 7), "10:07"),
    ],
)
def test_times_are_said_as_people_say_them(clock: time, words: str) -> None:
    assert saying.clock_words(clock) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"),
     (22, "22nd"), (23, "23rd"), (30, "30th"), (31, "31st")],
)  # fmt: skip
def test_days_are_counted_as_people_count_them(number: int, words: str) -> None:
    assert saying.ordinal(number) == words


def test_the_sentence_for_the_phone_says_day_time_person_and_length() -> None:
    said = saying.sentence(THURSDAY, time(10, 30), clinician="João Costa", minutes=30, on=TUESDAY)

    assert said == "Thursday the 17th of September at half past ten, with João. It takes 30 minutes."


def test_a_near_day_is_named_and_a_far_year_is_said() -> None:
    assert saying.day_words(TUESDAY, on=TUESDAY) == "Today, Tuesday the 15th of September"
    assert saying.day_words(date(2026, 9, 16), on=TUESDAY) == "Tomorrow, Wednesday the 16th of September"
    assert saying.day_words(date(2027, 1, 5), on=TUESDAY) == "Tuesday the 5th of January 2027"


def test_a_clinic_with_several_sites_says_which_one_and_a_doctor_keeps_the_title() -> None:
    said = saying.sentence(THURSDAY, time(12), clinician="Dr Amara Okafor", minutes=1, on=TUESDAY, site="Harbour")

    assert said == "Thursday the 17th of September at noon, with Dr Okafor, at Harbour. It takes 1 minute."
