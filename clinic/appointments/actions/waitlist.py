"""Who would rather come at a time that is not free, or sooner than they are booked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import IntegrityError, transaction
from django.db.models import Q

from clinic.appointments.actions.contention import broken_rule
from clinic.appointments.models import Appointment, Resource, SlotOffer, WaitlistEntry
from clinic.appointments.rules.refusals import NotOffered, NotTreatedAnyMore, OfAnotherPlan
from clinic.appointments.rules.status import MAY_BE_MOVED
from clinic.appointments.rules.waitlist_refusals import (
    AlreadyPassed,
    AlreadyWaiting,
    DaysOutOfOrder,
    HoursOutOfOrder,
    NoLongerWaiting,
    NotTheirs,
)
from patients.models import Patient
from people.actions import audit
from people.models import Site, User
from programs.actions import offering
from programs.models import PlannedSession
from programs.rules.services import Service

End = WaitlistEntry.End


@dataclass(frozen=True, slots=True, kw_only=True)
class CanMake:
    """When, where and with whom they could come. Hours are on the clock of the site; empty means any."""

    from_on: date
    until_on: date
    weekdays: Collection[int] = ()  # 0 is Monday
    earliest: time | None = None
    latest: time | None = None
    site: Site | None = None
    clinician: Resource | None = None
    note: str = ""

    def refuse_if_never(self, *, on: date) -> None:
        """Raises `DaysOutOfOrder`, `HoursOutOfOrder` or `AlreadyPassed` for what can never come true."""
        if self.until_on < self.from_on:
            raise DaysOutOfOrder
        if self.earliest and self.latest and self.latest <= self.earliest:
            raise HoursOutOfOrder
        if self.until_on < on:
            raise AlreadyPassed

    def write_on(self, entry: WaitlistEntry) -> None:
        entry.from_on, entry.until_on = self.from_on, self.until_on
        entry.weekdays, entry.note = sorted(set(self.weekdays)), self.note
        entry.earliest, entry.latest = self.earliest, self.latest
        entry.site, entry.clinician = self.site, self.clinician


@transaction.atomic
def add(
    patient: Patient,
    service_code: str,
    can_make: CanMake,
    *,
    by: User,
    now: datetime,
    on: date,
    session: PlannedSession | None = None,
    visit: Appointment | None = None,
) -> WaitlistEntry:
    """Put the patient on the waitlist. With a `visit` they want a sooner one and would give that up.

    Raises `AlreadyWaiting`, `NotTreatedAnyMore`, `NotOffered`, `OfAnotherPlan` for a session and `NotTheirs` for a
    visit that is not of this patient and kind, and what `CanMake.refuse_if_never` does. `on` is today.
    """
    can_make.refuse_if_never(on=on)
    if patient.is_dead or patient.is_archived:
        raise NotTreatedAnyMore
    service = offering.current().get(service_code)
    if service is None or not service.is_enabled:
        raise NotOffered
    _refuse_if_anothers(patient, service, session, visit)
    entry = WaitlistEntry(
        patient=patient, service_code=service_code, session=session, visit=visit, added_by=by, added_at=now
    )
    can_make.write_on(entry)
    try:
        with transaction.atomic():
            entry.save()
    except IntegrityError as error:
        if broken_rule(error) == "a_patient_waits_for_a_service_once":
            raise AlreadyWaiting from error
        raise
    audit.record(by, "waitlist.added", entry, service=service_code)
    return entry


def _refuse_if_anothers(
    patient: Patient, service: Service, session: PlannedSession | None, visit: Appointment | None
) -> None:
    """A form names both by ids that anybody can change."""
    if session and (session.patient_id != patient.pk or session.modality != service.modality):
        raise OfAnotherPlan
    if visit and (
        visit.patient_id != patient.pk
        or visit.service_code != service.code
        or visit.status not in MAY_BE_MOVED
        or visit.group_id is not None  # a seat in a class is not a time of its own
    ):
        raise NotTheirs


@transaction.atomic
def change(entry: WaitlistEntry, can_make: CanMake, *, by: User, on: date) -> WaitlistEntry:
    """They can make other days or hours. Raises `NoLongerWaiting` and what `CanMake.refuse_if_never` does."""
    can_make.refuse_if_never(on=on)
    fresh = waiting(entry)
    can_make.write_on(fresh)
    fresh.save()
    audit.record(by, "waitlist.changed", fresh)
    return fresh


@transaction.atomic
def withdraw(entry: WaitlistEntry, *, by: User, now: datetime) -> WaitlistEntry:
    """They no longer wait. What they were offered cannot be taken any more. Doing so twice changes nothing."""
    fresh = _locked(entry)
    if fresh.closed_at is None:
        close(fresh, End.WITHDRAWN, now=now)
        audit.record(by, "waitlist.withdrawn", fresh)
    return fresh


@transaction.atomic
def close_passed(*, on: date, now: datetime) -> int:
    """Nobody waits for a day that is over, nor for something sooner than a visit that has begun. The system does it."""
    over = Q(until_on__lt=on) | Q(visit__starts_at__lte=now)
    rows = WaitlistEntry.objects.waiting().filter(over).order_by("pk")
    passed = list(rows.select_for_update(skip_locked=True, no_key=True, of=("self",)))
    if passed:
        WaitlistEntry.objects.filter(pk__in=[it.pk for it in passed]).update(closed_at=now, closed_because=End.PASSED)
        audit.record_all(None, "waitlist.passed", [(entry, {}) for entry in passed])
    return len(passed)


def waiting(entry: WaitlistEntry) -> WaitlistEntry:
    """The wish as it is now, locked. Raises `NoLongerWaiting` if it has ended. Inside a transaction only."""
    fresh = _locked(entry)
    if fresh.closed_at is not None:
        raise NoLongerWaiting
    return fresh


def close(entry: WaitlistEntry, because: str, *, now: datetime) -> None:
    """Write down that a locked wish has ended; whoever ends it leaves the audit line."""
    entry.closed_at, entry.closed_because = now, because
    entry.save(update_fields=["closed_at", "closed_because"])


def close_for(visit: Appointment, *, now: datetime) -> None:
    """Who has been given such a visit waits for one no more. Whoever gives it leaves the audit line."""
    wishes = WaitlistEntry.objects.waiting().filter(patient=visit.patient_id, service_code=visit.service_code)
    for entry in wishes.filter(visit=None).order_by("pk").select_for_update(of=("self",), no_key=True):
        close(entry, End.BOOKED, now=now)


def reopen(visit: Appointment, *, closed_at: datetime, by: User) -> None:
    """What the visit had ended at that moment is waited for again: it was given by mistake. Part of undoing it.

    The offer that was taken is over; the time can be offered anew. Whoever has been put on the list again
    meanwhile waits once.
    """
    wishes = WaitlistEntry.objects.filter(patient=visit.patient_id, service_code=visit.service_code)
    ended = wishes.filter(closed_at=closed_at, closed_because=End.BOOKED).order_by("pk")
    entry = ended.select_for_update(of=("self",), no_key=True).first()
    if entry is None:
        return
    taken = SlotOffer.objects.filter(entry=entry, appointment=visit, state=SlotOffer.State.TAKEN)
    taken.update(state=SlotOffer.State.LAPSED, appointment=None)
    if wishes.waiting().exists():
        return
    entry.closed_at, entry.closed_because = None, ""
    entry.save(update_fields=["closed_at", "closed_because"])
    audit.record(by, "waitlist.waits_again", entry)


def _locked(entry: WaitlistEntry) -> WaitlistEntry:
    rows = WaitlistEntry.objects.select_related("patient", "session__plan", "visit")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=entry.pk)
