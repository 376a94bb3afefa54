"""Posture, workplace and night: the checklist with the clinician, what is better, and the advice to print."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.web.records import banner, open_record
from people.rules.permissions import Permission
from people.rules.refusal import NotAllowed, Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import posture as checking
from programs.web import posture_words


@needs(Permission.RECORD_VIEW)
def posture(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The last check and the one to fill in now. A POST keeps it; a check is never changed afterwards."""
    patient = open_record(request, patient_id)
    typed = posture_words.posted(request.POST)
    context = banner(patient, request.user, timezone.localdate()) | {"active": "patients"}
    if request.method == "POST":
        try:
            if not request.user.may(Permission.RECORD_EDIT):
                raise NotAllowed(_("Only a clinician fills this in."))
            checking.check(patient, typed, by=request.user, now=timezone.now())
        except Refused as refusal:
            context["refusal"] = str(refusal)
        else:
            messages.success(request, _("The posture check is kept."))
            return redirect("programs:posture", patient.pk)
    context |= posture_words.told(patient, request.user, typed=typed, today=timezone.localdate())
    context["breaks"] = posture_words.breaks(patient, request.user, today=timezone.localdate())
    return render(request, "programs/posture.html", context)
