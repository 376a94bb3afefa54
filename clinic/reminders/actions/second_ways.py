"""When one way fails: the next that works, or a letter. And when the patient prefers another before it leaves."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from clinic.reminders.actions import reach
from clinic.reminders.models import Message

Kind, State, Channel = Message.Kind, Message.State, Message.Channel
_OF_THE_WAY: Final = (
    "declined", "no_email", "no_mobile", "no_push", "opted_out", "doubtful", "not_this_way", "bounced", "bad_address",
    "bad_number", "not_mobile", "blocked", "refused_text", "undelivered", "cannot_tell",
)  # fmt: skip
# What a letter can still tell in time, if somebody prints it. Nobody prints a nudge.
_BY_LETTER: Final = (Kind.BOOKED, Kind.MOVED, Kind.CANCELLED, Kind.NEXT_DUE, Kind.REASSESSMENT, Kind.RECALL)
_LOOK_BACK: Final = timedelta(days=3)
_SETTLED_SOON: Final = timedelta(hours=1)
_AT_ONCE: Final = 200  # if PostgreSQL does compare each with each, it is soon through

# Which rows are meant is asked first, and said by their ids: how many there are PostgreSQL can only guess, and whoever
# guesses one where there are twenty thousand compares each with each. Mostly there are none, and that was all.
_SOON: Final = """
SELECT id, patient_id, channel FROM reminders_message
WHERE state = 'ready' AND due_at < %(soon)s AND attempts = 0 AND instead_of_id IS NULL AND patient_id IS NOT NULL"""

_CHANGED_THEIR_MIND: Final = """
UPDATE reminders_message m SET channel = it.channel
FROM unnest(%(ids)s::uuid[], %(channels)s::text[]) AS it (id, channel)
WHERE m.id = it.id AND m.state = 'ready' AND m.attempts = 0
    AND NOT EXISTS (SELECT FROM reminders_message other WHERE other.occasion = m.occasion AND other.kind = m.kind
        AND other.channel = it.channel AND other.patient_id = m.patient_id)"""

_STUCK: Final = """
SELECT m.id FROM reminders_message m
WHERE m.state IN ('failed', 'suppressed', 'unknown') AND m.reason = ANY(%(reasons)s) AND m.patient_id IS NOT NULL
    AND m.channel <> 'letter' AND m.due_at > %(since)s AND m.not_after > %(now)s
    AND NOT EXISTS (SELECT FROM reminders_message r WHERE r.instead_of_id = m.id)"""

# The other ways are those that no message of the same occasion was given to yet.
_STATEMENT: Final = """
WITH stuck AS MATERIALIZED (
    SELECT m.* FROM unnest(%(ids)s::uuid[]) AS it (id) JOIN reminders_message m USING (id)
), wanted AS (SELECT DISTINCT patient_id FROM stuck), {reach}, other AS (
    SELECT stuck.*, CASE
        WHEN can.second <> stuck.channel AND (can.second = 'letter' AND can.letter OR can.second = 'email' AND can.email
            OR can.second = 'sms' AND can.sms OR can.second = 'push' AND can.push) THEN can.second
        WHEN reach.channel IN ('sms', 'push') AND reach.channel <> stuck.channel THEN reach.channel
        WHEN stuck.channel <> 'email' AND can.email THEN 'email'
        WHEN stuck.channel <> 'sms' AND can.sms THEN 'sms'
        WHEN stuck.channel <> 'push' AND can.push THEN 'push'
        WHEN can.letter AND stuck.kind = ANY(%(by_letter)s) OR reach.channel = 'letter' THEN 'letter' END AS way
    FROM stuck JOIN reach USING (patient_id) JOIN can USING (patient_id)
)
INSERT INTO reminders_message (id, occasion, kind, channel, patient_id, appointment_id, plan_id, starts_at, due_at,
    not_before, not_after, state, reason, token, attempts, language, address_digest, address_hint, instead_of_id)
SELECT gen_random_uuid(), occasion, kind, way, patient_id, appointment_id, plan_id, starts_at, due_at,
    GREATEST(due_at, %(now)s), not_after, 'ready', '', 0, 0, '', '', '', id
FROM other WHERE way IS NOT NULL
ON CONFLICT DO NOTHING"""


def plan(ways: dict[str, Any], *, now: datetime) -> int:
    """Owe by another way what could not be brought by the first, and say how many are new."""
    _change_with_them(ways, now)
    stuck: dict[str, Any] = {"reasons": list(_OF_THE_WAY), "since": now - _LOOK_BACK, "now": now}
    values = {"by_letter": [str(it) for it in _BY_LETTER], "now": now, **ways}
    count = 0
    with connection.cursor() as cursor:
        cursor.execute(_STUCK, stuck)
        ids = [row[0] for row in cursor.fetchall()]
        for first in range(0, len(ids), _AT_ONCE):
            cursor.execute(_STATEMENT.format(reach=reach.REACH), {"ids": ids[first : first + _AT_ONCE], **values})
            count += cursor.rowcount
    return count


def _change_with_them(ways: dict[str, Any], now: datetime) -> None:
    """What leaves soon goes the way that the patient wants by now."""
    with connection.cursor() as cursor:
        cursor.execute(_SOON, {"soon": now + _SETTLED_SOON})
        soon = cursor.fetchall()
        if not soon:
            return
        wanted = reach.channels_of({patient for _, patient, _ in soon}, ways)
        other = {key: way for key, patient, channel in soon if (way := wanted[patient]) != channel}
        if other:
            cursor.execute(_CHANGED_THEIR_MIND, {"ids": list(other), "channels": list(other.values())})
