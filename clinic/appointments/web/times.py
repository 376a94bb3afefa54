"""The free times that a page offers: the three best, and all of one day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from clinic.appointments.actions.asked import asked_in
from clinic.appointments.actions.availability import FreeTimes, Offer, free_times, spelled
from clinic.appointments.actions.suggestions import LOOK_AHEAD_DAYS, MOST_COMPARED, best_of
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.rules import spoken
from clinic.appointments.rules.ranking import THREE, Ranked
from clinic.appointments.rules.spoken import Wish
from clinic.appointments.web.keeping import Kept
from patients.models import Patient
from people.models import Site
from programs.models import PlannedSession
from programs.rules.services import Service

LETTERS = "ABC"


@dataclass(frozen=True, slots=True)
class Filters:
    """From which day on, at which site, with whom, and what the caller said. Stand in the address.

    `pick` is the code of one time, chosen from the list of a day; `at` a clock that was clicked in the calendar.
    """

    first: date
    is_set: bool
    site: Site | None
    clinician: Resource | None
    said: str = ""
    wish: Wish = field(default_factory=Wish)
    pick: str = ""
    at: time | None = None
    prefer: Resource | None = None  # this clinician, if possible

    def as_query(self) -> dict[str, Any]:
        return {
            "day": self.first.isoformat() if self.is_set else "",
            "site": self.site.pk if self.site else "",
            "clinician": self.clinician.pk if self.clinician else "",
            "prefer": self.prefer.pk if self.prefer else "",
            "say": self.said,
        }


def filters(asked: Mapping[str, str], *, first: date) -> Filters:
    """What the address asks for; what cannot be read there is as if it were not asked."""
    try:
        day = date.fromisoformat(asked.get("day", ""))
    except ValueError:
        day = None
    site_id = _id(asked.get("site"))
    said = asked.get("say", "").strip()[: spoken.LONGEST]
    return Filters(
        first=max(day, first) if day else first,
        is_set=day is not None,
        site=Site.objects.filter(pk=site_id).first() if site_id else None,
        clinician=_clinician(asked.get("clinician")),
        prefer=_clinician(asked.get("prefer")),
        said=said,
        wish=spoken.read(said, on=first),
        pick=asked.get("pick", "")[:300],
        at=_clock(asked.get("at", "")),
    )


def _clinician(text: str | None) -> Resource | None:
    clinician_id = _id(text)
    return Resource.objects.clinicians().filter(pk=clinician_id).first() if clinician_id else None


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _clock(text: str) -> time | None:
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Times:
    """`best` of the next fortnight; `of_day` is every time of `day`, but for those that are among the best.

    `missing` says what was asked for and is not free.
    """

    best: list[Ranked[Offer]]
    day: date
    of_day: list[Offer]
    missing: str = ""

    @property
    def days(self) -> set[date]:
        """Every day that something is offered on."""
        return {it.offer.local_start.date() for it in self.best} | {it.local_start.date() for it in self.of_day}


def find(
    service: Service,
    when: Filters,
    *,
    patient: Patient | None,
    now: datetime,
    session: PlannedSession | None = None,
    moving: Appointment | None = None,
    kept: Kept | None = None,
) -> Times:
    """What is free for the patient. A time that is `kept` for them is free for nobody else and comes first."""
    first = _first(when, session)
    free = free_times(
        asked_in(session, service),
        patient=patient,
        first=first,
        days=LOOK_AHEAD_DAYS,
        now=now,
        site=when.site,
        clinician=when.clinician,
        # Of a wish for some days or hours the best may lie far behind the first thousand times.
        limit=None if when.said else MOST_COMPARED,
        moving=moving,
    )
    meant = free.where(when.wish.allows) if when.said else free
    best = best_of(meant, patient=patient, session=session, now=now, preferring=when.prefer, moving=moving)
    picked = _picked(free, when)
    if picked:
        best = _before(picked, best, _("the time you chose"))
    elif kept:
        until = f"{kept.until.astimezone(kept.offer.site.zone):%H:%M}"
        best = _before(kept.offer, best, _("kept for this caller until %(clock)s") % {"clock": until})
    day = _day(when, best, first)
    said_already = {(each.offer.starts_at, each.offer.code) for each in best}
    clocks = {starts_at for starts_at, _code in said_already}
    # A code is long to spell: only where one could be the same.
    of_day = [
        offer
        for offer in free.where(lambda starts: starts.date() == day)
        if offer.starts_at not in clocks or (offer.starts_at, offer.code) not in said_already
    ]
    return Times(best, day, of_day, _missing(when, picked))


def _first(when: Filters, session: PlannedSession | None) -> date:
    """From which day on to look. A session that is not due yet is looked for from its own first day on."""
    if when.is_set:
        return max(when.first, when.wish.first or when.first)
    if when.wish.first:
        return max(when.first, when.wish.first)
    return max(when.first, session.due_from) if session else when.first


def _picked(free: FreeTimes, when: Filters) -> Offer | None:
    if when.pick and (named := spelled(when.pick)):
        return next((offer for offer in free.where(named[0].__eq__) if offer.code == when.pick), None)
    if when.at and when.is_set:
        clicked = (when.first, when.at)
        return next(iter(free.where(lambda starts: (starts.date(), starts.time()) == clicked)), None)
    return None


def _before(picked: Offer, best: Sequence[Ranked[Offer]], why: str) -> list[Ranked[Offer]]:
    """The time that was chosen comes first; the letters begin with it."""
    chosen = Ranked("", picked, why)
    rest = [each for each in best if each.offer.code != picked.code]
    return [replace(each, letter=letter) for letter, each in zip(LETTERS, [chosen, *rest][:THREE], strict=False)]


def _missing(when: Filters, picked: Offer | None) -> str:
    if picked or not (when.pick or (when.at and when.is_set)):
        return ""
    if when.at:
        return _("At %(clock)s there is not room for this visit. These are the next best times.") % {
            "clock": f"{when.at:%H:%M}"
        }
    return _("That time is not free any more. These are the next best.")


def _day(when: Filters, best: Sequence[Ranked[Offer]], first: date) -> date:
    if when.is_set and not when.said:
        return when.first
    return best[0].offer.local_start.date() if best else first


def choices(service: Service) -> dict[str, Any]:
    """What the filters offer: the sites, and everybody who may give the service."""
    sites = list(Site.objects.filter(is_active=True))
    clinicians = list(Resource.objects.in_use().clinicians().offering(service.professions))
    return {"sites": sites, "many_sites": len(sites) > 1, "clinicians": clinicians}


def later(when: Filters, found: Times) -> date:
    """The first day of the next fortnight, when this one holds nothing."""
    return max(found.day, when.first) + timedelta(days=LOOK_AHEAD_DAYS)
