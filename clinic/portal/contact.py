"""How we contact you: by what, in which language, when and about what."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.portal.door import own
from clinic.portal.home import active_plan
from clinic.reminders.models import OptOut
from clinic.reminders.web import contact_page
from patients.models import Patient
from people.web.guards import SignedInRequest


@own
def contact(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Small forms, each with its own button. A stop counts at once."""
    context = {
        "active": "settings",
        "plan": active_plan(patient, request.user),
        **contact_page.shown(patient),
    }
    if request.method == "POST":
        wrong = contact_page.typed(patient, request.POST, how=OptOut.How.PORTAL, by=request.user, now=timezone.now())
        if not wrong:
            messages.success(request, _("Saved."))
            return redirect("portal:contact")
        context |= wrong
    return render(request, "portal/contact.html", context)
