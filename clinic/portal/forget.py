"""Being forgotten: what goes at once, and what has to be kept until when."""

from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.appointments.models import Appointment
from clinic.portal.door import own
from clinic.portal.record_forms import ForgetForm
from clinic.reminders.actions import forgetting
from patients.models import Patient
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest


@own
def forget(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Says everything before it is asked for. The POST closes the portal, so its answer is a page of its own."""
    now = timezone.now()
    form = ForgetForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            kept = forgetting.forget(patient, by=request.user, now=now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            logout(request)
            return render(request, "portal/forgotten.html", {"kept_until": kept.kept_until})
    coming = Appointment.objects.visible_to(request.user).filter(patient=patient, starts_at__gt=now).expected()
    context = {"active": "settings", "form": form, "kept_until": forgetting.kept_until(patient, now=now)}
    return render(request, "portal/forget.html", context | {"booked": coming.count()})
