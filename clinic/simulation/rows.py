"""What the record holds of every patient of the simulation, as plain rows for the checker."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from clinic.appointments.models import Absence, Appointment, Hold, Package, PackageUse
from clinic.appointments.rules.status import Status
from clinic.simulation.world import ZONE
from patients.models import Assessment, Consent, Fact, Outcome, Patient, RedFlag
from programs.models import Checkpoint, Override, PlanPause, PlanVersion, TreatmentGiven


@dataclass(frozen=True, slots=True)
class Given:
    """One treatment that was given, with its visit."""

    row: TreatmentGiven
    visit: Appointment | None
    holds: tuple[tuple[UUID, str, datetime, datetime], ...]  # resource, kind, from, until

    @property
    def on(self) -> date:
        return self.row.at.astimezone(ZONE).date()


@dataclass(frozen=True, slots=True)
class File:
    """One patient: everything that was written down, oldest first."""

    patient: Patient
    given: list[Given]
    facts: list[Fact]
    signs: list[RedFlag]
    consents: list[Consent]
    unlocked: list[Override]
    looks: list[Assessment]  # signed notes
    outcomes: list[Outcome]
    checkpoints: list[Checkpoint]
    pauses: list[PlanPause]
    versions: list[PlanVersion]


@dataclass(frozen=True, slots=True)
class Book:
    files: list[File]
    absences: list[tuple[UUID, datetime, datetime]]
    packages: list[tuple[Package, int]]  # with the sessions that were used


def given() -> Book:
    """Of the whole database."""
    rows: dict[type, dict[UUID, list[Any]]] = {
        Fact: _of_each(Fact.objects.order_by("on", "at", "nth")),
        RedFlag: _of_each(RedFlag.objects.order_by("raised_at")),
        Consent: _of_each(Consent.objects.order_by("signed_at")),
        Override: _of_each(Override.objects.order_by("at")),
        Assessment: _of_each(Assessment.objects.filter(signed_at__isnull=False).order_by("signed_at")),
        Outcome: _of_each(Outcome.objects.order_by("on", "at")),
        Checkpoint: _of_each(Checkpoint.objects.select_related("plan").order_by("due_on")),
        PlanPause: _of_each(PlanPause.objects.select_related("plan").order_by("since"), "plan"),
        PlanVersion: _of_each(PlanVersion.objects.select_related("plan").order_by("number")),
        TreatmentGiven: _of_each(
            TreatmentGiven.objects.filter(was_skipped=False).select_related("session__plan", "by").order_by("at", "id")
        ),
    }
    visits = {it.assessment_id: it for it in Appointment.objects.filter(status=Status.DONE).select_related("clinician")}
    holds: dict[UUID | None, list[tuple[UUID, str, datetime, datetime]]] = defaultdict(list)
    for hold in Hold.objects.select_related("resource"):
        holds[hold.appointment_id].append((hold.resource_id, hold.resource.kind, hold.during.lower, hold.during.upper))
    files = []
    for patient in Patient.objects.order_by("registered_at", "family_name", "given_name"):
        treated = []
        for row in rows[TreatmentGiven][patient.pk]:
            visit = visits.get(row.assessment_id)
            treated.append(Given(row, visit, tuple(holds[visit.pk]) if visit else ()))
        kinds = (Fact, RedFlag, Consent, Override, Assessment, Outcome, Checkpoint, PlanPause, PlanVersion)
        files.append(File(patient, treated, *(rows[kind][patient.pk] for kind in kinds)))
    absences = [(it.resource_id, it.during.lower, it.during.upper) for it in Absence.objects.all()]
    return Book(files, absences, _packages())


def _packages() -> list[tuple[Package, int]]:
    used: dict[Any, int] = defaultdict(int)
    for use in PackageUse.objects.filter(returned_at=None):
        used[use.package_id] += 1
    return [(it, used[it.pk]) for it in Package.objects.all()]


def _of_each(found: Iterable[Any], through: str = "") -> dict[UUID, list[Any]]:
    """By patient."""
    by_patient: dict[UUID, list[Any]] = defaultdict(list)
    for it in found:
        by_patient[getattr(it, through).patient_id if through else it.patient_id].append(it)
    return by_patient
