"""Everything the clinic holds about me: to read, to take along, and what I can do about it."""

import json

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.portal.door import own
from clinic.portal.held import fhir, paper
from clinic.portal.limits import asked_to_wait, is_too_often
from patients.models import Correction, Helper, Patient, RecordPolicy
from people.actions import audit
from people.web.guards import SignedInRequest

COPIES_AN_HOUR = 10  # each reads the whole record


@own
def overview(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """One page that leads to each of a patient's rights."""
    context = {
        "active": "settings",
        "patient": patient,
        "kept_years": RecordPolicy.current().kept_years,
        "asked": Correction.objects.visible_to(request.user).filter(patient=patient).undecided().count(),
        "helpers": Helper.objects.working().filter(patient=patient).count(),
    }
    return render(request, "portal/my_data.html", context)


@own
def as_paper(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """All of it as a PDF, with a line in the audit trail."""
    if is_too_often(f"copy:{request.user.pk}", times=COPIES_AN_HOUR):
        return asked_to_wait(request)
    made = paper.pdf(patient, request.clinic, at=timezone.now())
    return _taken(request, patient, made, kind="application/pdf", ending="pdf")


@own
def as_fhir(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """All of it as one FHIR R4 Bundle, with a line in the audit trail."""
    if is_too_often(f"copy:{request.user.pk}", times=COPIES_AN_HOUR):
        return asked_to_wait(request)
    made = json.dumps(fhir.bundle(patient, at=timezone.now()), ensure_ascii=False).encode()
    return _taken(request, patient, made, kind="application/fhir+json", ending="json")


def _taken(request: SignedInRequest, patient: Patient, made: bytes, *, kind: str, ending: str) -> HttpResponse:
    audit.record(request.user, "record.exported", patient, form=ending, size=len(made))
    answer = HttpResponse(made, content_type=kind)
    # No name in it: the file lies in a folder that others open.
    answer["Content-Disposition"] = f'attachment; filename="record.{ending}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store, private"
    return answer
