"""How a patient wants to be reached, as told to the desk: a page of its own, and a part of the patient's page."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.reminders.models import OptOut
from clinic.reminders.web import contact_page
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs


@needs(Permission.CONTACT_EDIT)
def reached(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """By what, in which language, when and about what. STOP counts at once, with who noted it."""
    patient = open_record(request, patient_id)
    context = {"active": "patients", **contact_page.shown(patient)}
    if request.method == "POST":
        wrong = contact_page.typed(patient, request.POST, how=OptOut.How.DESK, by=request.user, now=timezone.now())
        if not wrong:
            messages.success(request, _("Saved."))
            return redirect("reminders:reached", patient_id=patient.pk)
        context |= wrong
    part = "#short" if request.headers.get("HX-Request") else ""
    return render(request, f"reminders/reached.html{part}", context)
