"""Between two hand-overs, one statement: what came of the last message is written, and the next one is let go.

It is the only place where speed and safety meet: one round trip and one commit for each message, and nothing
between the other side's "yes" and our writing it down. What must hold is asked of Django's query language once
for each set of conditions, and kept as SQL.
"""

import re
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import Any, Final
from uuid import UUID

import psycopg
from django.db import DatabaseError, connection
from django.db.models import Exists, Q
from psycopg.sql import Literal

from clinic.reminders.actions import truth
from clinic.reminders.actions.outcomes import Outcome
from clinic.reminders.models import Message

_THIS: Final = UUID("00000000-0000-0000-0000-000000000000")  # stands for the message in the kept SQL
_NOTE_LENGTH: Final = 120

_SETTLED = """
settled AS (
    UPDATE reminders_message SET state = %s, reason = %s, lease_until = NULL,
        sent_at = COALESCE(%s, sent_at), not_before = COALESCE(%s, not_before)
    WHERE id = %s AND token = %s AND state = ANY(%s) RETURNING id
), noted AS (
    UPDATE reminders_attempt SET outcome = %s, note = %s, provider = %s, provider_ref = %s
    WHERE message_id = %s AND token = %s
)"""
_NOTHING_SETTLED = "settled AS (SELECT 1 WHERE false)"
_LET_GO = """
let_go AS (
    UPDATE reminders_message AS it SET state = 'handing', attempts = attempts + 1, lease_until = %s
    WHERE it.id = %s AND it.token = %s AND it.state = 'claimed' AND it.not_after > %s AND EXISTS ({truth})
    RETURNING it.id
), tried AS (
    INSERT INTO reminders_attempt (message_id, token, at, outcome, note, provider, provider_ref)
    SELECT id, %s, %s, '', '', '', '' FROM let_go
)"""
_NOTHING_LET_GO = "let_go AS (SELECT 1 WHERE false)"


def step(done: Outcome | None, following: Message | None, *, now: datetime, lease_until: datetime) -> tuple[bool, bool]:
    """Write down `done` and let `following` go, each if it still may: whether they were.

    A statement is a transaction of its own: both are written or neither.
    """
    connection.ensure_connection()
    settled, settled_values = _settled(done) if done else (_NOTHING_SETTLED, [])
    let_go, let_go_values = _let_go(following, now, lease_until) if following else (_NOTHING_LET_GO, [])
    statement = f"WITH {settled}, {let_go} SELECT EXISTS (SELECT FROM settled), EXISTS (SELECT FROM let_go)"  # noqa: S608  our own words; values are bound
    row = _asked(statement, [*settled_values, *let_go_values])
    return bool(row[0]), bool(row[1])


def _settled(done: Outcome) -> tuple[str, list[Any]]:
    who = [done.message.pk, done.message.token]
    state = [done.becomes.value, done.reason, done.sent_at, done.not_before]
    was = [it.value for it in done.was]
    attempt = [done.outcome, done.note[:_NOTE_LENGTH], done.provider, done.reference]
    return _SETTLED, [*state, *who, was, *attempt, *who]


def _let_go(message: Message, now: datetime, lease_until: datetime) -> tuple[str, list[Any]]:
    holds, times = _holds(tuple(truth.of(message).values()))
    who = [lease_until, message.pk, message.token, now]
    return _LET_GO.format(truth=holds), [*who, *[message.pk] * times, message.token, now]


@lru_cache(maxsize=256)
def _holds(conditions: tuple[Q | Exists, ...]) -> tuple[str, int]:
    """SQL that finds the message if all of this holds, and how often its id stands there as a blank.

    Writing it takes Django longer than PostgreSQL the answer, and to send sixty values that never change, nearly so.
    """
    query = Message.objects.filter(*conditions, pk=_THIS).order_by().values("pk").query
    sql, values = query.sql_with_params()
    said = ["%s" if it == _THIS else Literal(it).as_string(connection.connection).replace("%", "%%") for it in values]
    return sql.replace("%%", "%%%%") % tuple(said), said.count("%s")


def _asked(statement: str, values: list[Any]) -> tuple[Any, ...]:
    """The one row of the answer. Values go to PostgreSQL beside the statement, which it therefore plans only once."""
    line = connection.connection
    line.prepare_threshold = 0  # under None, which Django sets for its own statements, nothing is ever prepared
    with connection.wrap_database_errors, psycopg.RawCursor(line) as cursor:
        row = cursor.execute(_numbered(statement), values, prepare=True).fetchone()
    if row is None:
        raise DatabaseError("No answer to a question that always has one.")
    return tuple(row)


@lru_cache(maxsize=256)
def _numbered(statement: str) -> str:
    """With $1, $2 ... for its blanks, as PostgreSQL writes them: a long one is not read through for each message."""
    numbers = count(1)
    return re.sub("%s|%%", lambda blank: "%" if blank[0] == "%%" else f"${next(numbers)}", statement)
