"""The reminders of all visits in one statement: a clinic of any size is looked over in one go.

Only what is due within some days is written down. What comes later follows from the visits at any time (`later`),
and until then it costs nothing, and no visit that moves leaves a row behind.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, connection, transaction

from clinic.appointments.models import Appointment
from clinic.reminders.actions import reach, timetable
from clinic.reminders.models import Message, SendingRule
from clinic.reminders.rules import occasions, timing
from clinic.reminders.rules.schedule import EARLY, EVE, SOON, Key, Timing

AHEAD: Final = timedelta(days=4)  # a long weekend, in which somebody at the desk may still look what is to leave
# Longer than anybody may undo what they did, and than it takes until the next thorough look.
_LATELY: Final = timedelta(hours=1)

# The same as `timing.reminders_of_visit`, which the tests hold it against. A delayed reminder gives way to the next.
_STATEMENT: Final = """
WITH visit AS MATERIALIZED (
    SELECT v.id, v.patient_id, v.starts_at, v.timed_at AS heard_at,
        (v.starts_at AT TIME ZONE s.time_zone)::date AS day, s.time_zone AS zone,
        'visit:' || v.id || '@' || to_char(v.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') || '+00:00#'
            AS occasion
    FROM appointments_appointment v JOIN people_site s ON s.id = v.site_id
    WHERE v.status IN ('booked', 'confirmed') AND (v.news_at IS NULL OR v.news_at <= %(now)s)
        AND v.starts_at > %(now)s AND v.starts_at < %(until)s AND v.timed_at > %(timed_after)s
), moment AS MATERIALIZED (
    SELECT visit.*,
        CASE WHEN %(early)s THEN (day - %(early_days)s + %(early_at)s::time) AT TIME ZONE zone END AS early,
        CASE WHEN %(eve)s THEN (day - %(eve_days)s + %(eve_at)s::time) AT TIME ZONE zone END AS eve,
        CASE WHEN %(soon)s AND ((starts_at - %(soon_before)s) AT TIME ZONE zone)::time >= %(speak_from)s
            AND ((starts_at - %(soon_before)s) AT TIME ZONE zone)::time < %(speak_until)s
            THEN starts_at - %(soon_before)s END AS soon
    FROM visit
), due AS (
    SELECT moment.id, patient_id, starts_at, heard_at, occasion || w.name AS occasion, w.name, w.due_at, w.not_after
    FROM moment CROSS JOIN LATERAL (VALUES
        ('early', early, LEAST(eve, soon, starts_at - %(last_call)s)),
        ('eve', eve, LEAST(soon, starts_at - %(last_call)s)),
        ('soon', soon, starts_at - %(too_late)s)) AS w (name, due_at, not_after)
    WHERE w.due_at IS NOT NULL AND w.due_at < %(ahead)s AND w.due_at < w.not_after AND w.not_after > %(now)s
        AND heard_at + %(remembered)s <= w.due_at
), wanted AS MATERIALIZED (
    SELECT due.* FROM due
    WHERE NOT EXISTS (SELECT FROM reminders_message m WHERE m.appointment_id = due.id AND m.kind = 'reminder'
            AND m.starts_at = due.starts_at AND m.occasion = due.occasion)
        AND NOT EXISTS (SELECT FROM reminders_sendingrule r WHERE r.patient_id = due.patient_id
            AND r.kind = 'reminder' AND r.which IN ('', due.name) AND r.channel = '' AND NOT r.is_on)
), {reach}
INSERT INTO reminders_message (id, occasion, kind, channel, patient_id, appointment_id, starts_at, due_at, not_before,
    not_after, state, reason, token, attempts, language, address_digest, address_hint)
SELECT uuidv7(), occasion, 'reminder', reach.channel, wanted.patient_id, wanted.id, starts_at, due_at, due_at,
    not_after, 'ready', '', 0, 0, '', '', ''
FROM wanted JOIN reach USING (patient_id)"""


def plan(times: Mapping[Key, Timing], ways: dict[str, Any], *, now: datetime, is_thorough: bool = True) -> int:
    """Owe every reminder that is due within some days, and say how many were new.

    Unless it is thorough, of those visits only that were booked or moved lately.
    """
    early, eve, soon = (times["reminder", it] for it in (EARLY, EVE, SOON))
    # A day more: of a day it is the evening that is meant, or the morning.
    longest = max(timedelta(days=max(early.days, eve.days) + 1), timedelta(hours=soon.hours))
    values = {
        "now": now,
        "ahead": now + AHEAD,
        "until": now + AHEAD + longest,
        "timed_after": datetime.min.replace(tzinfo=UTC) if is_thorough else now - _LATELY,
        "early": early.is_on,
        "early_days": early.days,
        "early_at": early.at,
        "eve": eve.is_on,
        "eve_days": eve.days,
        "eve_at": eve.at,
        "soon": soon.is_on,
        "soon_before": timedelta(hours=soon.hours),
        "last_call": timing.LAST_CALL,
        "too_late": timing.TOO_LATE,
        "remembered": timing.STILL_REMEMBERED,
        **ways,
    }
    statement = _STATEMENT.format(reach=reach.REACH)
    try:
        with transaction.atomic():
            return _written(statement, values)
    except IntegrityError:
        # Somebody else wrote one of them meanwhile. To allow for that from the start costs a fifth of the whole.
        return _written(f"{statement} ON CONFLICT DO NOTHING", values)


def _written(statement: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def later(visits: Iterable[Appointment], *, written: Collection[str], now: datetime) -> list[Message]:
    """What these visits will be reminded of as things stand, without the occasions that are written down already.

    The messages are not in the database, and may change until they are. The latest first; the same number of queries
    for one visit and for many.
    """
    coming = list(visits)
    if not coming:
        return []
    times, patients = timetable.current(), {it.patient_id for it in coming}
    off = SendingRule.objects.filter(patient__in=patients, kind=Message.Kind.REMINDER, channel="", is_on=False)
    unwanted = set(off.values_list("patient_id", "which"))
    found = [
        about(visit, Message.Kind.REMINDER, occasion, due)
        for visit in coming
        for which, due in timing.reminders_of_visit(
            visit.starts_at, timed_at=visit.timed_at, zone=visit.site.zone, timetable=times
        ).items()
        if due.at > now
        and (occasion := occasions.visit(visit.pk, visit.starts_at, which=which)) not in written
        and unwanted.isdisjoint({(visit.patient_id, which), (visit.patient_id, "")})
    ]
    return sorted(reach.on_their_way(found, reach.given()), key=lambda it: it.due_at, reverse=True)


def about(visit: Appointment, kind: Message.Kind, occasion: str, due: timing.Due) -> Message:
    """A message to the patient of this visit, not in the database yet."""
    return Message(
        occasion=occasion,
        kind=kind,
        patient_id=visit.patient_id,
        appointment=visit,
        starts_at=visit.starts_at,
        due_at=due.at,
        not_before=due.at,
        not_after=due.not_after,
    )
