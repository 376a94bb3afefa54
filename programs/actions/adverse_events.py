"""What went wrong after a treatment: written down whenever it is noticed, and seen to by whoever is in charge."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.actions import audit
from people.models import Clinic, User
from people.rules.permissions import Permission
from people.rules.refusal import NotAllowed, Refused
from programs.models import AdverseEvent, TreatmentGiven, WorklistAction


class NotAnEvent(Refused):
    """Nothing is said, or it cannot have happened like this."""


class NothingToSeeTo(Refused):
    """It is not severe, or somebody has seen to it."""


@transaction.atomic
def record(
    treatment: TreatmentGiven, *, severity: str, noticed_on: date, text: str, action: str, by: User, now: datetime
) -> AdverseEvent:
    """Write down something unwanted after a treatment, however long ago its note was signed. It never changes.

    A severe one stays on the list of the clinician in charge until somebody says what was done (`see_to`).

    Raises `NotAnEvent` and `NotAllowed`.
    """
    _refuse_unless_clinician(by)
    if treatment.was_skipped:
        raise NotAnEvent(_("This treatment was left out, so nothing can follow from it."))
    if severity not in AdverseEvent.Severity.values:
        raise NotAnEvent(_("Say how severe it was."))
    if not text.strip():
        raise NotAnEvent(_("Write down what happened."))
    if not Clinic.day_of(treatment.at) <= noticed_on <= Clinic.day_of(now):
        raise NotAnEvent(_("The day it was noticed lies between the treatment and today."))
    made = AdverseEvent.objects.create(
        patient_id=treatment.patient_id,
        treatment=treatment,
        severity=severity,
        noticed_on=noticed_on,
        text=text.strip(),
        action=action.strip(),
        by=by,
        at=now,
    )
    audit.record(by, "adverse_event.recorded", made, severity=severity, modality=treatment.modality)
    return made


@transaction.atomic
def see_to(event: AdverseEvent, *, deed: str, note: str, by: User, now: datetime) -> WorklistAction:
    """Say what was done about a severe event: it leaves the list. Two people who do it at once write it down twice.

    Raises `NothingToSeeTo` and `NotAllowed`.
    """
    _refuse_unless_clinician(by)
    if event.severity != AdverseEvent.Severity.SEVERE:
        raise NothingToSeeTo(_("Only a severe event waits for somebody."))
    if deed not in WorklistAction.Deed.values:
        raise NothingToSeeTo(_("Say what was done."))
    made = WorklistAction.objects.create(
        patient_id=event.patient_id,
        kind=AdverseEvent.TASK,
        occasion=str(event.pk),
        deed=deed,
        note=note.strip(),
        by=by,
        at=now,
    )
    audit.record(by, "adverse_event.seen_to", event, deed=deed)
    return made


def _refuse_unless_clinician(user: User) -> None:
    if not user.may(Permission.RECORD_EDIT):
        raise NotAllowed(_("Only a clinician writes in a record."))
