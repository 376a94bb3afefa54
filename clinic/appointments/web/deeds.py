"""What has been done to a visit, in words: for its card and for the undo bar."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.appointments.actions import class_undo
from clinic.appointments.models import Appointment, GroupSession, VisitChange
from clinic.appointments.rules.status import Status
from clinic.appointments.web import names, words
from people.models import AuditEvent

Words = str | Promise
Deed = VisitChange.Deed

PLAIN: Mapping[str, Words] = {
    "appointment.booked": gettext_lazy("Booked"),
    "appointment.booked_by_link": gettext_lazy("Booked by the patient, through the link in a message"),
    "appointment.moved": gettext_lazy("Moved to another time or place"),
    "appointment.moved_by_link": gettext_lazy("Moved by the patient, through the link in a message"),
    "appointment.cancelled": gettext_lazy("Cancelled"),
    "appointment.cancelled_by_link": gettext_lazy("Cancelled by the patient, through the link in a message"),
    "appointment.confirmed": gettext_lazy("Confirmed"),
    "appointment.confirmed_by_link": gettext_lazy("Confirmed by the patient, through the link in a message"),
    "appointment.expected_in_time": gettext_lazy("Will be in time after all"),
    "appointment.news_sent_at_once": gettext_lazy("The message was let go at once"),
    "appointment.waits_for_clinician": gettext_lazy("Is here and waits for a clinician"),
    "appointment.does_not_wait": gettext_lazy("Is not here after all"),
    "appointment.walked_in": gettext_lazy("Came without a visit and was fitted in"),
    "appointment.link_opened": gettext_lazy("The link in a message was opened"),
}
_DONE: Mapping[str, Words] = {
    Deed.BOOKED: gettext_lazy("booked"),
    Deed.MOVED: gettext_lazy("moved here"),
    Deed.CANCELLED: gettext_lazy("cancelled"),
}
_UNDONE: Mapping[str, Words] = {
    Deed.BOOKED: gettext_lazy("Undone. Nothing is booked for %(who)s, %(when)s."),
    Deed.MOVED: gettext_lazy("Undone. %(who)s comes on %(when)s, as before."),
    Deed.CANCELLED: gettext_lazy("Undone. %(who)s comes on %(when)s, as before."),
}
_TAKEN_BACK: Mapping[str, Words] = {
    Deed.BOOKED: gettext_lazy("The booking was undone"),
    Deed.MOVED: gettext_lazy("The move was undone"),
    Deed.CANCELLED: gettext_lazy("The cancellation was undone"),
}


def done(request: HttpRequest, change: VisitChange) -> str:
    """The undo bar's line: "Leila Rahimi, Thursday 17 September, 10:30: booked." """
    visit = change.appointment
    if class_undo.is_of_a_class(change):
        return _("The class of %(when)s, with everybody in it: %(deed)s.") % {
            "when": words.day_and_time(visit.local_start),
            "deed": _DONE[change.deed],
        }
    return _("%(who)s, %(when)s: %(deed)s.") % {
        "who": names.said(request, visit.patient),
        "when": words.day_and_time(visit.local_start),
        "deed": _DONE[change.deed],
    }


def undone(request: HttpRequest, change: VisitChange, visit: Appointment) -> str:
    """What is so again, said back. `change` is what was undone, `visit` what it is now."""
    when = words.day_and_time(visit.local_start)
    return str(_UNDONE[change.deed]) % {"who": names.said(request, visit.patient), "when": when}


def class_undone(group: GroupSession) -> str:
    """The same of a class."""
    return _("Undone. %(name)s meets on %(when)s, as before, with everybody in it.") % {
        "name": group.name,
        "when": words.day_and_time(group.local_start),
    }


def said(event: AuditEvent, change: VisitChange | None, *, zone: ZoneInfo) -> Words:
    """A line of the audit trail in plain words; `change` is what it left behind, if it did."""
    detail = event.detail
    if event.deed == "appointment.status_set":
        was, status = (Status(detail[key]).label for key in ("was", "status"))
        return _("“%(was)s” became “%(status)s”") % {"was": was, "status": status}
    if event.deed == "appointment.expected_late":
        return _("Phoned: %(n)s minutes late") % {"n": detail["minutes"]}
    if event.deed == "appointment.undone":
        return _TAKEN_BACK[detail["deed"]]
    if event.deed == "appointment.moved" and change and change.before:
        begins, ends = (datetime.fromisoformat(change.before[at]) for at in ("starts_at", "ends_at"))
        before = timezone.localtime(begins, zone)
        if change.revision == change.appointment.revision and begins == change.appointment.starts_at:
            minutes = int((ends - begins).total_seconds()) // 60
            return _("Changed; it was %(when)s, %(n)s minutes") % {"when": words.day_and_time(before), "n": minutes}
        return _("Moved; it was %(when)s") % {"when": words.day_and_time(before)}
    return PLAIN.get(event.deed, event.deed)
