"""How we contact you, reminders of exercises, and where you are signed in."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.portal.door import own, records_of
from clinic.portal.forms import MailForm, ReminderForm
from clinic.portal.home import active_plan
from patients.actions import preferences
from patients.models import Patient
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest
from programs.actions import plans


@own
def settings(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Two small forms, each with its own button."""
    plan = active_plan(patient, request.user)
    typed = request.POST if request.method == "POST" else None
    which = request.POST.get("form")
    mail = MailForm(typed if which == "mail" else None, initial={"may_be_mailed": patient.may_be_mailed})
    reminder = ReminderForm(typed if which == "reminder" else None, initial={"remind_at": plan and plan.remind_at})
    try:
        if mail.is_valid():
            agreed = mail.cleaned_data["may_be_mailed"]
            preferences.set_mail_preference(patient, may_be_mailed=agreed, by=request.user, now=timezone.now())
            return _saved(request)
        if plan is not None and reminder.is_valid():
            at = reminder.cleaned_data["remind_at"]
            plans.set_reminder(plan, remind_at=at, by=request.user, now=timezone.now())
            return _saved(request)
    except Refused as refusal:
        messages.error(request, str(refusal))
    context: dict[str, Any] = {"active": "settings", "patient": patient, "plan": plan, "mail": mail}
    context |= {"reminder": reminder, "has_others": records_of(request).count() > 1, "form": reminder}
    return render(request, "portal/settings.html", context)


def _saved(request: SignedInRequest) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect("portal:settings")
