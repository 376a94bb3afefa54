"""Edge cases that others have met, told as facts (tests/clinic/data/slot_cases.json says whose)."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from booking_cast import Cast, a_cast, at, service
from django.db import IntegrityError
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from factories import NOW, a_room

from clinic.appointments.actions import booking
from clinic.appointments.models import Absence, Appointment
from clinic.appointments.rules import local_time
from clinic.appointments.rules.limits import Limits
from clinic.appointments.rules.refusals import CannotBecome, InThePast, SlotTaken
from clinic.appointments.rules.slots import GRID_MINUTES, Grid, Span, is_on_grid, joined, minute_of, moment_of, without

CASES = json.loads((Path(__file__).parent / "data" / "slot_cases.json").read_text())["cases"]
DAY = timedelta(days=1)
# What we do otherwise, and why.
OTHERWISE = {
    "115": "a visit that has begun is not booked: who walks in late gets the next quarter hour",
    "121": "what is cancelled stays as it is: the second who cancels is told so",
}


def cases(kind: str) -> Any:
    return [pytest.param(case, id=f"{case['id']} {case['title']}") for case in CASES if case["kind"] == kind]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def span(pair: dict[str, str]) -> Span:
    return Span.of(moment(pair["start"]), moment(pair["end"]))


def offered(case: dict[str, Any]) -> list[datetime]:
    """The starts of the case on our grid. As with a room of ours, buffers may lie outside of the hours."""
    windows = [span(window) for window in case["windows"]]
    asked = case["service"]
    kept = asked["buffer_before"] + asked["minutes"] + asked["buffer_after"]
    grid = Grid(moment_of(min(windows).starts) - DAY, moment_of(max(windows).ends) + DAY)
    bits = grid.fitting(joined(windows), asked["minutes"])
    bits &= ~grid.clashing(map(span, case["bookings"]), kept, before=asked["buffer_before"])
    earliest = case.get("earliest") or case["now"]
    if earliest:
        limits = Limits(notice=timedelta(minutes=case["min_notice_minutes"]))
        bits &= grid.from_on(moment(earliest) + limits.notice)
    return [moment_of(start) for start in grid.starts(bits)]


def fitted(starts: list[datetime], minutes: int) -> int:
    """How many visits can be given one after the other."""
    count, free_from = 0, datetime.min.replace(tzinfo=UTC)
    for start in starts:
        if start >= free_from:
            count, free_from = count + 1, start + timedelta(minutes=minutes)
    return count


@pytest.mark.parametrize("case", cases("slots"))
def test_what_another_grid_offers_ours_offers_too_where_it_is_a_quarter_hour(case: dict[str, Any]) -> None:
    expected = case["expect"]
    known = expected.get("starts") or expected.get("starts_utc") or expected.get("contains") or []

    starts = [moment(start).astimezone(UTC) for start in known]

    assert {start for start in starts if is_on_grid(start)} <= set(offered(case))


@pytest.mark.parametrize("case", cases("slots"))
def test_what_no_grid_may_offer_ours_does_not(case: dict[str, Any]) -> None:
    found, expected = offered(case), case["expect"]

    assert not {moment(start).astimezone(UTC) for start in expected.get("excludes", [])} & set(found)
    assert all(start >= moment(expected["not_before"]) for start in found if "not_before" in expected)
    assert all(start >= moment(expected["first"]) for start in found if "first" in expected)
    for start in found:
        visit = Span(minute_of(start), minute_of(start) + case["service"]["minutes"])
        assert any(window.covers(visit) for window in joined(map(span, case["windows"])))
        assert not any(visit.overlaps(span(booking)) for booking in case["bookings"])


def takes_whole_quarters(case: dict[str, Any]) -> bool:
    asked, starts = case["service"], case["expect"].get("starts", [])
    has_buffers = asked["buffer_before"] or asked["buffer_after"]
    return not (asked["minutes"] % GRID_MINUTES or has_buffers) and all(is_on_grid(moment(each)) for each in starts)


@pytest.mark.parametrize("case", [case for case in cases("slots") if takes_whole_quarters(case.values[0])])
def test_no_grid_gives_more_visits_of_whole_quarter_hours_than_ours(case: dict[str, Any]) -> None:
    expected = case["expect"]
    known = expected.get("starts") or expected.get("starts_utc") or []
    count = expected.get("count", expected.get("min_count", len(known)))

    found = fitted(offered(case), case["service"]["minutes"])

    assert found >= count
    assert found == 0 or expected.get("count") != 0


@pytest.mark.parametrize("case", [case for case in cases("slots") if "local_labels" in case.values[0]])
def test_the_hour_that_clocks_show_twice_is_shown_with_its_offset(case: dict[str, Any]) -> None:
    zone = ZoneInfo(case["clinic_tz"])

    shown = [local_time.clock(moment(start), zone) for start in case["expect"]["starts_utc"]]

    assert shown == case["local_labels"]


@pytest.mark.parametrize("case", cases("windows"))
def test_hours_are_those_of_the_wall_clock(case: dict[str, Any]) -> None:
    if "open" in case:
        found = without(*([Span.of(*map(moment, pair)) for pair in case[kind]] for kind in ("open", "busy")))
    else:
        found = _windows(case)

    if "last_day" in case["expect"]:
        last = moment_of(found[-1].starts).astimezone(ZoneInfo(case["clinic_tz"])).date()
        assert last == date.fromisoformat(case["expect"]["last_day"])
    else:
        assert found == [Span.of(*map(moment, pair)) for pair in case["expect"]["windows"]]


def _windows(case: dict[str, Any]) -> list[Span]:
    """Weekly hours with dated exceptions, cut to what was asked for. Weekdays count from Sunday in these cases."""
    zone, (begins, ends) = ZoneInfo(case["clinic_tz"]), map(moment, case["range"])
    replaced = {date.fromisoformat(it["date"]): it for it in case.get("overrides", [])}
    spans, day = [], (begins - DAY).date()
    while day <= ends.date():
        weekly = [it for it in case["weekly"] if day.isoweekday() % 7 in it["days"]]
        spans += [_hours(day, it, zone) for it in ([replaced[day]] if day in replaced else weekly)]
        day += DAY
    outside = [Span(0, minute_of(begins)), Span(minute_of(ends), minute_of(ends) + 10_000)]
    return without(spans, outside)


def _hours(day: date, it: dict[str, str], zone: ZoneInfo) -> Span:
    if it["to"] == "24:00":
        opens = local_time.instant(day, time.fromisoformat(it["from"]), zone)
        return Span.of(opens, local_time.day_bounds(day, zone)[1])
    return Span.of(*local_time.hours(day, time.fromisoformat(it["from"]), time.fromisoformat(it["to"]), zone))


@pytest.mark.parametrize("case", cases("resolve_local"))
def test_a_clock_means_a_moment_even_where_it_jumps(case: dict[str, Any]) -> None:
    zone, local, expected = ZoneInfo(case["tz"]), datetime.fromisoformat(case["local"]), case["expect"]

    first = local_time.instant(local.date(), local.time(), zone).astimezone(zone)
    last = local_time.last_instant(local.date(), local.time(), zone).astimezone(zone)

    if expected["exists"]:
        assert first.replace(tzinfo=None) == last.replace(tzinfo=None) == local
        assert (first.utcoffset() != last.utcoffset()) is expected["ambiguous"]
        assert local_time.is_shown_twice(first) is expected["ambiguous"]
    else:
        assert first.replace(tzinfo=None) == datetime.fromisoformat(expected["moved_forward_to"])


@pytest.fixture
def cast() -> Cast:
    return a_cast()


def _moved_into_the_past(cast: Cast) -> Appointment:
    visit = cast.book(at(10))
    return booking.move(
        visit, starts_at=at(9), resources=cast.pieces, revision=visit.revision, by=cast.rosa, now=at(9, 30)
    )


def _cancelled_twice(cast: Cast) -> Appointment:
    visit = booking.cancel(cast.book(at(10)), reason="", by=cast.rosa, now=NOW)
    return booking.cancel(visit, reason="", by=cast.rosa, now=NOW)


def _away(cast: Cast) -> Absence:
    return Absence.objects.create(resource=cast.sara, during=DateTimeTZRange(at(9), at(17)))


# One for each rule of the cases: what somebody tries, and what the appointment book says.
TRIED: dict[str, tuple[Callable[[Cast], object], type[Exception]]] = {
    "112": (lambda cast: [cast.book(at(10)), cast.book(at(10))], SlotTaken),
    "115": (lambda cast: cast.book(at(10), now=at(10, 10)), InThePast),
    "118": (_moved_into_the_past, InThePast),
    "121": (_cancelled_twice, CannotBecome),
    "127": (lambda cast: [cast.book(at(10)), cast.book(at(10), resources=[cast.sara, a_room("Room 2")])], SlotTaken),
    "133": (lambda cast: [_away(cast), _away(cast)], IntegrityError),
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", cases("rule"))
def test_what_others_refuse_we_refuse_and_where_not_we_say_why(case: dict[str, Any], cast: Cast) -> None:
    attempt, refusal = TRIED[case["id"]]

    with pytest.raises(refusal):
        attempt(cast)

    assert case["expect"]["allowed"] is (case["id"] in OTHERWISE)


@pytest.mark.parametrize("case", cases("limit"))
def test_a_day_that_has_its_visits_is_full(case: dict[str, Any]) -> None:
    limits = Limits(daily=case["limits"]["day"])

    is_full = limits.is_full(service(), visits=case["booked"]["day"], of_this_service=0)

    assert is_full is not case["expect"]["allowed"]
