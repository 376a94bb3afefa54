"""Every change of clocks that the time-zone database knows for the places clinics are in."""

import json
from datetime import UTC, datetime, time, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic.appointments.rules import local_time
from clinic.appointments.rules.slots import GRID_MINUTES

ZONES = json.loads((Path(__file__).parent / "data" / "dst_transitions.json").read_text())["zones"]
MINUTE = timedelta(minutes=1)


def of_the_package(name: str) -> ZoneInfo:
    """As the `tzdata` that we install knows it: the machine's own database may be years older."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def changes(kind: str) -> Any:
    return [
        pytest.param(of_the_package(zone), change, id=f"{zone} {change['utc']}")
        for zone, found in ZONES.items()
        for change in found
        if change["kind"] == kind
    ]


def at(change: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(change["utc"])


def jump(change: dict[str, Any]) -> timedelta:
    return (change["after_min"] - change["before_min"]) * MINUTE


@pytest.mark.parametrize(("zone", "change"), changes("gap"))
def test_a_time_that_clocks_skip_is_moved_forward_by_as_much_as_they_are(
    zone: ZoneInfo, change: dict[str, Any]
) -> None:
    skipped, moment = datetime.fromisoformat(change["wall_before"]), at(change)

    for minutes in range(0, int(jump(change) / MINUTE), GRID_MINUTES):
        local = skipped + minutes * MINUTE
        found = local_time.instant(local.date(), local.time(), zone)
        assert found == moment + minutes * MINUTE
        assert found.astimezone(zone).replace(tzinfo=None) == local + jump(change)
        assert local_time.last_instant(local.date(), local.time(), zone) == found
        assert "-" not in (shown := local_time.clock(found, zone))
        assert "+" not in shown


@pytest.mark.parametrize(("zone", "change"), changes("overlap"))
def test_a_time_that_clocks_show_twice_is_the_first_for_who_comes_and_the_second_for_who_goes(
    zone: ZoneInfo, change: dict[str, Any]
) -> None:
    shown_again, moment, back = datetime.fromisoformat(change["wall_after"]), at(change), -jump(change)

    for minutes in range(0, int(back / MINUTE), GRID_MINUTES):
        local = shown_again + minutes * MINUTE
        first = local_time.instant(local.date(), local.time(), zone)
        second = local_time.last_instant(local.date(), local.time(), zone)
        assert (first, second) == (moment - back + minutes * MINUTE, moment + minutes * MINUTE)
        clocks = [local_time.clock(each, zone) for each in (first, second)]
        assert [clock[:5] for clock in clocks] == [f"{local:%H:%M}"] * 2
        assert clocks[0] != clocks[1]


def is_within_a_day(change: dict[str, Any]) -> bool:
    """Where clocks change at midnight no shift of one day spans it."""
    walls = [datetime.fromisoformat(change[key]) for key in ("wall_before", "wall_after")]
    return walls[0].date() == walls[1].date() and min(walls).time() >= time(0, 30)


@pytest.mark.parametrize(
    ("zone", "change"), [it for kind in ("gap", "overlap") for it in changes(kind) if is_within_a_day(it.values[1])]
)
def test_who_works_through_the_change_works_as_much_less_or_more(zone: ZoneInfo, change: dict[str, Any]) -> None:
    walls = [datetime.fromisoformat(change[key]) for key in ("wall_before", "wall_after")]
    day = walls[0].date()
    comes, goes = (min(walls) - 30 * MINUTE).time(), (max(walls) + 30 * MINUTE).time()

    begins, ends = local_time.hours(day, comes, goes, zone)

    on_paper = datetime.combine(day, goes) - datetime.combine(day, comes)
    assert ends - begins == on_paper - jump(change)
    assert local_time.change_on(day, zone) == jump(change)


def test_on_other_days_a_clock_is_a_clock() -> None:
    berlin, moment = ZoneInfo("Europe/Berlin"), datetime(2026, 9, 14, 8, 30, tzinfo=UTC)

    assert local_time.clock(moment, berlin) == "10:30"
    assert local_time.change_on(moment.date(), berlin) == timedelta(0)


def test_somebody_elsewhere_is_told_both_clocks_only_where_they_differ() -> None:
    moment = datetime(2026, 9, 14, 14, 30, tzinfo=UTC)
    new_york, toronto, berlin = ZoneInfo("America/New_York"), ZoneInfo("America/Toronto"), ZoneInfo("Europe/Berlin")

    assert local_time.elsewhere(moment, new_york, toronto) is None
    theirs = local_time.elsewhere(moment, new_york, berlin)
    assert theirs
    assert f"{theirs:%H:%M}" == "16:30"
