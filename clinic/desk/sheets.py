"""The day on paper: a sheet for each clinician, with big times and room for notes."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.desk import board, live, names
from clinic.desk.board import Board, Line
from clinic.desk.cards import Class
from clinic.desk.views import a_day
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs


@dataclass(frozen=True, slots=True)
class Sheet:
    clinician: str
    lines: list[Line]
    classes: list[tuple[str, Class]]  # what the clock shows, and the class


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
    found = {column.key: Sheet(column.title, [], []) for column in shown.columns}
    clocks = {it.pk: shown.frame.clock(it.starts_at) for it in shown.classes}
    for column in shown.columns:
        held = {card.pk for card in column.cards}
        found[column.key].classes.extend((clocks[it.pk], it) for it in shown.classes if it.pk in held)
    for line in shown.lines([visit for visit in shown.visits if visit.is_standing and not visit.group_id]):
        if str(line.visit.clinician_id) in found:
            found[str(line.visit.clinician_id)].lines.append(line)
    return {key: sheet for key, sheet in found.items() if sheet.lines or sheet.classes}
