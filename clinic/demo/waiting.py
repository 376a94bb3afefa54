"""Who waits for a time in the demo clinic, and what they were offered."""

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from clinic.appointments.actions import matches, offers, waitlist
from clinic.appointments.actions.waitlist import CanMake
from clinic.appointments.models import Appointment, WaitlistEntry
from clinic.appointments.rules.status import Status
from clinic.appointments.rules.waitlist_refusals import AlreadyWaiting
from patients.models import Patient
from people.models import User
from programs.models import PlannedSession

SOONER, DUE, NEW = 6, 4, 3  # how many want an earlier visit, a time for what is due, and a first one
MORNINGS, AFTERNOONS, ANY = (None, time(12)), (time(13), None), (None, None)
NOTES = ("", "", "Rings back at lunch", "Needs 30 minutes to get here", "")


def fill(patients: Sequence[Patient], *, by: User, now: datetime, chance: random.Random) -> None:
    """Put some on the waitlist, each for a reason of their own, and offer one freed time to two of them.

    `patients` are without a plan and new to the waitlist; `now` is on the clinic's own clock.
    """
    today = now.date()
    for number, visit in enumerate(_could_come_sooner(now)[:SOONER]):
        _wait(visit.patient, visit.service_code, today, visit.local_start.date(), number, by=by, now=now, visit=visit)
    for number, session in enumerate(_due(today)[:DUE]):
        last = max(today, session.due_until)
        _wait(session.plan.patient, session.modality, today, last, number, by=by, now=now, session=session)
    for number, patient in enumerate(patients[:NEW]):
        _wait(
            patient, "first_assessment", today, today + timedelta(days=21), number + chance.randrange(2), by=by, now=now
        )
    _offer(today, by=by, now=now)


def _could_come_sooner(now: datetime) -> list[Appointment]:
    coming = Appointment.objects.expected().filter(starts_at__gt=now + timedelta(days=4), group=None)
    one_each = coming.order_by("patient", "starts_at").distinct("patient").values("pk")
    rows = Appointment.objects.filter(pk__in=one_each).select_related("patient", "site", "session__plan")
    return list(rows.order_by("-starts_at"))


def _due(today: date) -> list[PlannedSession]:
    """Sessions that nobody has booked."""
    booked = Appointment.objects.exclude(status__in=[Status.CANCELLED, Status.MISSED]).filter(session__isnull=False)
    due = PlannedSession.objects.of_active_plans().filter(
        due_from__lte=today + timedelta(days=14), due_until__gte=today
    )
    return list(due.exclude(pk__in=booked.values("session")).select_related("plan__patient").order_by("due_until"))


def _wait(
    patient: Patient,
    service_code: str,
    first: date,
    last: date,
    number: int,
    *,
    by: User,
    now: datetime,
    visit: Appointment | None = None,
    session: PlannedSession | None = None,
) -> None:
    earliest, latest = (MORNINGS, AFTERNOONS, ANY)[number % 3]
    can_make = CanMake(
        from_on=first,
        until_on=last,
        weekdays=[[], [0, 2, 4], [1, 3]][number % 3],
        earliest=earliest,
        latest=latest,
        note=NOTES[number % len(NOTES)],
    )
    asked_at = now - timedelta(days=1 + number)
    try:
        waitlist.add(patient, service_code, can_make, by=by, now=asked_at, on=first, session=session, visit=visit)
    except AlreadyWaiting:
        return  # the same patient wants two sessions of one kind: one wish is enough


def _offer(today: date, *, by: User, now: datetime) -> None:
    """A visit of the coming days that was called off goes to the best two."""
    freed = Appointment.objects.filter(status=Status.CANCELLED, starts_at__gt=now).select_related("clinician", "site")
    for visit in freed.order_by("starts_at"):
        gap = matches.gap_of(visit, now=now)
        found = matches.fitting(gap, matches.for_pages(WaitlistEntry.objects.all(), on=today), now=now) if gap else []
        if chosen := [match for match in found if not match.needs_check][:2]:
            offers.offer_out(chosen, by=by, now=now)
            return
