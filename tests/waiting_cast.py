"""A freed time and those who wait for it. Everybody in here is made up."""

from datetime import date
from typing import Any

from booking_cast import REVIEW, Cast, at
from factories import MONDAY, NOW, a_patient

from clinic.appointments.actions import booking, matches, offers, waitlist
from clinic.appointments.actions.matches import Match
from clinic.appointments.actions.openings import Gap
from clinic.appointments.models import Appointment, SlotOffer, WaitlistEntry
from clinic.appointments.rules.status import Status
from patients.models import Patient
from people.models import AuditEvent, User

LAST_DAY = date(2026, 9, 30)


def a_wish(cast: Cast, patient: Patient | None = None, *, by: User | None = None, **fields: Any) -> WaitlistEntry:
    """Somebody with an e-mail address who can come at any time until the end of the month."""
    patient = patient or a_patient(email=f"waits{Patient.objects.count()}@example.org")
    code = fields.pop("service_code", REVIEW)
    of_add = {name: fields.pop(name) for name in ("session", "visit") if name in fields}
    now = fields.pop("now", NOW)
    can_make = waitlist.CanMake(**{"from_on": MONDAY, "until_on": LAST_DAY} | fields)
    return waitlist.add(patient, code, can_make, by=by or cast.rosa, now=now, on=MONDAY, **of_add)


def a_cancelled_visit(cast: Cast, **when: int) -> Appointment:
    """Wednesday at ten, called off: the time is free."""
    visit = cast.book(at(when.get("hour", 10), day=when.get("day", 16)))
    return booking.cancel(visit, reason="Cannot come", by=cast.rosa, now=NOW)


def a_missed_visit(cast: Cast, hour: int = 9) -> Appointment:
    visit = cast.book(at(hour))
    Appointment.objects.filter(pk=visit.pk).update(status=Status.MISSED)
    visit.refresh_from_db()
    return visit


def a_gap(visit: Appointment, **now: Any) -> Gap:
    gap = matches.gap_of(visit, now=now.get("now", NOW))
    assert gap
    return gap


def who_fits(gap: Gap, **now: Any) -> list[Match]:
    waiting = matches.for_pages(WaitlistEntry.objects.all(), on=MONDAY)
    return matches.fitting(gap, waiting, now=now.get("now", NOW))


def offered(cast: Cast, gap: Gap, **now: Any) -> list[SlotOffer]:
    """The time offered to everybody it fits."""
    return offers.offer_out(who_fits(gap, **now), by=cast.rosa, now=now.get("now", NOW), missed=gap.missed)


def states(*given: SlotOffer) -> list[str]:
    return [SlotOffer.objects.get(pk=it.pk).state for it in given]


def deeds() -> list[str]:
    return list(AuditEvent.objects.filter(deed__startswith="waitlist.").order_by("pk").values_list("deed", flat=True))
