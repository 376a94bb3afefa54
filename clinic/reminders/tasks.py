"""The clock: every few seconds somebody looks at what is owed."""

import logging
from datetime import datetime, timedelta

from celery import shared_task
from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.utils import timezone

from clinic.appointments.actions import offers, reservations, waitlist
from clinic.reminders.actions import agenda, bounces, delivery, doubts, planning

_log = logging.getLogger(__name__)
# With the longest wait for a mail server (10 s a step) still inside the task's limit of 50 s,
# which is itself below the lease of 60 s.
_LOOK_FOR = timedelta(seconds=25)


@shared_task(name="clinic.reminders.tasks.look", ignore_result=True)
def look() -> int:
    """Plan what is owed and hand over what is due. Any number of these may run at once, anywhere."""
    close_old_connections()
    try:
        return look_at(timezone.now())
    except (OperationalError, InterfaceError) as trouble:
        # PostgreSQL restarts. Nothing is lost: the next look, seconds away, sees the same rows.
        _log.warning("The database cannot be reached; the next look tries again: %s", type(trouble).__name__)
        connections.close_all()
        return 0
    finally:
        close_old_connections()


def look_at(now: datetime) -> int:
    """With nothing to do it asks once, whether there is anything."""
    found, new = agenda.of_now(now), 0
    if found.is_new_minute:
        _tidy(now)
        new = planning.plan(now=now, is_thorough=found.is_new_quarter)
    elif found.has_news:
        new = planning.plan_news(now=now)
    until, taken = now + _LOOK_FOR, 0
    if found.has_to_send or new:
        taken = delivery.deliver_due(clock=timezone.now, until=until)
    if found.has_doubts:
        doubts.settle(clock=timezone.now, until=until)
    return taken


def _tidy(now: datetime) -> None:
    """What is over already, and only has to be written down."""
    reservations.sweep(now=now)
    offers.lapse(now=now)
    waitlist.close_passed(on=timezone.localdate(now), now=now)
    bounces.sweep(now=now)
