"""The times a patient may choose from: only days with room, and only days on which the visit may be given."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice
from typing import Final
from uuid import UUID

from django.utils import timezone

from clinic.appointments.actions import availability, neighbours
from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Appointment, Resource, VisitPreference
from clinic.appointments.rules.limits import Door
from patients.models import Patient
from people.models import Site
from programs.actions.safety import Treatment
from programs.rules.services import Service

LOOK_AHEAD: Final = 21  # days
DAYS_SHOWN: Final = 7
NOON: Final = time(12)
FURTHEST: Final = timedelta(days=366)  # no clinic books further ahead
EARLIER: Final = timedelta(days=14)  # how much sooner than it is a visit without a plan may be moved


@dataclass(frozen=True, slots=True)
class Day:
    """A day with its free times, each once."""

    on: date
    offers: list[Offer]

    @property
    def halves(self) -> list[tuple[bool, list[Offer]]]:
        """What begins before noon and what begins later, each only if there is any; true for the morning."""
        return [
            (is_morning, list(offers))
            for is_morning, offers in groupby(self.offers, key=lambda it: it.local_start.time() < NOON)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`is_held`: there may be room, but a clinician has to look first, on whichever day."""

    days: list[Day]
    is_held: bool = False

    @property
    def later(self) -> date | None:
        """The day after the last one shown, where there may be more."""
        return self.days[-1].on + timedelta(days=1) if len(self.days) == DAYS_SHOWN else None


def find(
    service: Service,
    *,
    patient: Patient,
    first: date,
    now: datetime,
    days: int = LOOK_AHEAD,
    site: Site | None = None,
    clinician: Resource | None = None,
    technique: str = "",
    moving: Appointment | None = None,
) -> Found:
    """The next days with room. Seven queries at most, however many days."""
    every = [first + timedelta(days=n) for n in range(days)]
    leaving = [moving.pk] if moving else []
    safe, is_held = _safe(service, patient, technique, every, leaving=leaving)
    if is_held:
        return Found(days=[], is_held=True)
    offers = availability.free_times(
        service,
        patient=patient,
        first=first,
        days=days,
        now=now,
        site=site,
        clinician=clinician,
        moving=moving,
        door=Door.PORTAL,
    )
    wanted = (it for it in offers if it.local_start.date() in safe and not (moving and _is_same(it, moving)))
    by_day = groupby(_once(wanted), key=lambda it: it.local_start.date())
    return Found(days=[Day(day, list(times)) for day, times in islice(by_day, DAYS_SHOWN)])


def _is_same(offer: Offer, visit: Appointment) -> bool:
    return offer.starts_at == visit.starts_at


def _once(offers: Iterable[Offer]) -> Iterable[Offer]:
    """One offer of each time and place: with whom is said before the last tap."""
    seen: set[tuple[datetime, UUID]] = set()
    for it in offers:
        if (it.starts_at, it.site.pk) not in seen:
            seen.add((it.starts_at, it.site.pk))
            yield it


def _safe(
    service: Service, patient: Patient, technique: str, days: Collection[date], *, leaving: Collection[UUID]
) -> tuple[set[date], bool]:
    """The days on which the rules of safety let it be given; whether none would do, for more than being too near."""
    if service.modality is None:
        return set(days), False
    wanted = [Treatment(service.modality, day, technique) for day in days]
    standings = neighbours.looked_at(patient, wanted, leaving=leaving)
    safe = {it.treatment.on for it in standings if it.may_be_given}
    return safe, not safe and not any(it.is_only_too_near for it in standings)


def usual_clinician(patient: Patient, service: Service, now: datetime) -> Resource | None:
    """Who gave this to the patient last, or whom she would rather see; None if either no longer treats. Two queries."""
    able = Resource.objects.in_use().clinicians()
    last = Appointment.objects.standing().filter(patient=patient, service_code=service.code, starts_at__lte=now)
    treated = able.filter(pk__in=last.order_by("-starts_at").values("clinician")[:1]).first()
    liked = VisitPreference.objects.filter(patient=patient).values("clinician")
    return treated or able.filter(pk__in=liked).first()


def first_day(floor: date, now: datetime, *, later: str = "") -> date:
    """The day from which times are looked for: today or the first that may be, or `later`, as the address has it."""
    first = max(floor, timezone.localdate(now))
    try:
        return max(first, min(date.fromisoformat(later), timezone.localdate(now) + FURTHEST))
    except ValueError:
        return first
