"""What a patient decides alone: how the clinic may reach them."""

from datetime import datetime

from django.db import transaction

from patients.models import Patient
from people.actions import audit
from people.models import User


@transaction.atomic
def set_mail_preference(patient: Patient, *, may_be_mailed: bool, by: User, now: datetime) -> Patient:
    """Whether the clinic may send e-mail about visits. Said twice, it changes nothing."""
    kept = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if kept.may_be_mailed != may_be_mailed:
        kept.may_be_mailed = may_be_mailed
        kept.save(update_fields=["may_be_mailed"])
        audit.record(by, "patient.mail_preference_set", kept, may_be_mailed=may_be_mailed)
    return kept
