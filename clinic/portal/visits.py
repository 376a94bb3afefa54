"""My visits: what is booked, saying yes, another time, and calling it off."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import groupby, islice
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.appointments.actions import as_booked, attendance, availability, booking, seats
from clinic.appointments.actions.availability import Choice, Offer
from clinic.appointments.models import Appointment, BookingPolicy, GroupSession
from clinic.appointments.rules.limits import Door
from clinic.appointments.rules.status import MAY_BE_MOVED, Status
from clinic.portal import classes
from clinic.portal.door import own
from patients.models import Patient
from people.models import User
from people.rules.refusal import ChangedMeanwhile, Refused
from people.web.guards import SignedInRequest
from programs.models import PlannedSession

LOOK_AHEAD = 21  # days
DAYS_SHOWN = 7
PAST_ON_A_PAGE = 20
BY_PATIENT = "patient_portal"


class TooLateToChange(Refused):
    """So late the clinic can no longer give the time to anybody else: a call settles it."""


def may_change(visit: Appointment, now: datetime) -> bool:
    """Whether the patient may still move or cancel it without a call. At most one query."""
    return visit.status in MAY_BE_MOVED and visit.starts_at - now > timedelta(hours=_change_until())


def _change_until() -> int:
    """How many hours before a visit the clinic lets patients change it."""
    return BookingPolicy.current().change_until_hours


def refuse_if_moved_since(visit: Appointment, revision: str) -> None:
    """A yes or a no counts for the time that stood on the page. Raises `ChangedMeanwhile`."""
    if revision != str(visit.revision):
        raise ChangedMeanwhile(_("The clinic changed this visit a moment ago. Please look at it again."))


@own
def visits(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """What is to come, and what has been."""
    now = timezone.now()
    mine = Appointment.objects.visible_to(request.user).filter(patient=patient).select_related("clinician", "site")
    past = mine.filter(ends_at__lte=now).order_by("-starts_at")
    due = PlannedSession.objects.visible_to(request.user).of_active_plans().filter(plan__patient=patient)
    unbooked = due.exclude(appointments__status__in=frozenset(Status) - {Status.CANCELLED, Status.MISSED})
    context = {
        "active": "visits",
        "coming": mine.filter(ends_at__gt=now).standing().order_by("starts_at"),
        "past": Paginator(past, PAST_ON_A_PAGE).get_page(request.GET.get("page")),
        "next_due": unbooked.filter(due_until__gte=timezone.localdate()).order_by("due_from").first(),
    }
    return render(request, "portal/visits.html", context)


@own
def change(request: SignedInRequest, patient: Patient, visit_id: UUID) -> HttpResponse:
    """One visit. `?offer=` asks before moving it, `?cancel=1` before calling it off; a POST does it."""
    mine = Appointment.objects.visible_to(request.user).filter(patient=patient)
    visit = mine.select_related("clinician", "site", "patient", "session").filter(pk=visit_id).first()
    if visit is None:
        raise Http404
    refusal = ""
    if request.method == "POST":
        try:
            return _changed(request, visit)
        except Refused as refused:
            refusal = str(refused)
            visit.refresh_from_db()
    now = timezone.now()
    context: dict[str, Any] = {
        "active": "visits",
        "visit": visit,
        "refusal": refusal,
        "has_begun": visit.starts_at <= now,
        "change_until": _change_until(),
    }
    if may_change(visit, now):
        context["can_change"] = True
        if not refusal and (chosen := _chosen(visit, request.GET)):
            context |= {"chosen": chosen, "offer": request.GET.get("offer"), "class": request.GET.get("class")}
        elif not refusal and "cancel" in request.GET:
            context["is_cancelling"] = True
        elif visit.group_id:
            context["classes"] = classes.others(visit, now)
        else:
            context["days"] = list(_days(visit, now))
    return render(request, "portal/visit.html", context)


def _changed(request: SignedInRequest, visit: Appointment) -> HttpResponse:
    """Do what was asked. Raises `Refused`."""
    now, do = timezone.now(), request.POST.get("do")
    refuse_if_moved_since(visit, request.POST.get("revision", ""))
    if do == "confirm":
        attendance.confirm(visit, by=request.user, now=now)
        messages.success(request, _("Thank you. We expect you."))
        return redirect("portal:today")
    if not may_change(visit, now):
        hours = _change_until()
        words = ngettext(
            "This visit is less than %(n)s hour away, or has changed. Please call us.",
            "This visit is less than %(n)s hours away, or has changed. Please call us.",
            hours,
        )
        raise TooLateToChange(words % {"n": hours})
    if do == "cancel":
        booking.cancel(visit, reason=BY_PATIENT, by=request.user, now=now)
        messages.success(request, _("The visit is cancelled. Call us or write to us for a new one."))
        return redirect("portal:visits")
    choice = _chosen(visit, request.POST)
    if do != "move" or choice is None:
        raise Http404
    moved = _moved(visit, choice, by=request.user, now=now)
    messages.success(request, _("Your visit has moved."))
    return redirect("portal:visit_change", moved.pk)


def _moved(visit: Appointment, to: Choice | GroupSession, *, by: User, now: datetime) -> Appointment:
    """What it has now is kept until the new one is certain. Raises `Refused`."""
    if isinstance(to, GroupSession):
        return seats.reseat(visit, to, revision=visit.revision, by=by, now=now, door=Door.PORTAL)
    return booking.move(
        visit,
        starts_at=to.starts_at,
        resources=to.resources,
        revision=visit.revision,
        by=by,
        now=now,
        door=Door.PORTAL,
    )


def _chosen(visit: Appointment, asked: QueryDict) -> Choice | GroupSession | None:
    """The time behind a button of this page: the same class or the same clinician, whatever the address says."""
    if visit.group_id:
        return classes.chosen(visit, asked.get("class", ""))
    code = asked.get("offer", "")
    choice = availability.chosen(code) if code else None
    return choice if choice and visit.clinician in choice.resources else None


def _days(visit: Appointment, now: datetime) -> Iterator[tuple[date, list[Offer]]]:
    """Only days with free times, each with its times; the same service with the same clinician."""
    first = timezone.localtime(now, visit.site.zone).date()
    offers = availability.free_times(
        as_booked.service_of(visit),
        patient=visit.patient,
        first=first,
        days=LOOK_AHEAD,
        now=now,
        site=visit.site,
        clinician=visit.clinician,
        moving=visit,
        door=Door.PORTAL,
    )
    others = (offer for offer in offers if offer.starts_at != visit.starts_at)
    by_day = groupby(others, key=lambda offer: offer.local_start.date())
    for day, times in islice(by_day, DAYS_SHOWN):
        yield day, list(times)
