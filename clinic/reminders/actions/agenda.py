"""What is there to do? Asked every few seconds and nearly always answered with "nothing": one statement says so.

It may call somebody for nothing, which costs a few questions. What it overlooks waits for the next minute, in which
everything is planned anew.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from django.db import connection

from clinic.reminders import channels
from clinic.reminders.actions import doubts, planning, requested
from clinic.reminders.models import Message

_THEN: Final = datetime(2000, 1, 1, tzinfo=UTC)  # stands for now in the kept SQL
_MINUTE: Final = timedelta(minutes=1)
_QUARTER: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Agenda:
    """What the clock alone makes due was not looked for in this minute; of visits booked long ago, in this quarter."""

    is_new_minute: bool
    is_new_quarter: bool
    has_news: bool
    has_to_send: bool
    has_doubts: bool


def of_now(now: datetime) -> Agenda:
    """One query, which Django writes once."""
    statement, values = _question(channels.by_wire())
    with connection.cursor() as cursor:
        cursor.execute(statement, [now + (it - _THEN) if isinstance(it, datetime) else it for it in values])
        planned_at, *found = cursor.fetchone()
    # Another minute, not a later one: after a clock that was ahead, all is planned by the right one.
    passed = [planned_at is None or _nth(planned_at, span) != _nth(now, span) for span in (_MINUTE, _QUARTER)]
    return Agenda(*passed, *found)


def _nth(moment: datetime, span: timedelta) -> int:
    return (moment - _THEN) // span


@cache
def _question(ways: tuple[str, ...]) -> tuple[str, list[Any]]:
    news = [it(_THEN) for it in (planning.untold, planning.called_off, planning.unheard)]
    asked_for = [requested.unwritten(_THEN), requested.unsaid(_THEN)]
    outbox = Message.objects.all()
    to_send = [outbox.due(_THEN).filter(channel__in=ways), outbox.too_late(_THEN), outbox.left_lying(_THEN)]
    lines, values = ["(SELECT planned_at FROM reminders_lastlook)"], []
    for rows in ([*news, *asked_for], to_send, [doubts.doubtful(_THEN)]):
        written = [it.order_by().values("pk").query.sql_with_params() for it in rows]
        lines.append(" OR ".join(f"EXISTS ({sql})" for sql, _ in written))
        values += [value for _, bound in written for value in bound]
    return f"SELECT {', '.join(lines)}", values
