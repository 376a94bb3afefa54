"""The free times that a page offers: the three best, and all of one day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from clinic.appointments.actions.availability import Offer, free_times
from clinic.appointments.actions.suggestions import LOOK_AHEAD_DAYS, MOST_COMPARED, best_of
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules.ranking import Ranked
from patients.models import Patient
from people.models import Site
from programs.models import PlannedSession
from programs.rules.services import Service


@dataclass(frozen=True, slots=True)
class Filters:
    """From which day on, at which site, with whom. Stand in the address, so that a page can be sent around."""

    first: date
    is_set: bool
    site: Site | None
    clinician: Resource | None

    def as_query(self) -> dict[str, Any]:
        return {
            "day": self.first.isoformat() if self.is_set else "",
            "site": self.site.pk if self.site else "",
            "clinician": self.clinician.pk if self.clinician else "",
        }


def filters(asked: Mapping[str, str], *, first: date) -> Filters:
    """What the address asks for; what cannot be read there is as if it were not asked."""
    try:
        day = date.fromisoformat(asked.get("day", ""))
    except ValueError:
        day = None
    site_id, clinician_id = _id(asked.get("site")), _id(asked.get("clinician"))
    return Filters(
        first=max(day, first) if day else first,
        is_set=day is not None,
        site=Site.objects.filter(pk=site_id).first() if site_id else None,
        clinician=Resource.objects.clinicians().filter(pk=clinician_id).first() if clinician_id else None,
    )


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Times:
    """`best` of the next fortnight; `of_day` is every time of `day`, but for those that are among the best."""

    best: list[Ranked[Offer]]
    day: date
    of_day: list[Offer]


def find(
    service: Service,
    when: Filters,
    *,
    patient: Patient,
    now: datetime,
    session: PlannedSession | None = None,
    moving: Appointment | None = None,
) -> Times:
    # A session that is not due yet is looked for from its own first day on.
    first = max(when.first, session.due_from) if session and not when.is_set else when.first
    offers = free_times(
        service,
        patient=patient,
        first=first,
        days=LOOK_AHEAD_DAYS,
        now=now,
        site=when.site,
        clinician=when.clinician,
        limit=MOST_COMPARED,
        moving=moving,
    )
    best = best_of(offers, patient=patient, session=session, now=now)
    day = when.first if when.is_set else best[0].offer.local_start.date() if best else first
    said_already = {each.offer.code for each in best}
    of_day = [offer for offer in offers if offer.local_start.date() == day and offer.code not in said_already]
    return Times(best, day, of_day)


def choices(service: Service) -> dict[str, Any]:
    """What the filters offer: the sites, and everybody who may give the service."""
    sites = list(Site.objects.filter(is_active=True))
    clinicians = list(Resource.objects.in_use().clinicians().offering(service.professions))
    return {"sites": sites, "many_sites": len(sites) > 1, "clinicians": clinicians}
