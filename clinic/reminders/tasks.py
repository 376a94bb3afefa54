"""The clock: every few seconds somebody looks at what is owed."""

import logging
from datetime import timedelta

from celery import shared_task
from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.utils import timezone

from clinic.appointments.actions import offers, reservations, waitlist
from clinic.reminders.actions import bounces, delivery, doubts, planning

_log = logging.getLogger(__name__)
# With the longest wait for a mail server (10 s a step) still inside the task's limit of 50 s,
# which is itself below the lease of 60 s.
_LOOK_FOR = timedelta(seconds=25)


@shared_task(name="clinic.reminders.tasks.look", ignore_result=True)
def look() -> int:
    """Plan what is owed and hand over what is due. Any number of these may run at once, anywhere."""
    close_old_connections()
    try:
        now = timezone.now()
        reservations.sweep(now=now)
        offers.lapse(now=now)
        waitlist.close_passed(on=timezone.localdate(now), now=now)
        bounces.sweep(now=now)
        planning.plan(now=now)
        taken = delivery.deliver_due(clock=timezone.now, until=now + _LOOK_FOR)
        doubts.settle(clock=timezone.now, until=now + _LOOK_FOR)
        return taken
    except (OperationalError, InterfaceError) as trouble:
        # PostgreSQL restarts. Nothing is lost: the next look, seconds away, sees the same rows.
        _log.warning("The database cannot be reached; the next look tries again: %s", type(trouble).__name__)
        connections.close_all()
        return 0
    finally:
        close_old_connections()
