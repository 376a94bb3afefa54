"""Reading the audit trail. Looking leaves a line too."""

from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from people.actions import audit
from people.models import AuditEvent
from people.rules.permissions import Permission
from people.web.forms import AuditFilter
from people.web.guards import SignedInRequest, needs

LINES = 50  # on one page


@needs(Permission.AUDIT_VIEW)
def trail(request: SignedInRequest) -> HttpResponse:
    """Who did what, newest first: ids and deeds, never names of patients, answers or reasons."""
    form = AuditFilter(request.GET or None)
    events = AuditEvent.objects.select_related("by").order_by("-id")
    asked = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    if form.errors:
        events = events.none()
    lines = list(_narrowed(events, asked)[: LINES + 1])
    older = ""
    if len(lines) > LINES:
        # From the last line on, not by page number: lines are added while somebody reads, and counting is slow.
        older = urlencode(request.GET.dict() | {"before": lines[LINES - 1].pk})
    audit.record(request.user, "audit.opened", request.clinic, filters=sorted(asked))
    shown = {"form": form, "events": lines[:LINES], "older": older, "asked": asked, "active": "setup"}
    return render(request, "people/audit.html", shown)


def _narrowed(events: QuerySet[AuditEvent], asked: dict[str, Any]) -> QuerySet[AuditEvent]:
    if "person" in asked:
        events = events.filter(by=asked["person"])
    if "deed" in asked:
        events = events.filter(deed__startswith=asked["deed"])
    if "patient" in asked:
        events = events.filter(patient_id=asked["patient"])
    if "before" in asked:
        events = events.filter(id__lt=asked["before"])
    day = asked.get("day")
    if day is not None:
        # A day of the clinic's wall clock is 23 or 25 hours long when the clocks change.
        begins = timezone.make_aware(datetime.combine(day, time.min))
        ends = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
        events = events.filter(at__gte=begins, at__lt=ends)
    return events
