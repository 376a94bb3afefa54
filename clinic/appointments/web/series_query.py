"""What the desk wants of a plan that is to be booked, as it stands in the address of the page."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core import signing
from django.http import QueryDict

from clinic.appointments.actions.series import Stands
from clinic.appointments.actions.series_problem import Asked
from clinic.appointments.models import Appointment
from clinic.appointments.rules import local_time, slots
from clinic.appointments.rules.series.answer import Limit, Placed, Proposal, Step
from clinic.appointments.rules.series.problem import Booked, Pin

MOST_AWAY_DAYS = 120
LONGEST_ABSENCE = 90
YEARS = range(2000, 2200)  # in which a visit can lie
_SALT = "plan-to-be-booked"
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def read(sent: QueryDict, *, zone: ZoneInfo) -> Asked:
    """What makes no sense is as if it had not been said: the page shows what it understood."""
    weekdays = frozenset(int(it) for it in sent.getlist("day") if it in set("0123456"))
    return Asked(
        whole=sent.get("what") != "due",
        with_optional=bool(sent.get("optional")),
        weekdays=weekdays,
        earliest=_clock(sent.get("from")),
        latest=_clock(sent.get("until")),
        site_id=as_id(sent.get("site")),
        longest_absence=_number(sent.get("absence"), LONGEST_ABSENCE),
        away=frozenset(_days(sent.get("away_from"), sent.get("away_to"))),
        pins=dict(_pins(sent, zone)),
        left_out=frozenset(it for text in sent.getlist("out") if (it := as_id(text))),
        allowed=tuple(_steps(sent.getlist("allow"))),
    )


def spelled(asked: Asked, **more: Any) -> str:
    """The same, for the address of a link."""
    said: list[tuple[str, Any]] = [("what", "all" if asked.whole else "due")]
    said += [("optional", 1)] if asked.with_optional else []
    said += [("day", day) for day in sorted(asked.weekdays)]
    said += [("from", f"{asked.earliest:%H:%M}")] if asked.earliest else []
    said += [("until", f"{asked.latest:%H:%M}")] if asked.latest else []
    said += [("site", asked.site_id)] if asked.site_id else []
    said += [("absence", asked.longest_absence)] if asked.longest_absence else []
    if asked.away:
        said += [("away_from", min(asked.away)), ("away_to", max(asked.away))]
    said += [("pin", f"{pk}.{pin.starts}.{pin.clinician_id or ''}") for pk, pin in asked.pins.items()]
    said += [("out", pk) for pk in asked.left_out]
    said += [("allow", _step(it)) for it in asked.allowed]
    return urlencode([*said, *more.items()])


def steps(asked: Asked) -> list[str]:
    """What was allowed so far, for the form to send again."""
    return [_step(it) for it in asked.allowed]


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal as it was on the screen, and the visits of the plan that stood then, by session."""

    proposal: Proposal
    stands: Mapping[UUID, Stands]


def sealed(proposal: Proposal, visits: Mapping[UUID, Appointment]) -> str:
    """What was shown, so that exactly that is done. Signed: it names rooms and people."""
    placed = {it.session_id for it in proposal.placed}
    stands = [[str(pk), str(it.pk), it.revision] for pk, it in visits.items() if pk in placed]
    return signing.dumps([[_row(it) for it in proposal.placed], stands], salt=_SALT, compress=True)


def unsealed(text: str) -> Shown | None:
    try:
        rows, stands = signing.loads(text, salt=_SALT, max_age=timedelta(hours=12))
    except (signing.BadSignature, ValueError):
        return None
    return Shown(
        Proposal(placed=tuple(_placed(row) for row in rows)),
        {UUID(session): Stands(UUID(visit), revision) for session, visit, revision in stands},
    )


def _row(it: Placed) -> list[Any]:
    visit = it.visit
    pieces = [str(pk) for pk in (visit.site_id, visit.clinician_id, visit.room_id, *visit.device_ids)]
    return [str(it.session_id), visit.starts, visit.ends, visit.day.isoformat(), *pieces]


def _placed(row: list[Any]) -> Placed:
    session, starts, ends, day, site, clinician, room, *devices = row
    visit = Booked(
        starts=starts,
        ends=ends,
        day=date.fromisoformat(day),
        site_id=UUID(site),
        clinician_id=UUID(clinician),
        room_id=UUID(room),
        device_ids=tuple(UUID(it) for it in devices),
    )
    return Placed(UUID(session), visit)


def as_id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _clock(text: str | None) -> time | None:
    found = _CLOCK.fullmatch((text or "").strip())
    return time(int(found[1]), int(found[2])) if found else None


def _number(text: str | None, most: int) -> int | None:
    return min(int(text), most) if text and text.isascii() and text.isdigit() and int(text) > 0 else None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _days(first: str | None, last: str | None) -> Iterator[date]:
    begins, ends = _day(first), _day(last) or _day(first)
    if begins and ends:
        for n in range(min((ends - begins).days + 1, MOST_AWAY_DAYS)):
            yield begins + timedelta(days=n)


def _pins(sent: QueryDict, zone: ZoneInfo) -> Iterator[tuple[UUID, Pin]]:
    for text in sent.getlist("pin"):
        pk, _dot, rest = text.partition(".")
        minute, _dot, clinician = rest.partition(".")
        session = as_id(pk)
        if session and minute.isascii() and minute.isdigit() and len(minute) <= len("99999999"):
            yield session, Pin(int(minute), as_id(clinician))
    # Typed by hand: on the clinic's clock, with whoever is free.
    for name in sent:
        session = as_id(name.removeprefix("at.")) if name.startswith("at.") else None
        typed = _typed(sent.get(name), zone) if session else None
        if session and typed:
            yield session, Pin(slots.minute_of(typed))


def _typed(text: Any, zone: ZoneInfo) -> datetime | None:
    try:
        naive = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    if naive.year not in YEARS:
        return None
    if naive.tzinfo:
        return naive.astimezone(UTC)
    return local_time.instant(naive.date(), naive.time(), zone)


def _step(it: Step) -> str:
    value = it.value.isoformat() if isinstance(it.value, date | time) else "" if it.value is None else it.value
    side = "sooner" if it.is_earlier else "out" if it.leaves_out else ""
    return f"{it.limit}.{it.session_id or ''}.{value}.{side}"


def _steps(texts: list[str]) -> Iterator[Step]:
    for text in texts:
        limit, session, value, side = (text.split(".") + [""] * 4)[:4]
        if limit in set(Limit) and limit != Limit.OVERRIDE:  # only a clinician unlocks, on the safety page
            yield Step(Limit(limit), as_id(session), _value(value), side == "sooner", side == "out")


def _value(text: str) -> date | time | int | None:
    return _day(text) or _clock(text[:5]) or (int(text) if text.isascii() and text.isdigit() else None)


def shown(asked: Asked) -> Mapping[str, Any]:
    """What the form shows of it."""
    return {
        "what": "all" if asked.whole else "due",
        "optional": asked.with_optional,
        "days": asked.weekdays,
        "from": asked.earliest,
        "until": asked.latest,
        "site": asked.site_id,
        "absence": asked.longest_absence,
        "away_from": min(asked.away, default=None),
        "away_to": max(asked.away, default=None),
    }
