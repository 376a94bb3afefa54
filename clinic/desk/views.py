"""The desk's day: as a grid, and as a list with one-tap buttons."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.appointments.models import Shift
from clinic.appointments.rules.status import STEPS
from clinic.desk import board
from people.models import Site
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs


@needs(Permission.APPOINTMENT_VIEW)
def today(request: SignedInRequest) -> HttpResponse:
    """Today on the calendar of the site where this person works."""
    site = _site(request, _sites())
    zone = site.zone if site else request.clinic.zone
    day = timezone.localdate(timezone.now(), zone)
    return redirect(f"{reverse('desk:day', args=[day.isoformat()])}{f'?site={site.pk}' if site else ''}")


@needs(Permission.APPOINTMENT_VIEW)
def day(request: SignedInRequest, day: str) -> HttpResponse:
    return _page(request, _day(day), "desk/day.html")


@needs(Permission.APPOINTMENT_VIEW)
def day_list(request: SignedInRequest, day: str) -> HttpResponse:
    """The same day as a table: with the cancelled, and with a button for what usually happens next."""
    return _page(request, _day(day), "desk/list.html")


def _page(request: SignedInRequest, on: date, template: str) -> HttpResponse:
    sites = _sites()
    site = _site(request, sites)
    if site is None:
        return render(request, "desk/no_site.html", {"active": "day"})
    now = timezone.now()
    by = board.ROOMS if request.GET.get("by") == board.ROOMS else board.PEOPLE
    status = request.GET.get("status", "")
    shown = board.board(request.user, site, on, by=by, status=status if status in STEPS else "", now=now)
    context: dict[str, Any] = {
        "active": "day",
        "board": shown,
        "sites": sites,
        "by": by,
        "now": now,
        "status": status if status in STEPS else "",
        "today": timezone.localdate(now, site.zone),
        "links": _links(site, on, by, now),
        "rows": [visit for visit in shown.visits if status in {"", visit.status}],
    }
    if shown.is_empty:
        context |= {"why_closed": board.why_closed(site, on), "next_open_day": board.next_open_day(site, on)}
    return render(request, f"{template}{_part(request)}", context)


def _part(request: SignedInRequest) -> str:
    """The fragment is the page: what is polled, or loaded beside a booking, is cut out of the same template."""
    if not request.headers.get("HX-Request"):
        return ""
    return "#grid" if request.GET.get("part") == "grid" else "#live"


def _links(site: Site, on: date, by: str, now: datetime) -> dict[str, Any]:
    """Addresses of the neighbours of this page: the day before, the day after, today."""
    days = {
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1),
        "today": timezone.localdate(now, site.zone),
    }
    return {"query": urlencode({"site": site.pk, "by": by}), **days}


def _day(text: str) -> date:
    """Raises `Http404` for something that is no day, or one that no calendar could show the neighbours of."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if not 2000 <= found.year <= 2100:
        raise Http404
    return found


def _sites() -> list[Site]:
    return list(Site.objects.filter(is_active=True))


def _site(request: SignedInRequest, sites: Sequence[Site]) -> Site | None:
    """The site that was asked for, or the one where this person works, or the first."""
    asked = request.GET.get("site", "")
    if asked and (found := next((site for site in sites if str(site.pk) == asked), None)):
        return found
    own = set(Shift.objects.filter(resource__user=request.user).values_list("site_id", flat=True))
    return next((site for site in sites if site.pk in own), next(iter(sites), None))
