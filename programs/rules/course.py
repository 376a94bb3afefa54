"""From a program template and a first day to dated sessions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from programs.rules.templates import ProgramTemplate, TemplatePhase, TemplateSession


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSession:
    """One session of the course: the day it should be on, and the days it may be on.

    `number` counts the sessions of the same modality through the whole course, optional ones too. The gaps are days
    from the session of the same treatment before it, None for the first of a row.
    """

    modality: str
    technique: str
    phase: int
    number: int
    due_from: date
    due_on: date
    due_until: date
    is_optional: bool
    gap_days_min: int | None = None
    gap_days_target: int | None = None
    gap_days_max: int | None = None
    hold_loading_days: int = 0  # without resistance exercise afterwards


def planned_sessions(template: ProgramTemplate, *, starts_on: date) -> tuple[PlannedSession, ...]:
    """Every session the template asks for, in the order of the days they are due.

    What is switched off is left out. The windows are where a session belongs in the program; they do not replace
    the timing rules, which still keep each booked session its distance from the one before.
    """
    found = [
        (*days, phase.ordinal, session, n + begins_later > 0)
        for phase in template.phases
        for session, n, begins_later in _sessions_of(phase)
        for days in [_days(phase, session, n, begins_later)]
    ]
    found.sort(key=lambda it: (it[1], it[3]))
    count: dict[str, int] = {}
    planned = []
    for due_from, due_on, due_until, ordinal, session, follows in found:
        count[session.modality] = count.get(session.modality, 0) + 1
        planned.append(
            PlannedSession(
                modality=session.modality,
                technique=session.technique,
                phase=ordinal,
                number=count[session.modality],
                due_from=starts_on + timedelta(days=due_from),
                due_on=starts_on + timedelta(days=due_on),
                due_until=starts_on + timedelta(days=due_until),
                is_optional=session.optional,
                gap_days_min=session.gap_days_min if follows else None,
                gap_days_target=session.gap_days_target if follows else None,
                gap_days_max=session.gap_days_max if follows else None,
                hold_loading_days=session.hold_loading_days,
            )
        )
    return tuple(planned)


def _sessions_of(phase: TemplatePhase) -> Iterator[tuple[TemplateSession, int, bool]]:
    begun: set[str] = set()
    for session in phase.sessions:
        if session.is_offered:
            # A second technique of the same treatment starts one gap later, not on the same first day:
            # the first is often the milder one ("first visit superficial only"), and a reaction to two
            # new techniques at once could not be told apart.
            begins_later = session.modality in begun
            begun.add(session.modality)
            for n in range(session.count):
                yield session, n, begins_later


def _days(phase: TemplatePhase, session: TemplateSession, n: int, begins_later: bool) -> tuple[int, int, int]:
    """Earliest, target and latest day, counted from the first day of the program."""
    gaps = n + begins_later
    start = phase.day_start + session.first_after_days
    # A late session must leave room inside the phase for those of its row that follow.
    room_until = phase.day_end - (session.count - 1 - n) * session.gap_days_min
    earliest = min(start + gaps * session.gap_days_min, phase.day_end)
    latest = max(earliest, min(start + (n + 1) * session.gap_days_max, room_until))
    return earliest, min(start + gaps * session.gap_days_target, latest), latest
