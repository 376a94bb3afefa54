"""Somebody is ill: their visits of the day go to others, or to other times, all at once or none."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.appointments.actions import availability, booking, stand_in
from clinic.appointments.actions.availability import Offer
from clinic.appointments.models import Appointment, Resource
from clinic.appointments.models.appointment import AppointmentQuerySet
from clinic.appointments.rules import local_time
from clinic.appointments.rules.refusals import NothingChosen
from clinic.appointments.rules.status import MAY_BE_MOVED
from clinic.appointments.web import names
from clinic.desk import live
from clinic.desk.views import a_day
from people.models import Site
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

GONE = 409
Kind = Resource.Kind


@needs(Permission.APPOINTMENT_BOOK)
def page(request: SignedInRequest, day: str) -> HttpResponse:
    """First which visits, then what is proposed for each, then one button for all of them."""
    on, now = a_day(day), timezone.now()
    site = live.chosen(live.sites(request.user, on), request.GET.get("site", ""))
    clinician = _clinician(request.GET.get("clinician", ""))
    if site is None or clinician is None:
        raise Http404
    visits = _visits(request, site, clinician, day)
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            moved = booking.move_all(_chosen(request, visits), by=request.user, now=now)
        except Refused as no:
            refusal, visits = no, _visits(request, site, clinician, day)
        else:
            told = ngettext("%(n)s visit was moved.", "%(n)s visits were moved.", len(moved)) % {"n": len(moved)}
            messages.success(request, _told(told, moved))
            return redirect(f"{reverse('desk:day', args=[day])}?site={site.pk}")
    of_day = list(visits)
    context = _context(request, of_day) | {
        "active": "day",
        "has_plans": any(it.session_id for it in of_day),
        "day": on,
        "site": site,
        "clinician": clinician,
        "refusal": refusal,
    }
    return render(request, "desk/stand_in.html", context, status=GONE if refusal else 200)


def _told(said: str, moved: Collection[Appointment]) -> str:
    """With the way to the plans, where later visits hang on one that was moved."""
    if not any(it.session_id for it in moved):
        return said
    return format_html('{} <a href="{}">{}</a>', said, reverse("appointments:mend"), _("See whether their plans hold"))


def _context(request: SignedInRequest, visits: list[Appointment]) -> dict[str, Any]:
    hide = names.are_hidden(request)
    shown = {
        it.pk: names.listed(it.patient.given_name, it.patient.family_name, it.patient.number, hide=hide)
        for it in visits
    }
    asked = set(request.GET.getlist("visit") + request.POST.getlist("visit"))
    if not asked:
        return {"visits": [(it, shown[it.pk]) for it in visits]}
    wanted = [it for it in visits if str(it.pk) in asked]
    lines = stand_in.proposal(wanted, now=timezone.now())
    return {"lines": [(line, shown[line.visit.pk]) for line in lines]}


def _clinician(asked: str) -> Resource | None:
    try:
        return Resource.objects.clinicians().filter(pk=UUID(asked)).first()
    except ValueError:
        return None


def _visits(request: SignedInRequest, site: Site, clinician: Resource, day: str) -> AppointmentQuerySet:
    begins, ends = local_time.day_bounds(a_day(day), site.zone)
    visits = Appointment.objects.visible_to(request.user).filter(status__in=MAY_BE_MOVED, group=None)
    found = visits.filter(clinician=clinician, site=site).starting_between(begins, ends)
    return found.select_related("patient", "clinician", "site", "session").order_by("starts_at")


def _chosen(request: SignedInRequest, visits: AppointmentQuerySet) -> list[tuple[Appointment, Offer]]:
    """The ticked visits with the time that was proposed, as the form sends them back. Booking checks all of it."""
    known = {str(visit.pk): visit for visit in visits}
    found = []
    for key in request.POST.getlist("visit"):
        visit, choice = known.get(key), availability.chosen(request.POST.get(f"offer-{key}", ""))
        if visit is None or choice is None:
            continue
        revision = request.POST.get(f"revision-{key}", "")
        visit.revision = int(revision) if revision.isdecimal() else -1  # what was on the screen, not what is now
        found.append((visit, _offer(visit, choice)))
    if not found:
        raise NothingChosen
    return found


def _offer(visit: Appointment, choice: availability.Choice) -> Offer:
    """Raises `NothingChosen` where the form names no clinician or no room."""
    of_kind = {kind: [it for it in choice.resources if it.kind == kind] for kind in Kind.values}
    if not of_kind[Kind.CLINICIAN] or not of_kind[Kind.ROOM]:
        raise NothingChosen
    return Offer(
        starts_at=choice.starts_at,
        ends_at=choice.starts_at + (visit.ends_at - visit.starts_at),
        site=choice.site,
        clinician=of_kind[Kind.CLINICIAN][0],
        room=of_kind[Kind.ROOM][0],
        devices=tuple(of_kind[Kind.DEVICE]),
    )
