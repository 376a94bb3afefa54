"""The one way for a page to open somebody's record: nobody can look without leaving a line."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404

from patients.models import Patient, RedFlag
from people.actions import audit
from people.models import User
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest


def open_record(request: SignedInRequest, patient_id: UUID) -> Patient:
    """The patient, if this user may see them, with the opening written to the audit trail.

    Raises `Http404` for a patient that does not exist and, in the same words, for one that is not theirs.
    """
    patient = Patient.objects.visible_to(request.user).select_related("user").filter(pk=patient_id).first()
    if patient is None:
        raise Http404
    page = request.resolver_match.view_name if request.resolver_match else ""
    audit.record(request.user, "patient.opened", patient, page=page)
    return patient


def banner(patient: Patient, user: User, today: date) -> dict[str, Any]:
    """What `patients/banner.html` prints. Whoever may not open the record learns only that a check is needed."""
    return {
        "patient": patient,
        "today": today,
        "age": patient.age_on(today),
        # Only that there is one, never which: so the desk may know it too.
        "needs_check": RedFlag.objects.open().filter(patient=patient).exists(),
        "sees_record": user.may(Permission.RECORD_VIEW),
    }
