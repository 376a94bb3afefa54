"""Booking what is due in three taps: book, a time, yes."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.appointments.actions import availability, booking, suggestions
from clinic.appointments.actions.asked import asked_in
from clinic.appointments.actions.availability import Choice
from clinic.appointments.actions.wanted import Wanted
from clinic.appointments.models import Appointment, BookingPolicy, Resource
from clinic.appointments.rules.limits import Door
from clinic.appointments.rules.refusals import AlreadyBooked, NotForPatients, NothingChosen, TooSoon
from clinic.portal import due, refusals, times
from clinic.portal.door import own
from clinic.portal.due import Due
from patients.models import Patient
from people.models import Clinic
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest

EVERYBODY = "all"
REFUSED = 409
MOST_COMPARED = 300  # times, of which the best three are shown first


@own
def book(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """What is due, then its times, then the one that was tapped with the clinic's rules. A POST books it."""
    now, refusal = timezone.now(), ""
    every = due.of(patient, request.user, now)
    if request.method == "POST":
        try:
            return _booked(request, patient, every, now)
        except Refused as refused:
            refusal = refusals.said(refused)
    it = due.chosen(every, request.POST.get("what") or request.GET.get("what", ""))
    context: dict[str, Any] = {"active": "visits", "patient": patient, "refusal": refusal, "due": every, "it": it}
    choice = availability.chosen(request.GET.get("offer", "")) if it and not refusal else None
    if it and choice:
        context |= _to_confirm(it, choice, request.clinic, request.GET["offer"])
    elif it:
        context |= _to_choose(request, patient, it, now)
    return render(request, "portal/book.html", context, status=REFUSED if refusal else 200)


def _booked(request: SignedInRequest, patient: Patient, every: list[Due], now: datetime) -> HttpResponse:
    """Raises `Refused`."""
    key = due.as_id(request.POST.get("request_key"))
    mine = Appointment.objects.visible_to(request.user).filter(patient=patient)
    if key and (before := mine.filter(request_key=key).first()):  # a second tap on the same button
        return redirect("portal:visit_change", before.pk)
    it = due.chosen(every, request.POST.get("what") or "-")
    if it is None:
        raise AlreadyBooked if mine.filter(session=due.as_id(request.POST.get("what"))).standing() else NotForPatients
    choice = availability.chosen(request.POST.get("offer", ""))
    if choice is None:
        raise NothingChosen
    if choice.starts_at.astimezone(choice.site.zone).date() < it.due_from:
        raise TooSoon
    wanted = Wanted(
        service=it.service,
        site=choice.site,
        starts_at=choice.starts_at,
        resource_ids=[piece.pk for piece in choice.resources],
        session=it.session,
        request_key=key,
    )
    (visit,) = booking.book_all(patient, [wanted], by=request.user, now=now, door=Door.PORTAL)
    messages.success(request, _("Your visit is booked."))
    return redirect("portal:visit_change", visit.pk)


def _to_confirm(it: Due, choice: Choice, clinic: Clinic, code: str) -> dict[str, Any]:
    policy = BookingPolicy.current()
    people = [piece for piece in choice.resources if piece.kind == Resource.Kind.CLINICIAN]
    return {
        "chosen": choice,
        "clinician": people[0] if people else None,
        "offer": code,
        "request_key": uuid4(),
        "change_until": policy.change_until_hours,
        "price": it.service.price,
        "currency": clinic.currency,
    }


def _to_choose(request: SignedInRequest, patient: Patient, it: Due, now: datetime) -> dict[str, Any]:
    """First with whoever gave it last; with everybody if she asks for that, or if there is no such time."""
    with_whom = None if request.GET.get("people") == EVERYBODY else times.usual_clinician(patient, it.service, now)
    service = asked_in(it.session, it.service)
    asked: dict[str, Any] = {
        "patient": patient,
        "first": times.first_day(it.due_from, now, later=request.GET.get("from", "")),
        "now": now,
        "technique": it.technique,
    }
    found = times.find(service, clinician=with_whom, **asked)
    if with_whom and not found.days and not found.is_held:
        with_whom, found = None, times.find(service, **asked)
    offers = [offer for day in found.days for offer in day.offers][:MOST_COMPARED]
    best = suggestions.best_of(offers, patient=patient, session=it.session, now=now)
    query = {"what": it.code} if with_whom or "people" not in request.GET else {"what": it.code, "people": EVERYBODY}
    return {
        "query": urlencode(query),
        "found": found,
        "with_whom": with_whom,
        "best": [each.offer for each in sorted(best, key=lambda each: each.offer.starts_at)],
        "has_sites": len({offer.site.pk for offer in offers}) > 1,
        "everybody": EVERYBODY,
    }
