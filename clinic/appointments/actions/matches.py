"""Who on the waitlist could have a free time. Reads only, and the same number of queries however many wait."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils import timezone

from clinic.appointments.actions import as_booked, places
from clinic.appointments.actions.asked import asked_in
from clinic.appointments.actions.availability import Choice, Offer
from clinic.appointments.actions.openings import Gap, Openings, time_of
from clinic.appointments.models import Appointment, GroupSession, SlotOffer, VisitPreference, WaitlistEntry
from clinic.appointments.models.waitlist import WaitlistQuerySet
from clinic.appointments.rules import matching, slots
from clinic.appointments.rules.matching import Reason, Wish
from clinic.appointments.rules.status import MAY_BE_MOVED, Status
from patients.models import RedFlag
from programs.actions import offering
from programs.rules.services import Service

WEEK = 7  # days
QUARTER = timedelta(minutes=slots.GRID_MINUTES)


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody who waits, the time they could have, and why they stand where they stand."""

    entry: WaitlistEntry
    offer: Offer
    reasons: list[Reason]
    needs_check: bool  # a clinician has to look first: a treatment, and a warning sign is open
    given_up: Appointment | None = None  # the later visit, if there is one


def for_pages(seen: WaitlistQuerySet, *, on: date) -> WaitlistQuerySet:
    """Those of `seen` who wait and can still be treated, with everything that a list prints and the rules ask."""
    flags = RedFlag.objects.open().filter(patient=OuterRef("patient"))
    return (
        seen.waiting()
        .filter(until_on__gte=on, patient__archived_at=None, patient__died_on=None)
        .select_related("patient", "session__plan", "visit__site", "visit__clinician", "site", "clinician")
        .annotate(needs_clinician_check=Exists(flags))
    )


def later_visits(entries: Collection[WaitlistEntry], *, now: datetime) -> Mapping[UUID, Appointment]:
    """What each would give up, by the id of the wish: the visit they named, or the one they were given since.

    Nobody tells the waitlist that the desk has booked them elsewhere: without looking they would have two. One query.
    """
    coming = Appointment.objects.expected().filter(
        patient__in={entry.patient_id for entry in entries}, starts_at__gt=now, group=None
    )
    rows = list(coming.select_related("site", "session").order_by("starts_at"))
    found = {entry.pk: next((row for row in rows if _is_given_up(row, entry)), None) for entry in entries}
    return {pk: visit for pk, visit in found.items() if visit}


def _is_given_up(visit: Appointment, entry: WaitlistEntry) -> bool:
    if entry.visit and entry.visit.status in MAY_BE_MOVED:
        return visit.pk == entry.visit_id
    if visit.patient_id != entry.patient_id:
        return False
    if entry.session_id:
        return visit.session_id == entry.session_id
    return visit.service_code == entry.service_code and visit.booked_at >= entry.added_at


def fitting(gap: Gap, waiting: WaitlistQuerySet, *, now: datetime) -> list[Match]:
    """Who could have the time or a part of it, best first. `waiting` is of `for_pages`. Twelve queries."""
    entries = list(waiting)
    look = _Look(entries, first=gap.day, last=gap.day, now=now, gap=gap)
    return look.ranked([gap])[0] if entries else []


def fitting_each(gaps: Sequence[Gap], waiting: WaitlistQuerySet, *, now: datetime) -> list[list[Match]]:
    """As `fitting`, for many gaps at once and in as many queries."""
    entries = list(waiting)
    if not entries or not gaps:
        return [[] for _gap in gaps]
    days = [gap.day for gap in gaps]
    return _Look(entries, first=min(days), last=max(days), now=now).ranked(gaps)


def this_week(entries: Sequence[WaitlistEntry], *, now: datetime, days: int = WEEK) -> Mapping[UUID, Offer]:
    """The first time in the coming days that each could have, by the id of the wish. Eleven queries."""
    if not entries:
        return {}
    today = timezone.localtime(now).date()
    look = _Look(entries, first=today, last=today + timedelta(days=days - 1), now=now)
    found = {entry.pk: look.soonest(entry) for entry in entries}
    return {pk: offer for pk, offer in found.items() if offer}


def gap_of(visit: Appointment, *, now: datetime) -> Gap | None:
    """What is left of the time of a visit that was called off or missed; None if it has passed or still stands.

    Of a seat in a class that is its place; whoever misses a class leaves none that somebody could still have.
    """
    if visit.group_id:
        return places.gap_of(visit, now=now) if visit.status == Status.CANCELLED else None
    if visit.status not in {Status.CANCELLED, Status.MISSED}:
        return None
    starts_at = max(visit.starts_at, next_quarter(now))
    if starts_at >= visit.ends_at:
        return None
    missed = visit if visit.status == Status.MISSED else None
    return Gap(clinician=visit.clinician, site=visit.site, starts_at=starts_at, ends_at=visit.ends_at, missed=missed)


def gap_at(choice: Choice, *, ends_at: datetime | None = None) -> Gap | None:
    """The free time, or the class with a free place, that a button stands for."""
    if group := places.meeting_at(choice):
        return places.gap_in(group)
    clinician = next((it for it in choice.resources if it.kind == "clinician"), None)
    if clinician is None:
        return None
    ends_at = max(ends_at or choice.starts_at, choice.starts_at + QUARTER)
    return Gap(clinician=clinician, site=choice.site, starts_at=choice.starts_at, ends_at=ends_at)


def next_quarter(now: datetime) -> datetime:
    """The first quarter hour at `now` or later: visits begin on no other minute."""
    return slots.moment_of(-(-slots.minute_from(now) // slots.GRID_MINUTES) * slots.GRID_MINUTES)


class _Look:
    def __init__(
        self, entries: Collection[WaitlistEntry], *, first: date, last: date, now: datetime, gap: Gap | None = None
    ) -> None:
        self.entries, self.now, self.today = entries, now, timezone.localtime(now).date()
        self.services: Mapping[str, Service] = offering.current()
        patients = {entry.patient_id for entry in entries}
        self.last_seen = _last_clinicians(patients, now)
        self.likes = VisitPreference.objects.in_bulk(patients)
        self.asked = _asked_already(entries, now)
        self.later = later_visits(entries, now=now)
        missed = gap.missed if gap else None
        self.openings = Openings(patients, first=first, last=last, now=now, missed=missed)

    def ranked(self, gaps: Sequence[Gap]) -> list[list[Match]]:
        return [self._ranked(gap) for gap in gaps]

    def _ranked(self, gap: Gap) -> list[Match]:
        found = []
        for entry in self.entries:
            offer = self.soonest(entry, gap)
            if offer and (entry.pk, offer.starts_at) not in self.asked:
                found.append(((entry, offer), self._wish(entry), time_of(offer)))
        return [
            Match(entry, offer, reasons, self._needs_check(entry), self.later.get(entry.pk))
            for (entry, offer), reasons in matching.ranked(found, on=self.today)
        ]

    def soonest(self, entry: WaitlistEntry, gap: Gap | None = None) -> Offer | None:
        service = self.services.get(entry.service_code)
        if service is None or not service.is_enabled:
            return None
        if service.is_class:
            return self._place(entry, gap)
        if gap and gap.group:
            return None
        later = self.later.get(entry.pk)  # it is moved, and keeps its length
        service = as_booked.service_of(later, self.services) if later else asked_in(entry.session, service)
        return self.openings.soonest(service, self._wish(entry), entry.patient_id, gap=gap)

    def _place(self, entry: WaitlistEntry, gap: Gap | None) -> Offer | None:
        """A class is not a time that one patient takes: what they wait for is a place in one."""
        holder = self.openings.patients.get(entry.patient_id)
        busy = self.openings.busy.get(holder.pk, ()) if holder else ()
        among = self.classes if gap is None else [gap.group] if gap.group else []
        return places.soonest(among, entry.service_code, self._wish(entry), busy)

    @cached_property
    def classes(self) -> list[GroupSession]:
        """Those of the days looked at with a place left."""
        codes = {code for entry in self.entries if (code := entry.service_code) in self.services}
        wanted = [code for code in codes if self.services[code].is_class]
        begins, ends = self.openings.window
        return list(places.coming(wanted, begins=max(begins, self.now), ends=ends)) if wanted else []

    def _needs_check(self, entry: WaitlistEntry) -> bool:
        has_flag = bool(getattr(entry, "needs_clinician_check", False))  # annotated by `for_pages`
        return has_flag and self.services[entry.service_code].is_treatment

    def _wish(self, entry: WaitlistEntry) -> Wish:
        later, likes = self.later.get(entry.pk), self.likes.get(entry.patient_id)
        return Wish(
            weekdays=frozenset(entry.weekdays),
            earliest=entry.earliest,
            latest=entry.latest,
            from_on=entry.from_on,
            until_on=entry.until_on,
            site_id=entry.site_id,
            clinician_id=entry.clinician_id,
            later=later.starts_at if later else None,
            since=timezone.localtime(entry.added_at).date(),
            due_until=entry.session.due_until if entry.session else None,
            last_clinician_id=self.last_seen.get(entry.patient_id),
            liked_weekdays=frozenset(likes.weekdays if likes else ()),
            liked_from=likes.earliest if likes else None,
            liked_until=likes.latest if likes else None,
        )


def _last_clinicians(patients: Collection[UUID], now: datetime) -> Mapping[UUID, UUID]:
    visits = Appointment.objects.standing().filter(patient__in=patients, starts_at__lt=now)
    last = visits.order_by("patient", "-starts_at").distinct("patient")
    return dict(last.values_list("patient_id", "clinician_id"))


def _asked_already(entries: Collection[WaitlistEntry], now: datetime) -> set[tuple[UUID, datetime]]:
    """To whom which time is on offer just now, or was and they said no."""
    said_no = SlotOffer.objects.filter(state=SlotOffer.State.DECLINED, starts_at__gt=now)
    asked = (SlotOffer.objects.open_at(now) | said_no).filter(entry__in=entries)
    return set(asked.values_list("entry_id", "starts_at"))
