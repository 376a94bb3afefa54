"""The three times that the desk reads out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from clinic.appointments.actions.asked import asked_in
from clinic.appointments.actions.availability import Offer, free_times
from clinic.appointments.models import Appointment, Resource, VisitPreference
from clinic.appointments.rules import ranking
from clinic.appointments.rules.limits import Door
from clinic.appointments.rules.ranking import Candidate, Last, Likes, Ranked
from patients.models import Patient
from people.models import Site
from programs.models import PlannedSession
from programs.rules.services import Service

LOOK_AHEAD_DAYS = 14
# A fortnight of a big clinic holds ten thousand free times; the best three are among the first of them.
MOST_COMPARED = 3000


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
    preferring: Resource | None = None,
    door: Door = Door.DESK,
) -> list[Ranked[Offer]]:
    """Up to three free times from `first` on, best first, each with its reason. Eight queries.

    `clinician` is the only one wanted; `preferring` is "with her, if possible".
    """
    offers = free_times(
        asked_in(session, service),
        patient=patient,
        first=first,
        days=days,
        now=now,
        site=site,
        clinician=clinician,
        limit=MOST_COMPARED,
        door=door,
    )
    return best_of(offers, patient=patient, session=session, now=now, preferring=preferring)


def best_of(
    offers: Sequence[Offer],
    *,
    patient: Patient | None,
    session: PlannedSession | None,
    now: datetime,
    preferring: Resource | None = None,
    moving: Appointment | None = None,
) -> list[Ranked[Offer]]:
    """The three best of these, for this patient. Three queries; the visit that is `moving` is no second trip."""

    def seen_as(offer: Offer) -> Candidate:
        starts = offer.local_start
        return Candidate(
            local_start=starts,
            local_end=offer.ends_at.astimezone(starts.tzinfo),
            clinician_id=offer.clinician.pk,
            site_id=offer.site.pk,
            closes_gap=offer.closes_gap,
            leaves_hole=offer.leaves_hole,
            is_in_window=session.due_from <= starts.date() <= session.due_until if session else None,
        )

    if not offers:
        return []
    known = ranking.Patient(asked_for=preferring.pk if preferring else None)
    if patient:
        until = offers[-1].ends_at + timedelta(days=1)
        known = ranking.Patient(
            last=_last(patient, now),
            likes=_likes(patient),
            asked_for=preferring.pk if preferring else None,
            moves_from=moving.clinician_id if moving else None,
            sites_by_day=_expected(patient, now, until, moving),
        )
    return ranking.best(offers, seen_as, patient=known)


def _last(patient: Patient, now: datetime) -> Last | None:
    visits = Appointment.objects.standing().filter(patient=patient, starts_at__lt=now).select_related("site")
    visit = visits.order_by("-starts_at").first()
    return Last(visit.clinician_id, timezone.localtime(visit.starts_at, visit.site.zone).time()) if visit else None


def _likes(patient: Patient) -> Likes:
    liked = VisitPreference.objects.filter(patient=patient).first()
    if liked is None:
        return Likes()
    return Likes(
        weekdays=frozenset(liked.weekdays),
        earliest=liked.earliest,
        latest=liked.latest,
        site_id=liked.site_id,
        clinician_id=liked.clinician_id,
    )


def _expected(
    patient: Patient, now: datetime, until: datetime, moving: Appointment | None
) -> Mapping[date, frozenset[UUID]]:
    """Where the patient is expected on which day, by the calendar of each site."""
    visits = Appointment.objects.expected().filter(patient=patient).starting_between(now, until).select_related("site")
    sites: dict[date, set[UUID]] = defaultdict(set)
    for visit in visits:
        if moving is None or visit.pk != moving.pk:
            sites[visit.local_start.date()].add(visit.site_id)
    return {day: frozenset(found) for day, found in sites.items()}
