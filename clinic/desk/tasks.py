"""What the desk has to see to, by when: on a page of its own, beside the day, and as a number in the rail."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clinic.appointments.actions import follow_ups, matches, to_do
from clinic.appointments.actions.to_do import Group, Kind, ToDo
from clinic.appointments.models import Appointment, FollowUp, WaitlistEntry
from clinic.appointments.rules.status import Status
from clinic.appointments.web import names
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

BESIDE = 6  # tasks beside the day; the rest are a click away
MOST_WAITING = 25  # wishes looked through for a time this week
REFUSED = 409
BADGE, SIDE = "badge", "side"


@needs(Permission.APPOINTMENT_VIEW)
def tasks(request: SignedInRequest) -> HttpResponse:
    """Everything to see to. `?part=side` is the short form beside the day, `?part=badge` the number."""
    return _page(request)


def _page(request: SignedInRequest, *, refusal: Refused | None = None) -> HttpResponse:
    now, part = timezone.now(), request.GET.get("part", "")
    found = to_do.tasks(request.user, request.clinic, now=now)
    context: dict[str, Any] = {"active": "tasks", "count": len(found), "refusal": refusal, "now": now}
    context |= {"back": _around(request), "hide_names": names.are_hidden(request)}
    if part == BADGE:
        return render(request, "desk/tasks.html#badge", context)
    if part == SIDE:
        return render(request, "desk/tasks.html#side", context | _short(found))
    groups = [(Group(group), list(rows)) for group, rows in groupby(found, key=lambda task: task.group)]
    context |= {"groups": groups, "could_come": _could_come(request, now)}
    return render(request, "desk/tasks.html", context, status=REFUSED if refusal else 200)


def _around(request: SignedInRequest) -> str:
    """The page that the short form is shown on: its buttons lead back there."""
    parts = urlsplit(request.headers.get("HX-Current-URL", ""))
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _short(found: Sequence[ToDo]) -> dict[str, Any]:
    """The most pressing; the unconfirmed are one line, because one press reminds all of them."""
    others = [it for it in found if it.kind != Kind.UNCONFIRMED]
    return {"rows": others[:BESIDE], "unconfirmed": len(found) - len(others), "more": max(0, len(others) - BESIDE)}


def _could_come(request: SignedInRequest, now: datetime) -> int:
    """How many of those who wait the longest could have a time this week."""
    rows = matches.for_pages(WaitlistEntry.objects.visible_to(request.user), on=timezone.localdate(now))
    return len(matches.this_week(list(rows[:MOST_WAITING]), now=now))


@needs(Permission.APPOINTMENT_BOOK)
def follow_up(request: SignedInRequest, visit_id: UUID) -> HttpResponse:
    """What was done about a visit, and the ways to see to a missed one. A POST is one tap: called, written, put off."""
    visits = Appointment.objects.visible_to(request.user).select_related("patient", "clinician", "site")
    visit = visits.filter(pk=visit_id).first()
    if visit is None:
        raise Http404
    if request.method == "POST":
        return _followed_up(request, visit)
    now = timezone.now()
    context = {
        "active": "tasks",
        "visit": visit,
        "is_missed": visit.status == Status.MISSED,
        "rest": matches.gap_of(visit, now=now),
        "done": visit.follow_ups.select_related("by").order_by("-at"),
        "may_be_written_to": follow_ups.may_be_written_to(visit, FollowUp.Task.MISSED),
    }
    if request.headers.get("HX-Request"):  # part of a page that has opened the record
        return render(request, "desk/follow_up.html#ways", context)
    return render(request, "desk/follow_up.html", context | {"patient": open_record(request, visit.patient_id)})


def _followed_up(request: SignedInRequest, visit: Appointment) -> HttpResponse:
    """Then the page it was tapped on again."""
    task, how = request.POST.get("task", ""), request.POST.get("how", "")
    if task not in FollowUp.Task.values or how not in FollowUp.How.values:
        raise Http404
    try:
        follow_ups.record(visit, task, how, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _page(request, refusal=refusal)
    messages.success(request, SAID[FollowUp.How(how)]())
    return redirect(_back(request))


@needs(Permission.APPOINTMENT_BOOK)
@require_POST
def remind_all(request: SignedInRequest) -> HttpResponse:
    """A reminder to everybody who has not said yes to a visit until tomorrow night, as far as letters reach them."""
    now = timezone.now()
    visits = to_do.unconfirmed(request.user, request.clinic, now=now)
    written = follow_ups.remind_all(visits, by=request.user, now=now)
    said = ngettext("%(n)s reminder goes out.", "%(n)s reminders go out.", written) % {"n": written}
    left = len(visits) - written
    if left:
        said += " " + ngettext("%(n)s person has to be called.", "%(n)s people have to be called.", left) % {"n": left}
    messages.success(request, said)
    return redirect(_back(request))


SAID = {
    FollowUp.How.CALLED: lambda: _("Noted: called."),
    FollowUp.How.WROTE: lambda: _("The letter leaves in a few minutes."),
    FollowUp.How.SNOOZED: lambda: _("Put off for two hours."),
    FollowUp.How.SETTLED: lambda: _("Settled."),
}


def _back(request: SignedInRequest) -> str:
    """Where the button stood. Never to another server, whatever the form says."""
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if is_ours else reverse("desk:tasks")
