"""Public holidays: ticked once a year, they become closing days."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext

from clinic.appointments.actions import roster as work
from clinic.appointments.models import Closure
from clinic.appointments.rules import public_holidays
from clinic.appointments.rules.public_holidays import Holiday
from people.models import Site
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs

A_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose holidays are looked at, and which site is closed on them; every site where there is none."""

    site: Site | None
    country: str
    region: str


@needs(Permission.CLINIC_SETUP)
def holidays(request: SignedInRequest) -> HttpResponse:
    """The holidays of the next year where the site is. Those that are ticked become closing days."""
    sites = list(Site.objects.filter(is_active=True))
    place = _place(request, sites)
    today = timezone.localdate()
    found = public_holidays.between(place.country, place.region, today, today + A_YEAR)
    if request.method == "POST":
        return _closed(request, place, found)
    closures = Closure.objects.filter(Q(site=place.site) | Q(site=None), on__gte=today)
    closed = set(closures.values_list("on", flat=True))
    context: dict[str, Any] = {
        "active": "setup",
        "sites": sites,
        "place": place,
        "countries": sorted(public_holidays.countries().items(), key=lambda it: it[1]),
        "regions": sorted(public_holidays.regions(place.country).items(), key=lambda it: it[1]),
        "rows": [(it, it.on in closed) for it in found],
    }
    return render(request, "appointments/roster_holidays.html", context)


def _place(request: SignedInRequest, sites: list[Site]) -> Place:
    asked = request.POST if request.method == "POST" else request.GET
    site = next((it for it in sites if str(it.pk) == asked.get("site")), None)
    zone = (site or next(iter(sites), request.clinic)).time_zone
    country = asked.get("country", "") or public_holidays.country_of(zone)
    region = asked.get("region", "")
    return Place(site, country, region if region in public_holidays.regions(country) else "")


def _closed(request: SignedInRequest, place: Place, found: list[Holiday]) -> HttpResponse:
    ticked = {_day(text) for text in request.POST.getlist("on")}
    # The name comes from what we know, never from the form.
    days = {it.on: it.name for it in found if it.on in ticked}
    n = len(work.close_all(days, site=place.site, by=request.user))
    said = ngettext("%(n)s closing day was added.", "%(n)s closing days were added.", n) % {"n": n}
    messages.success(request, said)
    return redirect("appointments:roster_stranded" if n else "appointments:roster")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
