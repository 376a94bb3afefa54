"""Closing a warning sign with a finding."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from patients.actions import red_flags
from patients.models import RedFlag
from patients.web import triage_words
from patients.web.assessment_pages import about
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs


@needs(Permission.RECORD_EDIT)
def clear(request: SignedInRequest, patient_id: UUID, flag_id: UUID) -> HttpResponse:
    """What it is, why it matters, who may close it, and the field for what was found."""
    patient = open_record(request, patient_id)
    flags = RedFlag.objects.visible_to(request.user).filter(patient=patient).select_related("patient", "cleared_by")
    flag = flags.filter(pk=flag_id).first()
    if flag is None:
        raise Http404
    back = _way_back(request, patient_id)
    finding, refusal = request.POST.get("finding", ""), ""
    if request.method == "POST":
        try:
            red_flags.clear(flag, finding=finding, by=request.user, now=timezone.now())
        except Refused as refused:
            refusal = str(refused)
        else:
            messages.success(request, _("The warning sign is closed."))
            return redirect(back)
    context = {
        "line": triage_words.flag_lines([flag])[0],
        "may_clear": red_flags.may_be_cleared_by(flag, request.user),
        "who_may": red_flags.who_may_clear(flag),
        "finding": finding,
        "refusal": refusal,
        "back": back,
        **about(request, patient),
    }
    return render(request, "patients/record_flag.html", context)


def _way_back(request: SignedInRequest, patient_id: UUID) -> str:
    asked = request.POST.get("next") or request.GET.get("next", "")
    # Only to a page of ours: a link with a foreign `next` must not lead anybody away.
    if url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
        return asked
    return reverse("patients:record", args=[patient_id])
