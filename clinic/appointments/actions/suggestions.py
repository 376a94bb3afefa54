"""The three times that the desk reads out."""

from collections.abc import Sequence
from datetime import date, datetime

from django.utils import timezone

from clinic.appointments.actions.availability import Offer, free_times
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules import ranking
from clinic.appointments.rules.ranking import Candidate, Last, Ranked
from patients.models import Patient
from people.models import Site
from programs.models import PlannedSession
from programs.rules.services import Service

LOOK_AHEAD_DAYS = 14
# A fortnight of a big clinic holds ten thousand free times; the best three are among the first of them.
MOST_COMPARED = 1000


def best_times(
    service: Service,
    *,
    patient: Patient | None,
    first: date,
    now: datetime,
    days: int = LOOK_AHEAD_DAYS,
    site: Site | None = None,
    clinician: Resource | None = None,
    session: PlannedSession | None = None,
) -> list[Ranked[Offer]]:
    """Up to three free times from `first` on, best first, each with its reason. Six queries."""
    offers = free_times(
        service, patient=patient, first=first, days=days, now=now, site=site, clinician=clinician, limit=MOST_COMPARED
    )
    return best_of(offers, patient=patient, session=session, now=now)


def best_of(
    offers: Sequence[Offer], *, patient: Patient | None, session: PlannedSession | None, now: datetime
) -> list[Ranked[Offer]]:
    """The three best of these. One query."""

    def seen_as(offer: Offer) -> Candidate:
        day = offer.local_start.date()
        in_window = session is None or session.due_from <= day <= session.due_until
        return Candidate(offer.local_start, offer.clinician.pk, offer.closes_gap, in_window)

    return ranking.best(offers, seen_as, last=_last(patient, now) if offers else None)


def _last(patient: Patient | None, now: datetime) -> Last | None:
    visits = Appointment.objects.standing().filter(patient=patient, starts_at__lt=now).select_related("site")
    visit = visits.order_by("-starts_at").first() if patient else None
    return Last(visit.clinician_id, timezone.localtime(visit.starts_at, visit.site.zone).time()) if visit else None
