"""Reminders of exercises, when you would rather come, and where you are signed in."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.appointments.actions import preferences as wanted
from clinic.appointments.models import VisitPreference
from clinic.portal.door import own, records_of
from clinic.portal.forms import ReminderForm, WishForm
from clinic.portal.home import active_plan
from patients.models import Patient
from people.models import User
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest
from programs.actions import plans


@own
def settings(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Small forms, each with its own button."""
    plan = active_plan(patient, request.user)
    typed = request.POST if request.method == "POST" else None
    which = request.POST.get("form")
    reminder = ReminderForm(typed if which == "reminder" else None, initial={"remind_at": plan and plan.remind_at})
    kept = VisitPreference.objects.filter(patient=patient).select_related("site", "clinician").first()
    wishes = _wish_form(kept, typed if which == "wishes" else None)
    if wishes.is_valid() and _is_wished(patient, kept, wishes, request.user):
        return _saved(request)
    try:
        if plan is not None and reminder.is_valid():
            at = reminder.cleaned_data["remind_at"]
            plans.set_reminder(plan, remind_at=at, by=request.user, now=timezone.now())
            return _saved(request)
    except Refused as refusal:
        messages.error(request, str(refusal))
    context: dict[str, Any] = {"active": "settings", "patient": patient, "plan": plan}
    context |= {"reminder": reminder, "wishes": wishes, "has_others": records_of(request).count() > 1}
    context |= {"form": wishes if wishes.errors else reminder}
    return render(request, "portal/settings.html", context)


def _wish_form(kept: VisitPreference | None, typed: Any) -> WishForm:
    names = ("weekdays", "earliest", "latest")
    return WishForm(typed, initial={name: getattr(kept, name) for name in names} if kept else {})


def _is_wished(patient: Patient, kept: VisitPreference | None, form: WishForm, by: User) -> bool:
    # Where, with whom and the time zone were settled with the desk and stay.
    others = {name: getattr(kept, name) for name in ("site", "clinician", "time_zone")} if kept else {}
    try:
        wanted.set_preference(patient, wanted.Preference(**form.cleaned_data, **others), by=by)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _saved(request: SignedInRequest) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect("portal:settings")
