"""Quarter hours, spans and the wall clock: the arithmetic under every free time."""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.appointments.rules import local_time
from clinic.appointments.rules.slots import GRID_MINUTES, Grid, Span, is_on_grid, joined, minute_of, moment_of, without

NEW_YORK, LONDON, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")
MIDNIGHT = datetime(2026, 9, 14, tzinfo=UTC)


def span(starts: str, ends: str) -> Span:
    def moment(clock: str) -> datetime:
        return datetime.combine(MIDNIGHT, time.fromisoformat(clock), tzinfo=UTC)

    return Span.of(moment(starts), moment(ends))


def clocks(grid: Grid, bits: int) -> list[str]:
    return [f"{moment_of(start):%H:%M}" for start in grid.starts(bits)]


def a_day() -> Grid:
    return Grid(MIDNIGHT, MIDNIGHT + timedelta(days=1))


def test_a_visit_lies_wholly_inside_the_hours() -> None:
    assert clocks(a_day(), a_day().fitting([span("09:00", "10:30")], 45)) == ["09:00", "09:15", "09:30", "09:45"]


def test_hours_that_open_off_the_quarter_start_at_the_next_one() -> None:
    assert clocks(a_day(), a_day().fitting([span("09:05", "10:00")], 30)) == ["09:15", "09:30"]


def test_a_visit_longer_than_the_hours_never_fits() -> None:
    assert a_day().fitting([span("09:00", "09:30")], 45) == 0


def test_a_visit_may_begin_in_the_minute_another_ends() -> None:
    grid = a_day()
    free = grid.fitting([span("09:00", "11:00")], 30) & ~grid.clashing([span("09:30", "10:00")], 30)

    assert clocks(grid, free) == ["09:00", "10:00", "10:15", "10:30"]


def test_a_room_that_is_being_cleaned_until_ten_past_is_free_at_a_quarter_past() -> None:
    grid = a_day()
    free = grid.fitting([span("09:30", "11:00")], 30) & ~grid.clashing([span("09:00", "10:10")], 30)

    assert clocks(grid, free) == ["10:15", "10:30"]


def test_a_hold_of_part_of_a_minute_keeps_the_whole_minute() -> None:
    ends_at = MIDNIGHT + timedelta(hours=10, seconds=1)

    assert Span.of(MIDNIGHT + timedelta(hours=9), ends_at) == span("09:00", "10:01")


def test_nothing_starts_before_the_earliest_moment() -> None:
    grid = a_day()
    free = grid.fitting([span("09:00", "10:00")], 15) & grid.from_on(MIDNIGHT + timedelta(hours=9, minutes=20))

    assert clocks(grid, free) == ["09:30", "09:45"]


def test_two_shifts_that_touch_are_one() -> None:
    assert joined([span("12:00", "13:00"), span("09:00", "12:00"), span("15:00", "15:00")]) == [span("09:00", "13:00")]


def test_lunch_and_leave_are_cut_out_of_the_day() -> None:
    left = without([span("09:00", "17:00")], [span("12:00", "13:00"), span("16:00", "23:00")])

    assert left == [span("09:00", "12:00"), span("13:00", "16:00")]


def test_the_quarter_hours_of_every_time_zone_are_those_of_the_grid() -> None:
    summer, winter = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    off = {
        name
        for name in zoneinfo.available_timezones()
        for moment in (summer, winter)
        if (moment.astimezone(ZoneInfo(name)).utcoffset() or timedelta(0)) % timedelta(minutes=GRID_MINUTES)
    }

    assert off == set()


def test_only_whole_quarter_hours_are_on_the_grid() -> None:
    assert is_on_grid(MIDNIGHT + timedelta(minutes=45))
    assert not is_on_grid(MIDNIGHT + timedelta(minutes=10))
    assert not is_on_grid(MIDNIGHT + timedelta(seconds=1))


@given(
    st.lists(st.tuples(st.integers(-60, 1500), st.integers(1, 300))),
    st.lists(st.tuples(st.integers(-60, 1500), st.integers(1, 300))),
    st.integers(5, 120),
)
def test_bits_say_the_same_as_looking_at_each_start(
    opened: list[tuple[int, int]], taken: list[tuple[int, int]], minutes: int
) -> None:
    grid, zero = a_day(), minute_of(MIDNIGHT)
    hours = joined(Span(zero + a, zero + a + length) for a, length in opened)
    busy = [Span(zero + a, zero + a + length) for a, length in taken]

    found = list(grid.starts(grid.fitting(hours, minutes) & ~grid.clashing(busy, minutes)))

    visits = [Span(start, start + minutes) for start in range(zero, zero + 1440, GRID_MINUTES)]
    assert found == [
        visit.starts
        for visit in visits
        if any(shift.covers(visit) for shift in hours) and not any(hold.overlaps(visit) for hold in busy)
    ]


def starts(zone: ZoneInfo, day: date, begins: str, ends: str, minutes: int = 60) -> list[str]:
    """What the wall clock shows at each start of a shift, an hour apart."""
    first, last = local_time.day_bounds(day, zone)
    grid = Grid(first, last)
    shift = Span.of(*local_time.hours(day, time.fromisoformat(begins), time.fromisoformat(ends), zone))
    local = [moment_of(start).astimezone(zone) for start in grid.starts(grid.fitting([shift], minutes))]
    return [f"{moment:%H:%M%z}" for moment in local if moment.minute == 0]


def test_a_shift_over_the_spring_change_loses_an_hour() -> None:
    assert starts(BERLIN, date(2026, 3, 29), "00:00", "06:00") == [
        "00:00+0100", "01:00+0100", "03:00+0200", "04:00+0200", "05:00+0200",
    ]  # fmt: skip


def test_a_shift_over_the_autumn_change_gains_the_hour_that_happens_twice() -> None:
    assert starts(NEW_YORK, date(2026, 11, 1), "00:00", "03:00") == [
        "00:00-0400", "01:00-0400", "01:00-0500", "02:00-0500",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "day", "offset"),
    [
        (NEW_YORK, date(2026, 3, 8), "-0400"),
        (NEW_YORK, date(2026, 11, 1), "-0500"),
        (LONDON, date(2026, 3, 29), "+0100"),
        (LONDON, date(2026, 10, 25), "+0000"),
    ],
)
def test_office_hours_are_ordinary_on_the_day_clocks_change(zone: ZoneInfo, day: date, offset: str) -> None:
    assert starts(zone, day, "09:00", "12:00") == [f"{hour:02}:00{offset}" for hour in (9, 10, 11)]


def test_the_clock_at_half_past_two_that_spring_skips_is_half_past_three() -> None:
    skipped = local_time.instant(date(2026, 3, 8), time(2, 30), NEW_YORK)

    assert skipped.astimezone(NEW_YORK).time() == time(3, 30)
    assert local_time.last_instant(date(2026, 3, 8), time(2, 30), NEW_YORK) == skipped


def test_of_the_time_that_autumn_shows_twice_a_shift_starts_at_the_first_and_ends_at_the_second() -> None:
    begins, ends = local_time.hours(date(2026, 11, 1), time(1, 30), time(1, 30), NEW_YORK)

    assert ends - begins == timedelta(hours=1)


def test_a_day_has_23_24_or_25_hours() -> None:
    def length(day: date) -> timedelta:
        first, last = local_time.day_bounds(day, NEW_YORK)
        return last - first

    assert [length(day) for day in (date(2026, 3, 8), date(2026, 9, 14), date(2026, 11, 1))] == [
        timedelta(hours=23),
        timedelta(hours=24),
        timedelta(hours=25),
    ]
