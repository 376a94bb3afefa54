"""What is due and nobody has booked: the next of each kind in the plan, and the day it is looked at again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from clinic.appointments.models import Appointment
from patients.models import Patient
from people.models import User
from programs.actions import offering
from programs.models import Checkpoint, PlannedSession
from programs.rules.services import Service

MOST: Final = 5
REVIEW: Final = "review"
# A plan may be looked at again a little before or after its day.
AROUND_REVIEW: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One visit to book. Without a session it is the one at which the plan is looked at again."""

    service: Service
    session: PlannedSession | None
    due_from: date
    due_until: date
    is_now: bool

    @property
    def code(self) -> str:
        """What the address says of it."""
        return str(self.session.pk) if self.session else REVIEW

    @property
    def technique(self) -> str:
        return self.session.technique if self.session else ""


def of(patient: Patient, user: User, now: datetime) -> list[Due]:
    """What the patient may book for herself, soonest first. Four queries."""
    services, today = offering.current(), timezone.localdate(now)
    found = [
        Due(service=service, session=it, due_from=it.due_from, due_until=it.due_until, is_now=it.due_from <= today)
        for it in sessions(patient, user, today)
        if (service := services.get(it.modality)) and _may_book(service)
    ]
    review = services.get(REVIEW)
    if review and _may_book(review) and (day := _looked_at_on(patient, user, now)):
        first, last = day - AROUND_REVIEW, max(day, today) + AROUND_REVIEW
        found.append(Due(service=review, session=None, due_from=first, due_until=last, is_now=first <= today))
    return sorted(found, key=lambda it: it.due_from)[:MOST]


def _may_book(service: Service) -> bool:
    return service.is_enabled and service.self_booking and not service.is_class


def sessions(patient: Patient, user: User, today: date, *, without: Collection[str] = ()) -> list[PlannedSession]:
    """The next session of each treatment, but for those `without`. One query."""
    mine = PlannedSession.objects.visible_to(user).of_active_plans().filter(plan__patient=patient)
    booked = Appointment.objects.of_session(mine).values("session")
    rows = mine.exclude(pk__in=booked).exclude(modality__in=without).filter(due_until__gte=today)
    firsts: dict[str, PlannedSession] = {}
    for session in rows.select_related("plan__patient").order_by("due_on"):
        firsts.setdefault(session.modality, session)
    return list(firsts.values())


def _looked_at_on(patient: Patient, user: User, now: datetime) -> date | None:
    """The day on which the plan is due to be looked at, if that is near and no such visit is booked."""
    today = timezone.localdate(now)
    plans = PlannedSession.objects.visible_to(user).of_active_plans().filter(plan__patient=patient).values("plan")
    near = Checkpoint.objects.undecided().filter(plan__in=plans, due_on__lte=today + 2 * AROUND_REVIEW)
    day = near.order_by("due_on").values_list("due_on", flat=True).first()
    coming = Appointment.objects.visible_to(user).expected().filter(patient=patient, service_code=REVIEW)
    return None if day is None or coming.filter(ends_at__gt=now).exists() else day


def chosen(among: Collection[Due], asked: str) -> Due | None:
    """The one that the address names; the first if it names none; None for one that is not due."""
    if not asked:
        return next(iter(among), None)
    return next((it for it in among if it.code == asked), None)


def as_id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
