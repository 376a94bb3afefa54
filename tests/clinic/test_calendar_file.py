"""The calendar file: another program reads from it just what we wrote."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from clinic.reminders.rules.calendar_file import Entry, written

AT = datetime(2026, 9, 17, 14, 30, tzinfo=UTC)
SAID = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp", "Cn", "Co", "Zs"]), max_size=120)


def an_entry(**fields: object) -> Entry:
    defaults = {
        "uid": "1@clinic.example",
        "sequence": 0,
        "starts_at": AT,
        "ends_at": AT + timedelta(minutes=45),
        "title": "Visit at Northgate",
        "changed_at": AT - timedelta(days=9),
    }
    return Entry(**defaults | fields)  # type: ignore[arg-type]


@settings(max_examples=60)
@given(SAID, SAID)
def test_any_title_and_place_comes_out_as_it_went_in(title: str, place: str) -> None:
    file = written([an_entry(title=title, place=place)], name="Visits; all, of \\ them")

    [event] = Calendar.from_ical(file).walk("VEVENT")
    assert str(event["SUMMARY"]) == title
    assert str(event.get("LOCATION", "")) == place
    assert b"\r\nNAME:Visits\\; all\\, of \\\\ them\r\n" in file
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    assert file.replace(b"\r\n", b"").count(b"\n") == 0


def test_a_line_break_cannot_smuggle_a_second_visit_in() -> None:
    file = written([an_entry(place="Main Street\r\nEND:VEVENT\r\nBEGIN:VEVENT\u2028x\x00")], name="x")

    assert len(Calendar.from_ical(file).walk("VEVENT")) == 1
    assert b"\x00" not in file


def test_the_hour_stays_right_where_clocks_change() -> None:
    zone = ZoneInfo("America/New_York")
    before, after = datetime(2026, 10, 31, 10, 30, tzinfo=zone), datetime(2026, 11, 1, 10, 30, tzinfo=zone)
    twice = datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=zone)
    entries = [
        an_entry(uid=str(n), starts_at=at, ends_at=(at.astimezone(UTC) + timedelta(minutes=45)))
        for n, at in enumerate([before, after, twice])
    ]

    events = Calendar.from_ical(written(entries, name="x")).walk("VEVENT")

    found = {str(event["UID"]): event.start.astimezone(zone) for event in events}
    assert [found[str(n)].strftime("%d %H:%M %Z") for n in range(3)] == ["31 10:30 EDT", "01 10:30 EST", "01 01:30 EST"]
    assert {event.end - event.start for event in events} == {timedelta(minutes=45)}


def test_it_is_a_calendar_and_no_invitation() -> None:
    file = written([an_entry(sequence=3), an_entry(uid="2", is_cancelled=True)], name="Visits at Northgate")

    calendar = Calendar.from_ical(file)
    assert "METHOD" not in calendar
    assert [(str(it["UID"]), it["SEQUENCE"], str(it["STATUS"])) for it in calendar.walk("VEVENT")] == [
        ("1@clinic.example", 3, "CONFIRMED"),
        ("2", 0, "CANCELLED"),
    ]
    assert not {"ATTENDEE", "ORGANIZER", "DESCRIPTION"} & set(calendar.walk("VEVENT")[0])
    assert file == written([an_entry(uid="2", is_cancelled=True), an_entry(sequence=3)], name="Visits at Northgate")
