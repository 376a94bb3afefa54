"""A form that is sent twice, by a double click or because the first answer was lost, is one booking."""

from collections.abc import Sequence

from clinic.appointments.actions.wanted import Wanted
from clinic.appointments.models import Appointment
from clinic.appointments.rules.refusals import UsedForAnother
from patients.models import Patient


def given_before(patient: Patient, wanted: Sequence[Wanted]) -> list[Appointment]:
    """The visits that the same forms gave the first time. Raises `UsedForAnother` if they ask for something else."""
    keys = [each.request_key for each in wanted if each.request_key]
    if not keys:
        return []
    before = {visit.request_key: visit for visit in Appointment.objects.filter(request_key__in=keys)}
    if not before:
        return []
    found = [before.get(each.request_key) for each in wanted]
    for then, each in zip(found, wanted, strict=True):
        if then is None or then.patient_id != patient.pk or not _is_same(then, each):
            raise UsedForAnother
    return [then for then in found if then]


def _is_same(before: Appointment, wanted: Wanted) -> bool:
    if before.service_code != wanted.service.code:
        return False
    if before.revision:  # moved since, it may lie elsewhere
        return True
    return before.starts_at == wanted.starts_at and before.clinician_id in wanted.resource_ids
