"""What a visit was before somebody booked, moved or cancelled it: kept so that a slip can be undone."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from clinic.appointments.models import Appointment, BookingPolicy, Hold, VisitChange
from people.models import User

Image = dict[str, Any]

_MOMENTS = ("starts_at", "ends_at", "confirmed_at", "timed_at", "news_at", "expected_at", "arrived_at")
_IDS = ("site_id", "clinician_id", "group_id")
_PLAIN = ("status", "seat", "overbooked_because")


def news_at(by: User | None, now: datetime, *, policy: BookingPolicy | None = None) -> datetime:
    """From when on the patient may be told. Whoever is signed in has some minutes to undo it; a link has none."""
    return now + (policy or BookingPolicy.current()).undo_window if by else now


def images(visits: Collection[Appointment]) -> dict[UUID, Image]:
    """How these visits stand now and what they hold, by visit. One query."""
    held: dict[UUID | None, list[Image]] = defaultdict(list)
    for it in Hold.objects.filter(appointment__in=visits).order_by("pk"):
        held[it.appointment_id].append(
            {
                "resource": str(it.resource_id),
                "from": it.during.lower.isoformat(),
                "until": it.during.upper.isoformat(),
                "is_overbooked": it.is_overbooked,
            }
        )
    return {visit.pk: _fields(visit) | {"holds": held[visit.pk]} for visit in visits}


def _fields(visit: Appointment) -> Image:
    moments = {name: getattr(visit, name) for name in _MOMENTS}
    ids = {name: getattr(visit, name) for name in _IDS}
    return (
        {name: moment and moment.isoformat() for name, moment in moments.items()}
        | {name: pk and str(pk) for name, pk in ids.items()}
        | {name: getattr(visit, name) for name in _PLAIN}
    )


def restore(visit: Appointment, before: Image) -> list[Hold]:
    """Make `visit` what it was, unsaved, and give what it held then."""
    for name in _MOMENTS:
        setattr(visit, name, before[name] and datetime.fromisoformat(before[name]))
    for name in _IDS:
        setattr(visit, name, before[name] and UUID(before[name]))
    for name in _PLAIN:
        setattr(visit, name, before[name])
    return [
        Hold(
            appointment=visit,
            resource_id=UUID(it["resource"]),
            during=DateTimeTZRange(datetime.fromisoformat(it["from"]), datetime.fromisoformat(it["until"])),
            is_overbooked=it["is_overbooked"],
        )
        for it in before["holds"]
    ]


def remember(
    deed: VisitChange.Deed,
    visits: Collection[Appointment],
    *,
    by: User | None,
    now: datetime,
    before: Mapping[UUID, Image] | None = None,
) -> None:
    """Write down what was done to these visits. One query. `before` is empty for what is new."""
    VisitChange.objects.bulk_create(changes(deed, visits, by=by, now=now, before=before))


def changes(
    deed: VisitChange.Deed,
    visits: Collection[Appointment],
    *,
    by: User | None,
    now: datetime,
    before: Mapping[UUID, Image] | None = None,
) -> list[VisitChange]:
    """The same, unwritten."""
    return [
        VisitChange(
            appointment=visit,
            deed=deed,
            revision=visit.revision,
            before=(before or {}).get(visit.pk, {}),
            by=by,
            at=now,
        )
        for visit in visits
    ]
