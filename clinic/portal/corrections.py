"""Something in my record is wrong."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.portal.door import own
from clinic.portal.record_forms import CorrectionForm, StatementForm
from patients.actions import record_requests
from patients.models import Correction, Patient
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest

MOST_SHOWN = 50


@own
def corrections(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """What was asked, and a form to ask for more."""
    form = CorrectionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            record_requests.ask(patient, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Thank you. Somebody will look at it and write to you here."))
            return redirect(f"{reverse('portal:corrections')}?sent=1")
    asked = Correction.objects.visible_to(request.user).filter(patient=patient)[:MOST_SHOWN]
    context = {"active": "settings", "asked": asked, "form": form, "was_sent": "sent" in request.GET}
    return render(request, "portal/corrections.html", context)


@own
def correction(request: SignedInRequest, patient: Patient, correction_id: UUID) -> HttpResponse:
    """What came of one. A POST keeps the patient's own words on a refusal."""
    mine = Correction.objects.visible_to(request.user).filter(patient=patient).select_related("decided_by")
    it = mine.filter(pk=correction_id).first()
    if it is None:
        raise Http404
    may_answer = it.outcome == Correction.Outcome.REFUSED and not it.statement
    form = StatementForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            record_requests.state(it, form.cleaned_data["statement"], by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your words are kept with the record."))
            return redirect("portal:correction", it.pk)
    context = {"active": "settings", "it": it, "form": form, "may_answer": may_answer}
    return render(request, "portal/correction.html", context)
