"""By which way a patient is reached: as they want, else as it works."""

from collections.abc import Collection, Iterable
from typing import Any, Final
from uuid import UUID

from django.db import connection

from clinic.reminders import channels
from clinic.reminders.models import Message, ReminderPolicy

Channel = Message.Channel

# One row for each patient in `wanted` (patient_id). Who cannot be reached at all keeps the first way that the clinic
# uses: the message is then held back with the reason, and becomes a letter.
REACH: Final = """
out AS MATERIALIZED (
    SELECT patient_id, channel FROM (
        SELECT DISTINCT ON (patient_id, channel) patient_id, channel, is_out FROM reminders_optout
        WHERE patient_id IS NOT NULL ORDER BY patient_id, channel, at DESC, id DESC
    ) AS last WHERE is_out
), can AS (
    SELECT p.id AS patient_id, p.address <> '' AS letter,
        NULLIF(c.channel, '') AS first, NULLIF(c.fallback, '') AS second,
        p.may_be_mailed AND p.email LIKE '%%@%%'
            AND NOT EXISTS (SELECT FROM out WHERE out.patient_id = p.id AND out.channel = 'email') AS email,
        'sms' = ANY(%(wired)s) AND p.mobile <> ''
            AND NOT EXISTS (SELECT FROM out WHERE out.patient_id = p.id AND out.channel = 'sms') AS sms,
        'push' = ANY(%(wired)s) AND EXISTS (
            SELECT FROM reminders_pushsubscription s WHERE s.user_id = p.user_id AND s.gone_at IS NULL)
            AND NOT EXISTS (SELECT FROM out WHERE out.patient_id = p.id AND out.channel = 'push') AS push
    FROM patients_patient p LEFT JOIN reminders_contactpreference c ON c.patient_id = p.id
    WHERE p.id IN (SELECT patient_id FROM wanted)
), reach AS MATERIALIZED (
    SELECT patient_id, COALESCE(
        CASE WHEN COALESCE(first, %(first)s) = ANY(open) THEN COALESCE(first, %(first)s) END,
        CASE WHEN second = ANY(open) THEN second END,
        CASE WHEN %(first)s = ANY(open) THEN %(first)s END,
        CASE WHEN email THEN 'email' WHEN sms THEN 'sms' WHEN push THEN 'push' ELSE 'email' END) AS channel
    FROM (SELECT can.*, array_remove(ARRAY[CASE WHEN letter THEN 'letter' END, CASE WHEN email THEN 'email' END,
        CASE WHEN sms THEN 'sms' END, CASE WHEN push THEN 'push' END], NULL) AS open FROM can) AS ways
)"""


def given() -> dict[str, Any]:
    """What `REACH` asks for, and the clinic's hours of speaking."""
    policy = ReminderPolicy.current()
    return {
        "wired": [str(it) for it in channels.by_wire()],
        "first": policy.first_channel,
        "speak_from": policy.speak_from,
        "speak_until": policy.speak_until,
    }


def channels_of(patients: Collection[UUID], ways: dict[str, Any]) -> dict[UUID, str]:
    """The way for each of them. One query."""
    statement = (
        f"WITH wanted AS (SELECT unnest(%(patients)s::uuid[]) AS patient_id), {REACH}"  # noqa: S608  our own words
        " SELECT patient_id, channel FROM reach"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"patients": list(patients), **ways})
        return dict(cursor.fetchall())


def on_their_way(owed: Iterable[Message], ways: dict[str, Any]) -> list[Message]:
    """The same messages, each by the way of its patient."""
    found = list(owed)
    patients = {it.patient_id for it in found if it.patient_id}
    known = channels_of(patients, ways) if patients else {}
    for message in found:
        if message.patient_id in known:
            message.channel = known[message.patient_id]
    return found
