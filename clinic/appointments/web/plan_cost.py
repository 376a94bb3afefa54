"""What a plan costs and what is prepaid: a page, a part of the plan's page, and a part of the patient's own."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic.appointments.models import Appointment, Package
from clinic.appointments.rules import plan_cost
from clinic.appointments.rules.plan_cost import Needed
from clinic.appointments.rules.status import Status
from patients.models import Patient
from patients.web.records import open_record
from people.models import Clinic
from people.rules.permissions import Permission
from people.web.guards import SignedInRequest, needs
from programs.actions import offering
from programs.models import Plan, PlannedSession, TreatmentGiven


@needs(Permission.APPOINTMENT_VIEW)
def patient_plan_cost(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """For the desk as well: it sees what is to be paid and how often, never what the plan is for."""
    patient = open_record(request, patient_id)
    context = {"active": "patients", "patient": patient} | of_patient(patient, on=timezone.localdate())
    part = "#cost" if request.headers.get("HX-Request") else ""
    return render(request, f"appointments/plan_cost.html{part}", context)


def of_patient(patient: Patient, *, on: date) -> dict[str, Any]:
    """What `appointments/plan_cost.html` prints of the plan that is followed. Six queries, however long it is."""
    sessions = list(
        PlannedSession.objects.standing()
        .filter(plan__patient=patient, plan__status__in=Plan.UNFINISHED)
        .order_by("due_on", "ordinal")
    )
    keys = [it.pk for it in sessions]
    done = set(Appointment.objects.filter(session__in=keys, status=Status.DONE).values_list("session_id", flat=True))
    done |= set(TreatmentGiven.objects.filter(session__in=keys, was_skipped=False).values_list("session_id", flat=True))
    # Whatever lapses or is closed pays for nothing any more, so it is not counted as left.
    left = Package.objects.filter(patient=patient).usable(on).order_by().values("service").annotate(n=Sum(F("left")))
    return {
        "cost": plan_cost.cost(
            (Needed(it.modality, it.pk in done, it.is_optional) for it in sessions),
            prices={code: it.price for code, it in offering.current().items()},
            prepaid={row["service"]: row["n"] for row in left},
        ),
        "currency": Clinic.objects.values_list("currency", flat=True).first() or "",
    }
