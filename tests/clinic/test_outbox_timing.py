"""When a message is due. No database: a receptionist with a calendar could check these."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.reminders.rules import timing

NEW_YORK, LONDON = ZoneInfo("America/New_York"), ZoneInfo("Europe/London")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def local(*parts: int, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime(*parts, tzinfo=zone)


def test_a_visit_is_announced_three_days_before_at_nine_the_evening_before_at_six_and_two_hours_before() -> None:
    visit = local(2026, 9, 17, 10, 30)

    found = timing.reminders_of_visit(visit, timed_at=LONG_AGO, zone=NEW_YORK)

    assert found == {
        "early": timing.Due(local(2026, 9, 14, 9), local(2026, 9, 16, 18)),
        "eve": timing.Due(local(2026, 9, 16, 18), local(2026, 9, 17, 8, 30)),
        "soon": timing.Due(local(2026, 9, 17, 8, 30), local(2026, 9, 17, 10)),
    }


@pytest.mark.parametrize(
    ("booked", "names"),
    [
        (local(2026, 9, 13, 20, 59), {"early", "eve", "soon"}),
        (local(2026, 9, 13, 21, 1), {"eve", "soon"}),
        (local(2026, 9, 16, 5, 59), {"eve", "soon"}),
        (local(2026, 9, 16, 6, 1), {"soon"}),
        (local(2026, 9, 16, 20, 31), set()),
        (local(2026, 9, 17, 9, 0), set()),
    ],
)
def test_who_booked_less_than_twelve_hours_ago_is_not_reminded(booked: datetime, names: set[str]) -> None:
    found = timing.reminders_of_visit(local(2026, 9, 17, 10, 30), timed_at=booked, zone=NEW_YORK)

    assert set(found) == names


@pytest.mark.parametrize(
    ("zone", "sunday"), [(NEW_YORK, (2026, 11, 1)), (NEW_YORK, (2026, 3, 8)), (LONDON, (2026, 10, 25))]
)
def test_six_in_the_evening_is_six_on_the_wall_when_clocks_change(zone: ZoneInfo, sunday: tuple[int, int, int]) -> None:
    visit = datetime(*sunday, 10, 30, tzinfo=zone)

    found = timing.reminders_of_visit(visit, timed_at=LONG_AGO, zone=zone)

    walls = {name: due.at.astimezone(zone).time() for name, due in found.items()}
    assert walls == {"early": time(9), "eve": time(18), "soon": time(8, 30)}
    assert found["eve"].not_after == visit.astimezone(UTC) - timedelta(hours=2)


def test_nobody_is_woken_two_hours_before_an_early_visit() -> None:
    found = timing.reminders_of_visit(local(2026, 9, 17, 9, 45), timed_at=LONG_AGO, zone=NEW_YORK)

    assert set(found) == {"early", "eve"}


@pytest.mark.parametrize(
    ("now", "may_speak"),
    [
        (local(2026, 9, 17, 7, 59), local(2026, 9, 17, 8)),
        (local(2026, 9, 17, 8), local(2026, 9, 17, 8)),
        (local(2026, 9, 17, 19, 59), local(2026, 9, 17, 19, 59)),
        (local(2026, 9, 17, 20), local(2026, 9, 18, 8)),
        (local(2026, 10, 31, 23), local(2026, 11, 1, 8)),  # clocks go back that night
    ],
)
def test_nobody_is_reminded_between_eight_in_the_evening_and_eight_in_the_morning(
    now: datetime, may_speak: datetime
) -> None:
    assert timing.may_speak_at(now.astimezone(UTC), zone=NEW_YORK) == may_speak


@given(now=st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2028, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_next_hour_to_speak_is_never_past_and_always_by_day(now: datetime) -> None:
    for zone in (NEW_YORK, LONDON, ZoneInfo("Australia/Lord_Howe")):
        speaks = timing.may_speak_at(now, zone=zone)

        assert now <= speaks <= now + timedelta(hours=13)
        assert time(8) <= speaks.astimezone(zone).time() < time(20)


def test_the_patient_chooses_the_hour_of_the_exercise_reminder_and_it_never_comes_at_night() -> None:
    day = date(2026, 9, 17)

    evening = timing.reminder_of_exercises(day, time(18), zone=NEW_YORK)
    late = timing.reminder_of_exercises(day, time(23, 30), zone=NEW_YORK)

    assert evening == timing.Due(local(2026, 9, 17, 18), local(2026, 9, 17, 20))
    assert late == timing.Due(local(2026, 9, 17, 23, 30), local(2026, 9, 18, 0))


def test_an_hour_that_clocks_skip_is_an_hour_later_that_day() -> None:
    due = timing.reminder_of_exercises(date(2026, 3, 8), time(2, 30), zone=NEW_YORK)

    assert due.at.astimezone(NEW_YORK) == local(2026, 3, 8, 3, 30)


def test_a_busy_mail_server_is_left_alone_longer_each_time() -> None:
    assert [timing.back_off(n).total_seconds() for n in range(1, 8)] == [30, 120, 600, 1800, 3600, 3600, 3600]
