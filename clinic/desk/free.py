"""What is still free on a day, and how many of those who wait could have it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from clinic.appointments.actions import hours, matches
from clinic.appointments.actions.openings import Gap
from clinic.appointments.models import Hold, Resource, WaitlistEntry
from clinic.appointments.rules import local_time, slots
from clinic.appointments.rules.slots import GRID_MINUTES, Span
from clinic.desk import live
from clinic.desk.views import a_day
from people.models import Site
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs
from programs.actions import offering

MOST = 5  # a list that nobody reads to its end helps nobody


@dataclass(frozen=True, slots=True)
class Free:
    """A gap, how many of those who wait could have it, and where it is booked or offered."""

    gap: Gap
    fitting: int
    book_url: str
    offer_url: str


@needs(Permission.APPOINTMENT_VIEW)
def page(request: SignedInRequest, day: str) -> HttpResponse:
    """The gaps of the day from now on: a panel beside the board, and a page of its own."""
    on, now = a_day(day), timezone.now()
    site = live.chosen(live.sites(request.user, on), request.GET.get("site", ""))
    if site is None:
        return render(request, "desk/no_site.html", {"active": "day"})
    found = gaps(site, on, now=now)
    shown = found[:MOST]
    waiting = matches.for_pages(WaitlistEntry.objects.visible_to(request.user), on=timezone.localdate(now))
    fitting = matches.fitting_each(shown, waiting, now=now)
    context = {
        "active": "day",
        "site": site,
        "day": on,
        "is_today": on == timezone.localdate(now, site.zone),
        "frees": [_free(gap, len(who)) for gap, who in zip(shown, fitting, strict=True)],
        "more": max(0, len(found) - MOST),
    }
    part = "#panel" if request.headers.get("HX-Request") else ""
    return render(request, f"desk/free.html{part}", context)


def gaps(site: Site, on: date, *, now: datetime) -> list[Gap]:
    """Where somebody who works has room for at least their shortest kind of visit. Four queries."""
    people = list(Resource.objects.in_use().clinicians().filter(shifts__site=site).distinct())
    roster = hours.hours([person.pk for person in people], first=on, last=on)
    held = _held([person.pk for person in people], site, on, now)
    shortest = _shortest(people)
    found = []
    for person in people:
        free = slots.without(roster.working.get((person.pk, site.pk), []), held.get(person.pk, []))
        for span in free:
            starts = -(-max(span.starts, slots.minute_from(now)) // GRID_MINUTES) * GRID_MINUTES
            if person.pk in shortest and span.ends - starts >= shortest[person.pk]:
                moments = slots.moment_of(starts), slots.moment_of(span.ends)
                found.append(Gap(clinician=person, site=site, starts_at=moments[0], ends_at=moments[1]))
    return sorted(found, key=lambda gap: (gap.starts_at, gap.clinician.ordinal))


def _held(ids: list[UUID], site: Site, on: date, now: datetime) -> dict[UUID, list[Span]]:
    begins, ends = local_time.day_bounds(on, site.zone)
    found: dict[UUID, list[Span]] = {}
    holds = Hold.objects.filter(resource__in=ids, during__overlap=(begins, ends)).exclude(
        reservation__expires_at__lte=now
    )
    for resource_id, during in holds.values_list("resource_id", "during"):
        found.setdefault(resource_id, []).append(Span.of(during.lower, during.upper))
    return found


def _shortest(people: Iterable[Resource]) -> dict[UUID, int]:
    """The minutes of the shortest visit that each of them gives."""
    services = [service for service in offering.current().values() if service.is_enabled and not service.is_class]
    found = {}
    for person in people:
        lengths = [
            service.minutes + sum(service.margins(Resource.Kind.CLINICIAN))
            for service in services
            if service.professions.intersection(person.offers)
        ]
        if lengths:
            found[person.pk] = min(lengths)
    return found


def _free(gap: Gap, fitting: int) -> Free:
    local = gap.starts_at.astimezone(gap.site.zone)
    where = {"clinician": gap.clinician.pk, "site": gap.site.pk}
    book = urlencode({"day": f"{local:%Y-%m-%d}", "at": f"{local:%H:%M}", **where})
    # Ends and starts in UTC: a plus sign in an address would be read as a blank.
    span = {"from": f"{gap.starts_at:%Y-%m-%dT%H:%MZ}", "until": f"{gap.ends_at:%Y-%m-%dT%H:%MZ}"}
    offer = urlencode({**where, **span})
    return Free(
        gap,
        fitting,
        f"{reverse('appointments:book')}?{book}",
        f"{reverse('appointments:waitlist_offer')}?{offer}",
    )
