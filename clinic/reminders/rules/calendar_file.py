"""Visits as a calendar file (RFC 5545). It says when and where, and nothing about health."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_LINE: Final = 75  # octets, RFC 5545 3.1
_ESCAPED: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One visit. Moved, it keeps its `uid` and `sequence` grows: a calendar moves it and does not show it twice."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    title: str
    place: str = ""
    changed_at: datetime
    is_cancelled: bool = False


def written(entries: Iterable[Entry], *, name: str) -> bytes:
    """The whole file, the same bytes for the same visits. No METHOD: it is a calendar, not an invitation.

    Times are instants in UTC, so that no calendar has to know what our clocks do in March.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Rebalance Clinic//Visits//EN", "CALSCALE:GREGORIAN"]
    lines += [f"X-WR-CALNAME:{_text(name)}", f"NAME:{_text(name)}"]
    lines += ["REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"]
    for entry in sorted(entries, key=lambda it: (it.starts_at, it.uid)):
        lines += _event(entry)
    lines.append("END:VCALENDAR")
    return b"".join(b"\r\n".join(_folded(line)) + b"\r\n" for line in lines)


def _event(it: Entry) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{it.uid}"
    yield f"DTSTAMP:{_moment(it.changed_at)}"
    yield f"LAST-MODIFIED:{_moment(it.changed_at)}"
    yield f"SEQUENCE:{it.sequence}"
    yield f"DTSTART:{_moment(it.starts_at)}"
    yield f"DTEND:{_moment(it.ends_at)}"
    yield f"SUMMARY:{_text(it.title)}"
    if it.place:
        yield f"LOCATION:{_text(it.place)}"
    yield f"STATUS:{'CANCELLED' if it.is_cancelled else 'CONFIRMED'}"
    yield "CLASS:PRIVATE"
    yield "END:VEVENT"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(said: str) -> str:
    return "".join(letter for letter in said if letter == "\n" or letter.isprintable()).translate(_ESCAPED)


def _folded(line: str) -> Iterator[bytes]:
    """Parts of at most 75 octets, never cut inside a letter; each but the first begins with a space."""
    part = b""
    for letter in line:
        octets = letter.encode()
        if len(part) + len(octets) > _LINE:
            yield part
            part = b" "
        part += octets
    yield part
