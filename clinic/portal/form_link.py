"""The link to a form: the birth date first, then a code by mail, then the form."""

from urllib.parse import urlencode

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.portal import limits
from clinic.portal.forms import BirthDateForm
from clinic.portal.link import stopped_working, visit_behind
from clinic.portal.who import PROVED
from clinic.reminders.models import ShortLink
from patients.models import Patient
from people.web.guards import public


@public
def form_link(request: HttpRequest, token: str) -> HttpResponse:
    """Who has the letter and knows the birth date gets a code at the patient's own address.

    The form holds health data, so the link alone never opens it; the address is filled in by the server
    and never shown.
    """
    if limits.is_flooding(request):
        return limits.asked_to_wait(request)
    visit = visit_behind(token, ShortLink.Opens.FORM)
    if visit is None:
        return stopped_working(request)
    patient = visit.patient
    form = BirthDateForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if limits.is_too_often(f"form-link:{visit.pk}", times=limits.BIRTH_DATES_AN_HOUR):
            form.add_error(None, _("That was tried too often. Wait an hour, or call the clinic."))
        elif patient.birth_date is None or form.cleaned_data["birth_date"] != patient.birth_date:
            form.add_error(None, _("That is not the birth date we have. Please check it, or call the clinic."))
        else:
            return _let_in(request, patient)
    return render(request, "portal/form_link.html", {"form": form, "visit": visit})


def _let_in(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Send the code, and remember for this browser whose birth date was given."""
    to_the_form = f"{reverse('portal:who')}?{urlencode({'patient': patient.pk, 'then': 'forms'})}"
    if patient.user is None or not patient.user.is_active or not patient.user.is_patient:
        return render(request, "portal/form_by_phone.html")
    request.session[PROVED] = str(patient.pk)
    if request.user == patient.user:
        return redirect(to_the_form)
    LoginCodeVerificationProcess.initiate(request=request, user=patient.user, email=patient.user.email)
    return redirect(f"{reverse('account_confirm_login_code')}?{urlencode({'next': to_the_form})}")
