"""How soon, how far ahead and how often a day visits may be booked."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.appointments.actions import policy as work
from clinic.appointments.actions import previews
from clinic.appointments.actions.previews import DayPreview
from clinic.appointments.models import BookingPolicy
from clinic.appointments.web.policy_forms import PolicyForm
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import offering

SAMPLE = "review"  # what every clinic gives, and gives most


@needs(Permission.CLINIC_SETUP)
def booking_rules(request: SignedInRequest) -> HttpResponse:
    """Every rule in one form, with the free times that would result."""
    form = PolicyForm(request.POST or None, policy=BookingPolicy.current())
    preview: Sequence[DayPreview] | None = None
    if form.is_valid():
        if "preview" in request.POST:
            preview = _preview(form, timezone.now())
        elif _is_saved(request, form):
            messages.success(request, _("The booking rules were changed. Visits that stand stay as they are."))
            return redirect("appointments:booking_rules")
    context = {"active": "setup", "form": form, "preview": preview, "sample": offering.current()[SAMPLE].name}
    return render(request, "appointments/booking_rules.html", context)


def _preview(form: PolicyForm, now: datetime) -> Sequence[DayPreview] | None:
    try:
        wanted = work.as_it_would_be(**form.changes)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return None
    return previews.of_policies(BookingPolicy.current(), wanted, offering.current()[SAMPLE], now=now)


def _is_saved(request: SignedInRequest, form: PolicyForm) -> bool:
    try:
        work.change(by=request.user, seen=form.cleaned_data["seen"], **form.changes)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        # What was typed stays, and saving it again replaces what somebody else has set.
        form.data = request.POST.copy()
        form.data["seen"] = work.as_seen(BookingPolicy.current())
        return False
    return True
