"""Who has looked at my record, and who changed something in it: the audit trail in plain words (45 CFR 164.528)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.portal.door import own
from patients.models import Helper, Patient
from people.models import AuditEvent
from people.rules.permissions import Role
from people.web.guards import SignedInRequest

LINES = 200  # of the trail on one page; what one person did in one day is one line of it

# The longest beginning that fits says it. What is not here changed something that has no better words.
DEEDS = {
    "patient.opened": gettext_lazy("looked at your record"),
    "patient.found_by_recall": gettext_lazy("looked for people to invite, and found you"),
    "patient.": gettext_lazy("changed your name, address or account"),
    "assessment.downloaded": gettext_lazy("saved a note of a visit as a file"),
    "assessment.": gettext_lazy("wrote down what was found at a visit"),
    "appointment.": gettext_lazy("booked or changed a visit"),
    "waitlist.": gettext_lazy("looked for a sooner time for you"),
    "time.": gettext_lazy("kept a time for you while booking"),
    "package.": gettext_lazy("sold or counted prepaid visits"),
    "plan.": gettext_lazy("changed your plan"),
    "exercise.": gettext_lazy("marked or changed exercises"),
    "dose.": gettext_lazy("changed how much you exercise"),
    "break.": gettext_lazy("marked a break"),
    "posture.": gettext_lazy("answered the posture questions"),
    "pain.": gettext_lazy("marked pain"),
    "intake.": gettext_lazy("filled in a form"),
    "outcome.": gettext_lazy("kept a score"),
    "facts.": gettext_lazy("wrote down illnesses, medicines or allergies"),
    "red_flag.": gettext_lazy("saw to a warning sign"),
    "treatment.": gettext_lazy("wrote down or checked a treatment"),
    "adverse_event.": gettext_lazy("wrote down a reaction to a treatment"),
    "consent.": gettext_lazy("signed, declined or took back a consent"),
    "message.": gettext_lazy("sent or stopped a reminder"),
    "messages.": gettext_lazy("changed how we contact you"),
    "contact_preference.": gettext_lazy("changed how we contact you"),
    "visit_preference.": gettext_lazy("changed when you would rather come"),
    "calendar.": gettext_lazy("made, read or ended your calendar address"),
    "link.": gettext_lazy("opened a link that we sent you"),
    "thread.read": gettext_lazy("read messages"),
    "thread.": gettext_lazy("wrote or sorted messages"),
    "helper.": gettext_lazy("added or ended a helper"),
    "correction.": gettext_lazy("asked for or decided a correction"),
    "erasure.": gettext_lazy("asked to be forgotten, or saw to it"),
    "record.exported": gettext_lazy("saved a copy of everything we hold"),
    "worklist.": gettext_lazy("looked how you are getting on"),
    "checkpoint.": gettext_lazy("looked at how the plan goes"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What one person did in one way on one day."""

    day: date
    first: datetime
    last: datetime
    who: str
    role: str
    what: str
    times: int


@own
def who_looked(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Newest first, others before all: `?all=1` shows what the patient and our computer did, too."""
    events = AuditEvent.objects.filter(patient_id=patient.pk).select_related("by").order_by("-id")
    shows_all = request.GET.get("all") == "1"
    if not shows_all:
        events = events.exclude(by=None).exclude(by=request.user)
    before = request.GET.get("before", "")
    if before.isdecimal():
        events = events.filter(id__lt=int(before))
    found = list(events[: LINES + 1])
    older = ""
    if len(found) > LINES:
        # From the last line on, not by page number: this very page adds a line.
        older = urlencode({"before": found[LINES - 1].pk} | ({"all": 1} if shows_all else {}))
    helpers = dict(Helper.objects.filter(patient=patient).values_list("user_id", "name"))
    context: dict[str, Any] = {
        "active": "settings",
        "looks": looks(found[:LINES], me=request.user.pk, helpers=helpers),
        "shows_all": shows_all,
        "older": older,
    }
    return render(request, "portal/who_looked.html", context)


def looks(events: Iterable[AuditEvent], *, me: UUID, helpers: dict[UUID, str]) -> list[Look]:
    """The trail, a line for each person, deed and day."""

    def same(event: AuditEvent) -> tuple[date, UUID | None, str]:
        return timezone.localtime(event.at).date(), event.by_id, words(event.deed)

    found = []
    for (day, by, what), group in groupby(sorted(events, key=_in_order), key=same):
        rows = list(group)
        times = sorted(timezone.localtime(it.at) for it in rows)
        who, role = _who(rows[0], me=me, is_helper=by in helpers)
        found.append(Look(day, times[0], times[-1], who, role, what, len(rows)))
    return sorted(found, key=lambda it: it.last, reverse=True)


def words(deed: str) -> str:
    """What was done, for somebody who does not know our words for it."""
    fitting = [it for it in DEEDS if deed.startswith(it)]
    return str(DEEDS[max(fitting, key=len)]) if fitting else _("changed something in your record")


def _in_order(event: AuditEvent) -> tuple[date, str, str]:
    return timezone.localtime(event.at).date(), str(event.by_id or ""), words(event.deed)


def _who(event: AuditEvent, *, me: UUID, is_helper: bool) -> tuple[str, str]:
    """A name and what they were then. Somebody who acts for the patient is said to be that."""
    if event.by_id is None:
        return _("Our computer"), _("by itself")
    if event.by_id == me:
        return _("You"), ""
    if event.by is None:  # behind the wall: the account of somebody who is no helper any more
        return _("Somebody"), _("another account of this record")
    if event.role == Role.PATIENT:
        return event.by.name, _("your helper") if is_helper else _("another account of this record")
    return event.by.name, str(Role(event.role).label) if event.role in Role.values else event.role
