"""What the desk did about a task. The task itself is worked out from what is so, and closes when its cause is gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.appointments.models import Appointment, FollowUp
from clinic.appointments.rules.status import Status
from people.actions import audit
from people.models import User
from people.rules.refusal import Refused

Task, How = FollowUp.Task, FollowUp.How
PUT_OFF_FOR = timedelta(hours=2)


class NothingToWrite(Refused):
    """There is no letter for this task, no address, or the patient wants no mail."""


class NotToDo(Refused):
    """Its cause has gone meanwhile."""


@transaction.atomic
def record(
    visit: Appointment, task: str, how: str, *, by: User, now: datetime, note: str = "", until: datetime | None = None
) -> FollowUp:
    """Write down that somebody called, had a letter written, put it off, or that it is settled.

    A letter is not sent here: that one is owed follows from this line (ADR 0005).

    Raises `NotToDo` when the visit no longer gives cause for it, `NothingToWrite` when no letter could reach them.
    """
    fresh = Appointment.objects.select_related("patient").select_for_update(of=("self",), no_key=True).get(pk=visit.pk)
    if not _has_cause(fresh, task):
        raise NotToDo(_("This is done already: the visit has changed. Look at it again."))
    if how == How.WROTE and not may_be_written_to(fresh, task):
        raise NothingToWrite(_("No letter can go out: there is no e-mail, or the patient wants none. Call instead."))
    if how == How.SNOOZED:
        until = until or now + PUT_OFF_FOR
    made = FollowUp.objects.create(appointment=fresh, task=task, how=how, note=note, until=until, by=by, at=now)
    audit.record(by, "appointment.followed_up", fresh, task=str(task), how=str(how))
    return made


def may_be_written_to(visit: Appointment, task: str) -> bool:
    """Whether a letter about the task exists and has somewhere to go."""
    patient = visit.patient
    can_be_reached = bool(patient.email) and patient.may_be_mailed and not patient.is_dead and not patient.is_archived
    return can_be_reached and task != Task.NO_NEXT


def _has_cause(visit: Appointment, task: str) -> bool:
    match task:
        case Task.MISSED:
            return visit.status == Status.MISSED
        case Task.NO_NEXT:
            return visit.status == Status.DONE
        case Task.UNCONFIRMED:
            return visit.status == Status.BOOKED
    return visit.status in {Status.BOOKED, Status.CONFIRMED}


@transaction.atomic
def remind_all(visits: Sequence[Appointment], *, by: User, now: datetime) -> int:
    """Have a reminder written to all of them whom a letter reaches, and say how many these are."""
    reached = [visit for visit in visits if may_be_written_to(visit, Task.UNCONFIRMED)]
    FollowUp.objects.bulk_create(
        FollowUp(appointment=visit, task=Task.UNCONFIRMED, how=How.WROTE, by=by, at=now) for visit in reached
    )
    detail = {"task": Task.UNCONFIRMED.value, "how": How.WROTE.value}
    audit.record_all(by, "appointment.followed_up", [(visit, detail) for visit in reached])
    return len(reached)
