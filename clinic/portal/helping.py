"""Who may help me here, in what, and until when."""

import logging
import smtplib

from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.portal.door import own
from clinic.portal.limits import is_too_often
from clinic.portal.record_forms import HelperForm
from patients.actions import helping
from patients.models import Helper, Patient
from people.models import Clinic
from people.rules.refusal import Refused
from people.web.adapter import from_the_clinic
from people.web.guards import SignedInRequest

NAMED_AN_HOUR = 10  # each sends a mail to an address somebody typed
log = logging.getLogger(__name__)


@own
def helpers(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Everybody who helps or has helped. A POST ends the help of one."""
    if request.method == "POST":
        return _ended(request, patient)
    rows = Helper.objects.visible_to(request.user).filter(patient=patient).select_related("user")
    now = timezone.now()
    people = [{"it": it, "is_working": it.ended_at is None and it.ends_at > now} for it in rows]
    return render(request, "portal/helping.html", {"active": "settings", "people": people})


@own
def new(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Name somebody. They get a mail that says nothing about whom."""
    form = HelperForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and is_too_often(f"helper:{request.user.pk}", times=NAMED_AN_HOUR):
        form.add_error(None, _("That was tried too often. Wait an hour, or call the clinic."))
    elif form.is_valid():
        try:
            helper = helping.add(patient, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            _tell(helper.user.email, request.clinic)
            messages.success(request, _("%(name)s can now sign in and help you.") % {"name": helper.name})
            return redirect("portal:helpers")
    return render(request, "portal/helper_new.html", {"active": "settings", "form": form})


def _ended(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Counts at once."""
    chosen = request.POST.get("helper", "")
    mine = {str(it.pk): it for it in Helper.objects.visible_to(request.user).filter(patient=patient)}
    if chosen not in mine:
        raise Http404
    helper = mine[chosen]
    try:
        helping.end(helper, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s cannot help you here any more.") % {"name": helper.name})
    return redirect("portal:helpers")


def _tell(email: str, clinic: Clinic) -> None:
    """A stranger may read it: not who is helped, nor that anybody is treated."""
    words = {"clinic": clinic, "link": f"{settings.CLINIC_URL}{reverse('account_request_login_code')}"}
    try:
        send_mail(
            subject=render_to_string("portal/mail/helper_subject.txt", words).strip(),
            message=render_to_string("portal/mail/helper_message.txt", words),
            from_email=from_the_clinic(clinic),
            recipient_list=[email],
        )
    except (smtplib.SMTPException, OSError):
        log.exception("The mail to a new helper could not be sent.")
