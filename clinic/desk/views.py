"""The desk's day: as a grid, and as a list with one-tap buttons."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.appointments.rules.status import STEPS
from clinic.appointments.web import names
from clinic.desk import board, letters, live
from clinic.desk.board import Board
from people.models import Site
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs

LIST = "desk/list.html"
VIEWS = {board.ROOMS, board.EVERYTHING}  # besides people, which is what a day is by itself


@needs(Permission.APPOINTMENT_VIEW)
def today(request: SignedInRequest) -> HttpResponse:
    """Today on the calendar of the site where this person works, seen as the address asks."""
    now = timezone.now()
    site = live.chosen(live.sites(request.user, now.date()), request.GET.get("site", ""))
    day = timezone.localdate(now, site.zone if site else request.clinic.zone)
    asked = request.GET.copy()
    if site:
        asked["site"] = str(site.pk)
    return redirect(f"{reverse('desk:day', args=[day.isoformat()])}{'?' if asked else ''}{asked.urlencode()}")


@needs(Permission.APPOINTMENT_VIEW)
def day(request: SignedInRequest, day: str) -> HttpResponse:
    return _page(request, a_day(day), "desk/day.html")


@needs(Permission.APPOINTMENT_VIEW)
def day_list(request: SignedInRequest, day: str) -> HttpResponse:
    """The same day as a table: with the cancelled, and with a button for what usually happens next."""
    return _page(request, a_day(day), LIST)


@needs(Permission.APPOINTMENT_VIEW)
def pulse(request: SignedInRequest, day: str) -> HttpResponse:
    """Nothing (204) while the day looks as it did in the version that the page shows."""
    try:
        site = live.stamped(UUID(request.GET.get("site", "")), a_day(day))
    except ValueError:
        raise Http404 from None
    if site is None:
        raise Http404
    now = live.version(site, timezone.now())
    return HttpResponse(status=204) if request.GET.get("v") == now else HttpResponse(now, content_type="text/plain")


def _page(request: SignedInRequest, on: date, template: str) -> HttpResponse:
    now = timezone.now()
    sites = live.sites(request.user, on)
    site = live.chosen(sites, request.GET.get("site", ""))
    if site is None:
        return render(request, "desk/no_site.html", {"active": "day"})
    by = request.GET.get("by", "") if request.GET.get("by") in VIEWS else board.PEOPLE
    status = request.GET.get("status", "") if request.GET.get("status") in STEPS else ""
    hide = names.are_hidden(request)
    shown = board.board(request.user, site, on, by=by, status=status, now=now, hide_names=hide)
    if _is_part(request):
        shown = letters.drawn(shown, request.GET.dict())
    context = _context(request, shown, sites, by, status, now)
    if template == LIST:
        context["lines"] = shown.lines([visit for visit in shown.visits if status in {"", visit.status}])
    return render(request, f"{template}{_part(request)}", context)


def _context(
    request: SignedInRequest, shown: Board, sites: list[Site], by: str, status: str, now: datetime
) -> dict[str, Any]:
    site, on = shown.site, shown.day
    local = timezone.localdate(now, site.zone)
    context: dict[str, Any] = {
        "active": "day",
        "board": shown,
        "sites": sites,
        "by": by,
        "now": now,
        "status": status,
        "today": local,
        "is_today": on == local,
        "version": live.version(site, now),
        "hide_names": names.are_hidden(request),
        "links": {
            "query": urlencode({"site": site.pk, "by": by}),
            "before": on - timedelta(days=1),
            "after": on + timedelta(days=1),
            "week": f"{on.isocalendar().year}-W{on.isocalendar().week:02d}",
        },
    }
    if shown.is_empty:
        context |= {"why_closed": board.why_closed(site, on), "next_open_day": board.next_open_day(site, on)}
    return context


def _is_part(request: SignedInRequest) -> bool:
    return request.GET.get("part") == "grid"


def _part(request: SignedInRequest) -> str:
    """The fragment is the page: what is renewed, or loaded beside a booking, is cut out of the same template."""
    if not request.headers.get("HX-Request"):
        return ""
    return "#grid" if _is_part(request) else "#live"


def a_day(text: str) -> date:
    """Raises `Http404` for something that is no day, or one that no calendar could show the neighbours of."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if not 2000 <= found.year <= 2100:
        raise Http404
    return found
