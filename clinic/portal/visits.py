"""My visits: what is booked, what is due, and everything about one of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.appointments.actions import as_booked
from clinic.appointments.models import Appointment, VisitChange
from clinic.portal import classes, due, refusals, times, visit_deeds, words
from clinic.portal.door import own
from clinic.portal.visit_deeds import TooLateToChange, may_change
from patients.models import Patient
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest
from programs.rules.rulebook import rulebook

PAST_ON_A_PAGE = 20


@own
def visits(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """What is to come, what is due, and what has been."""
    now = timezone.now()
    mine = Appointment.objects.visible_to(request.user).filter(patient=patient).select_related("clinician", "site")
    past = mine.filter(ends_at__lte=now).order_by("-starts_at")
    context = {
        "active": "visits",
        "coming": mine.filter(ends_at__gt=now).standing().order_by("starts_at"),
        "past": Paginator(past, PAST_ON_A_PAGE).get_page(request.GET.get("page")),
        "due": due.of(patient, request.user, now),
        "undoable": visit_deeds.to_undo(patient, request.user, now),
    }
    return render(request, "portal/visits.html", context)


@own
def change(request: SignedInRequest, patient: Patient, visit_id: UUID) -> HttpResponse:
    """One visit. `?offer=` asks before moving it, `?cancel=1` before calling it off; a POST does it."""
    mine = Appointment.objects.visible_to(request.user).filter(patient=patient)
    visit = mine.select_related("clinician", "site", "patient", "session__plan").filter(pk=visit_id).first()
    if visit is None:
        raise Http404
    now, refusal = timezone.now(), ""
    if request.method == "POST":
        try:
            return visit_deeds.done(request, visit, now)
        except TooLateToChange as refused:
            refusal = str(refused)
        except Refused as refused:
            refusal = refusals.said(refused)
        visit.refresh_from_db()
    return render(request, "portal/visit.html", _shown(request, visit, refusal, now))


def _shown(request: SignedInRequest, visit: Appointment, refusal: str, now: datetime) -> dict[str, Any]:
    context: dict[str, Any] = {
        "active": "visits",
        "visit": visit,
        "refusal": refusal,
        "has_begun": visit.starts_at <= now,
        "change_until": visit_deeds.change_until(),
        "undoable": _undoable(request, visit, now),
        "bring": words.TO_BRING,
        "is_to_prepare": _has_instructions(visit),
        "map_address": _map_address(visit),
        "can_say_here": visit_deeds.may_say_here(visit, now),
    }
    if may_change(visit, now):
        context |= {"can_change": True} | _wanted(visit, {} if refusal else request.GET, now)
    return context


def _wanted(visit: Appointment, asked: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """What the address asks about: one other time, not coming at all, or which times there are."""
    if chosen := visit_deeds.chosen(visit, asked.get("class", ""), asked.get("offer", "")):
        return {"chosen": chosen, "offer": asked.get("offer"), "class": asked.get("class")}
    if "cancel" in asked:
        return {"is_cancelling": True}
    return _elsewhen(visit, now, asked.get("from", ""))


def _elsewhen(visit: Appointment, now: datetime, later: str) -> dict[str, Any]:
    """The other times that this visit could have: the same service with the same clinician, at the same place."""
    if visit.group_id:
        return {"classes": classes.others(visit, now)}
    session, day = visit.session, visit.local_start.date()
    # A session of the plan comes no earlier than it is due; one that the clinic put there earlier may stay near.
    floor = min(session.due_from, day) if session else day - times.EARLIER
    found = times.find(
        as_booked.service_of(visit),
        patient=visit.patient,
        first=times.first_day(floor, now, later=later),
        now=now,
        site=visit.site,
        clinician=visit.clinician,
        technique=session.technique if session else "",
        moving=visit,
    )
    return {"found": found}


def _undoable(request: SignedInRequest, visit: Appointment, now: datetime) -> VisitChange | None:
    found = visit_deeds.to_undo(visit.patient, request.user, now)
    return found if found and found.appointment_id == visit.pk else None


def _has_instructions(visit: Appointment) -> bool:
    modality = rulebook().modalities.get(visit.service_code)
    return modality is not None and bool(modality.pre_instructions or modality.post_instructions)


def _map_address(visit: Appointment) -> str:
    """A map of the clinic's address; it learns nothing about who asks but what every web site does."""
    place = ", ".join(part for part in (visit.site.name, visit.site.address) if part)
    return f"https://www.openstreetmap.org/search?{urlencode({'query': place})}" if visit.site.address else ""
