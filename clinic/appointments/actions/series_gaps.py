"""How many days from the session of its treatment before it one has to be: as the plan says, and never too near."""

from typing import Final

from clinic.appointments.actions.series_course import Course
from clinic.appointments.models import Appointment
from clinic.appointments.rules.series.problem import Gap
from programs.models import PlannedSession

NO_LONGEST: Final = 3650  # days; longer than any plan


def gap(it: PlannedSession, before: PlannedSession | None, last: Appointment | None, course: Course) -> Gap | None:
    """Of a session, after the one of its treatment that is planned before it, or the last visit that stands.

    The first of a row has none of its own: it is as far from the row before as its days say.
    """
    own = _gap(it)
    if before is None:
        return _after_given(it, last, course) if last else own
    least = course.least_days(it)
    found = own or Gap(least, max(least, (it.due_on - before.due_on).days), NO_LONGEST)
    # One that was missed and comes after its follower is as far from that as the follower had to be from it.
    apart = course.least_days(last.session) if last and last.session and last.session.ordinal > it.ordinal else 0
    return Gap(max(apart, found.least), max(apart, found.target), max(apart, found.most))


def _after_given(it: PlannedSession, visit: Appointment, course: Course) -> Gap:
    """The first of a row after something given keeps the row's distance, but may be as late as its days say."""
    previous, own = visit.session, _gap(it)
    is_in_order = previous is None or previous.ordinal < it.ordinal
    if is_in_order and own:
        return own
    later = it if is_in_order or previous is None else previous
    row = (gap for other in course.sessions if other.modality == it.modality and (gap := _gap(other)))
    found = _gap(later) or next(row, None)
    least = max(course.least_days(later), found.least if found else 0)
    return Gap(least, max(least, found.target if found else (it.due_on - visit.local_start.date()).days), NO_LONGEST)


def _gap(it: PlannedSession) -> Gap | None:
    if it.gap_days_min is None or it.gap_days_target is None or it.gap_days_max is None:
        return None
    return Gap(it.gap_days_min, it.gap_days_target, it.gap_days_max)
