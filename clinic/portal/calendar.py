"""My visits in my own calendar: a file, or an address that keeps itself up to date."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.appointments.models import Appointment
from clinic.portal.door import own
from clinic.reminders.actions import feeds
from clinic.reminders.models import CalendarFeed
from clinic.reminders.web import calendar_file
from patients.models import Patient
from people.web.guards import SignedInRequest


@own
def calendar(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """The address, for her alone; a POST makes a new one or takes it back."""
    if request.method == "POST":
        if request.POST.get("do") == "make":
            feeds.make(patient, by=request.user, now=timezone.now())
            messages.success(request, _("Here is your new address."))
        elif request.POST.get("do") == "revoke":
            feeds.revoke(patient, by=request.user, now=timezone.now())
            messages.success(request, _("The address does not work any more."))
        return redirect("portal:calendar")
    feed = CalendarFeed.objects.visible_to(request.user).working().filter(patient=patient).first()
    address = feeds.address(feed) if feed else ""
    context = {"active": "settings", "patient": patient, "feed": feed, "address": address}
    context["subscribe"] = f"webcal://{address.partition('://')[2]}" if address else ""
    return render(request, "portal/calendar.html", context)


@own
def visits_file(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """All visits as they stand now."""
    visits = Appointment.objects.visible_to(request.user).filter(patient=patient)
    entries = feeds.entries(visits, request.clinic, now=timezone.now())
    return calendar_file.answer(request, entries, request.clinic)


@own
def visit_file(request: SignedInRequest, patient: Patient, visit_id: UUID) -> HttpResponse:
    """One visit."""
    visits = Appointment.objects.visible_to(request.user).filter(patient=patient, pk=visit_id)
    entries = list(feeds.entries(visits, request.clinic, now=timezone.now()))
    if not entries:
        raise Http404
    return calendar_file.answer(request, entries, request.clinic)
