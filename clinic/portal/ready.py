"""How to get ready for a visit, and what to mind after it: told here and in no message."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from clinic.appointments.models import Appointment
from clinic.portal.door import own
from patients.models import Patient
from people.web.guards import SignedInRequest
from programs.rules.rulebook import rulebook


@own
def ready(request: SignedInRequest, patient: Patient, visit_id: UUID) -> HttpResponse:
    """What the clinic asks of everybody before and after this kind of visit."""
    mine = Appointment.objects.visible_to(request.user).filter(patient=patient)
    visit = mine.select_related("site").filter(pk=visit_id).first()
    modality = rulebook().modalities.get(visit.service_code) if visit else None
    if visit is None or modality is None or not visit.is_standing:
        raise Http404
    context = {
        "active": "visits",
        "visit": visit,
        "before": modality.pre_instructions,
        "after": modality.post_instructions,
    }
    return render(request, "portal/ready.html", context)
