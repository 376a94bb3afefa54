"""Who is this for? One account may open several records, each once its birth date was given."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.portal import limits
from clinic.portal.forms import BirthDateForm
from patients.actions import helping, registration
from patients.models import Patient
from patients.web.own import CHOSEN, Opened, opened
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

# Whose birth date was given on the way in, at the link of a form.
PROVED = "birth_date_given_for"


@needs(Permission.OWN_RECORD)
def who(request: SignedInRequest) -> HttpResponse:
    """First names to choose from; a record that was never opened here asks for its birth date."""
    records = opened(request.user)
    if not records:
        raise Http404
    asked_for = request.POST.get("patient") or request.GET.get("patient", "") or request.session.get(PROVED)
    chosen = next((it for it in records if str(it.patient.pk) == asked_for), records[0] if len(records) == 1 else None)
    then = {"then": request.GET.get("then", "")}
    if chosen is None:
        return render(request, "portal/who.html", {"records": records, **then})
    form = BirthDateForm(request.POST if request.method == "POST" else None)
    if chosen.is_known or _is_proved(request, chosen, form):
        return _opened(request, chosen.patient)
    context: dict[str, Any] = {"chosen": chosen.patient, "form": form, "several": len(records) > 1}
    return render(request, "portal/birth_date.html", context | then)


def _is_proved(request: SignedInRequest, chosen: Opened, form: BirthDateForm) -> bool:
    """Whether the birth date is right, now or on the way in. What is wrong is said in the form."""
    patient = chosen.patient
    if request.session.get(PROVED) == str(patient.pk) and patient.birth_date:
        given = patient.birth_date
    elif not form.is_valid():
        return False
    elif limits.is_too_often(f"birth-date:{request.user.pk}", times=limits.BIRTH_DATES_AN_HOUR):
        form.add_error(None, _("That was tried too often. Wait an hour, or call the clinic."))
        return False
    else:
        given = form.cleaned_data["birth_date"]
    try:
        if chosen.helper:
            helping.confirm(chosen.helper, birth_date=given, by=request.user, now=timezone.now())
        else:
            registration.confirm_identity(patient, birth_date=given, by=request.user, now=timezone.now())
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    request.session.pop(PROVED, None)
    return True


def _opened(request: SignedInRequest, patient: Patient) -> HttpResponse:
    request.session[CHOSEN] = str(patient.pk)
    then = request.POST.get("then") or request.GET.get("then", "")
    return redirect("patients:forms" if then == "forms" else "portal:today")
