"""The same form, written by staff for a patient who cannot fill it in: by phone, or at the visit."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from patients.actions import intake as intakes
from patients.models import Intake
from patients.web import intake_pages
from patients.web.intake_pages import Frame
from patients.web.records import open_record
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs

NAMES = {
    "part": "patients:staff_form_part",
    "check": "patients:staff_form_check",
    "sent": "patients:staff_form_sent",
    "urgent": "patients:staff_form_urgent",
    "home": "patients:record",
}


def _hers(request: SignedInRequest, patient_id: UUID, intake_id: UUID) -> tuple[Intake, Frame]:
    patient = open_record(request, patient_id)
    rows = Intake.objects.visible_to(request.user).filter(patient=patient)
    intake = rows.select_related("patient").filter(pk=intake_id).first()
    if intake is None:
        raise Http404
    ids = {"patient_id": patient.pk, "intake_id": intake.pk}
    return intake, Frame("layouts/staff.html", NAMES, ids, {"active": "patients", "is_staff_page": True})


@needs(Permission.RECORD_EDIT)
@require_POST
def start(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    patient = open_record(request, patient_id)
    intake = intakes.start(patient, by=request.user, now=timezone.now())
    page = intake_pages.first_open_page(intake) or "last"
    return redirect("patients:staff_form_part", patient_id=patient.pk, intake_id=intake.pk, part=page)


@needs(Permission.RECORD_EDIT)
def part(request: SignedInRequest, patient_id: UUID, intake_id: UUID, part: str) -> HttpResponse:
    intake, frame = _hers(request, patient_id, intake_id)
    return intake_pages.fill_in(request, intake, part, frame)


@needs(Permission.RECORD_EDIT)
def check(request: SignedInRequest, patient_id: UUID, intake_id: UUID) -> HttpResponse:
    intake, frame = _hers(request, patient_id, intake_id)
    return intake_pages.check(request, intake, frame)


@needs(Permission.RECORD_EDIT)
def sent(request: SignedInRequest, patient_id: UUID, intake_id: UUID) -> HttpResponse:
    intake, frame = _hers(request, patient_id, intake_id)
    return intake_pages.sent(request, intake, frame)


@needs(Permission.RECORD_EDIT)
def urgent(request: SignedInRequest, patient_id: UUID, intake_id: UUID) -> HttpResponse:
    intake, frame = _hers(request, patient_id, intake_id)
    return intake_pages.urgent(request, intake, frame)
