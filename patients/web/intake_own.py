"""The patient's own forms in the portal."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from patients.actions import intake as intakes
from patients.models import Intake
from patients.rules.intake_parts import MINUTES, PARTS
from patients.web import intake_pages
from patients.web.intake_pages import Frame
from patients.web.own import RecordNotChosen, own_patient
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs

NAMES = {
    "part": "patients:form_part",
    "check": "patients:form_check",
    "sent": "patients:form_sent",
    "urgent": "patients:form_urgent",
    "home": "patients:forms",
}


def _own(request: SignedInRequest, intake_id: UUID) -> tuple[Intake, Frame]:
    patient = own_patient(request)
    rows = Intake.objects.visible_to(request.user).filter(patient=patient)
    intake = rows.select_related("patient").filter(pk=intake_id).first()
    if intake is None:
        raise Http404
    return intake, Frame("layouts/portal.html", NAMES, {"intake_id": intake.pk}, {"active": "today"})


@needs(Permission.OWN_RECORD)
def forms(request: SignedInRequest) -> HttpResponse:
    """The form that is open, or a way to begin one, and the ones that were sent."""
    try:
        patient = own_patient(request)
    except RecordNotChosen:
        return redirect("home")  # which asks for whom it is
    mine = Intake.objects.visible_to(request.user).filter(patient=patient).select_related("patient")
    unsent = mine.open().first()
    context = {
        "patient": patient,
        "unsent": unsent,
        "next_page": intake_pages.first_open_page(unsent) if unsent else None,
        "has_begun": bool(unsent and unsent.answers),
        "last_sent": mine.submitted().order_by("-submitted_at").first(),
        "parts": PARTS,
        "minutes": MINUTES,
        "active": "today",
    }
    return render(request, "patients/intake_forms.html", context)


@needs(Permission.OWN_RECORD)
@require_POST
def start(request: SignedInRequest) -> HttpResponse:
    intake = intakes.start(own_patient(request), by=request.user, now=timezone.now())
    return redirect("patients:form_part", intake_id=intake.pk, part=intake_pages.first_open_page(intake) or "last")


@needs(Permission.OWN_RECORD)
def part(request: SignedInRequest, intake_id: UUID, part: str) -> HttpResponse:
    intake, frame = _own(request, intake_id)
    return intake_pages.fill_in(request, intake, part, frame)


@needs(Permission.OWN_RECORD)
def check(request: SignedInRequest, intake_id: UUID) -> HttpResponse:
    intake, frame = _own(request, intake_id)
    return intake_pages.check(request, intake, frame)


@needs(Permission.OWN_RECORD)
def sent(request: SignedInRequest, intake_id: UUID) -> HttpResponse:
    intake, frame = _own(request, intake_id)
    return intake_pages.sent(request, intake, frame)


@needs(Permission.OWN_RECORD)
def urgent(request: SignedInRequest, intake_id: UUID) -> HttpResponse:
    intake, frame = _own(request, intake_id)
    return intake_pages.urgent(request, intake, frame)
