"""The week: how full everybody is, or one of them day by day."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.appointments.web import names
from clinic.desk import board, live, week, week_columns
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs


@needs(Permission.APPOINTMENT_VIEW)
def page(request: SignedInRequest, /, **which: str) -> HttpResponse:
    """A table of how full every day is; with `?resource=` the days of one person, room or device."""
    return _page(request, which["week"])


def _page(request: SignedInRequest, asked: str) -> HttpResponse:
    try:
        days = week.days_of(asked)
    except ValueError:
        raise Http404 from None
    now = timezone.now()
    sites = live.sites(request.user, days[0])
    site = live.chosen(sites, request.GET.get("site", ""))
    if site is None:
        return render(request, "desk/no_site.html", {"active": "day"})
    by = board.ROOMS if request.GET.get("by") == board.ROOMS else board.PEOPLE
    today = timezone.localdate(now, site.zone)
    rows = week.fills(site, days, week.resources(site, rooms=by == board.ROOMS), today=today)
    context: dict[str, Any] = {
        "active": "day",
        "site": site,
        "sites": sites,
        "by": by,
        "days": days,
        "week": asked,
        "today": today,
        "rows": rows,
        "row": None,
        "hide_names": names.are_hidden(request),
        "links": {
            "query": urlencode({"site": site.pk, "by": by}),
            "before": week.name_of(days[0] - timedelta(days=7)),
            "after": week.name_of(days[0] + timedelta(days=7)),
            "now": week.name_of(today),
            "day": today if today in days else days[0],
        },
    }
    if request.GET.get("resource"):
        row = _row(rows, request.GET["resource"])
        hide = names.are_hidden(request)
        grid = week_columns.grid(request.user, site, row.resource, days, now=now, hide_names=hide)
        context |= {"row": row, "grid": grid, "heads": list(zip(grid.columns, row.days, strict=True))}
    return render(request, "desk/week.html", context)


def _row(rows: list[week.Row], asked: str) -> week.Row:
    """Raises `Http404` for somebody or something that is not of this site."""
    try:
        wanted = UUID(asked)
    except ValueError:
        raise Http404 from None
    found = next((row for row in rows if row.resource.pk == wanted), None)
    if found is None:
        raise Http404
    return found
