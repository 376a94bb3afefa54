"""The day on paper: a sheet for each clinician, with big times and room for notes."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.appointments.web import names
from clinic.desk import board, live
from clinic.desk.board import Board, Line
from clinic.desk.cards import Class
from clinic.desk.views import a_day
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs


@dataclass(frozen=True, slots=True)
class Row:
    """A visit, or a class."""

    at: datetime
    clock: str
    line: Line | None = None
    meeting: Class | None = None
    places: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    clinician: str
    rows: list[Row]


@needs(Permission.APPOINTMENT_VIEW)
def page(request: SignedInRequest, day: str) -> HttpResponse:
    """Every clinician's sheet, or with `?clinician=` one. With `?names=hidden` by initials and number."""
    on, now = a_day(day), timezone.now()
    site = live.chosen(live.sites(request.user, on), request.GET.get("site", ""))
    if site is None:
        return render(request, "desk/no_site.html", {"active": "day"})
    hide = names.are_hidden(request) or request.GET.get("names") == "hidden"
    shown = board.board(request.user, site, on, by=board.PEOPLE, status="", now=now, hide_names=hide)
    asked = request.GET.get("clinician", "")
    sheets = _sheets(shown)
    context = {
        "board": shown,
        "sheets": [sheet for key, sheet in sheets.items() if asked in {"", key}],
        "clinicians": [(key, sheet.clinician) for key, sheet in sheets.items()],
        "asked": asked,
        "hide": hide,
        "is_fixed": names.are_hidden(request),
    }
    return render(request, "desk/print.html", context)


def _sheets(shown: Board) -> dict[str, Sheet]:
    """By the id of the clinician, in the order of the board; who has nobody today needs no sheet."""
    visits = [visit for visit in shown.visits if visit.is_standing and not visit.group_id]
    rows: dict[str, list[Row]] = defaultdict(list)
    for line in shown.lines(visits):
        rows[str(line.visit.clinician_id)].append(Row(line.visit.starts_at, line.clock, line=line))
    for column in shown.columns:
        held = {card.pk for card in column.cards}
        meetings = [it for it in shown.classes if it.pk in held]
        rows[column.key] += [
            Row(it.starts_at, shown.frame.clock(it.starts_at), meeting=it, places=shown.places_of(it))
            for it in meetings
        ]
    return {
        column.key: Sheet(column.title, sorted(rows[column.key], key=lambda row: row.at))
        for column in shown.columns
        if rows[column.key]
    }
