"""A patient finds a mistake in the record: asked, decided, and answered by the patient's own words."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from patients.models import Correction, Erasure, Patient, RecordPolicy
from patients.rules import record_requests
from patients.rules.record_requests import AlreadyAsked, NotDecidable
from patients.rules.threads import Audience
from people.actions import audit
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import NotAllowed

MOST_OPEN = 10  # of one patient


@transaction.atomic
def ask(patient: Patient, *, about: str, says: str, should_say: str, by: User, now: datetime) -> Correction:
    """Somebody at the clinic looks at it. Asked twice in the same words it is once. Raises `AlreadyAsked`."""
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    waiting = Correction.objects.filter(patient=patient, decided_at=None)
    same = waiting.filter(about=about, says=says, should_say=should_say).first()
    if same is not None:
        return same
    if waiting.count() >= MOST_OPEN:
        raise AlreadyAsked(_("You have asked for many things that we have not looked at yet. Please call us."))
    made = Correction.objects.create(
        patient=patient, about=about, audience=record_requests.audience_of(about), says=says, should_say=should_say,
        asked_by=by, asked_at=now,
    )  # fmt: skip
    audit.record(by, "correction.asked", made, about=about)
    return made


@transaction.atomic
def decide(correction: Correction, *, is_accepted: bool, reason: str, by: User, now: datetime) -> Correction:
    """Say what was put right, or why it stays. The record itself is corrected where it is kept, by who may.

    Raises `NotDecidable` without a reason or when it was decided before, and `NotAllowed`.
    """
    kept = Correction.objects.select_for_update().get(pk=correction.pk)
    needed = Permission.RECORD_EDIT if kept.audience == Audience.CLINICIANS else Permission.CONTACT_EDIT
    if not by.may(needed):
        raise NotAllowed(_("Only a clinician decides this."))
    if kept.decided_at is not None:
        raise NotDecidable(_("Somebody has decided this already."))
    if not reason.strip():
        raise NotDecidable(_("Write what was put right, or why it stays. The patient reads it."))
    kept.outcome = Correction.Outcome.ACCEPTED if is_accepted else Correction.Outcome.REFUSED
    kept.reason, kept.decided_by, kept.decided_at = reason.strip(), by, now
    kept.save(update_fields=["outcome", "reason", "decided_by", "decided_at"])
    audit.record(by, "correction.decided", kept, outcome=kept.outcome)
    return kept


@transaction.atomic
def state(correction: Correction, statement: str, *, by: User, now: datetime) -> Correction:
    """The patient's own words on a refusal. They stay with the record. Raises `NotDecidable`."""
    kept = Correction.objects.select_for_update().get(pk=correction.pk)
    if kept.outcome != Correction.Outcome.REFUSED or kept.statement or not statement.strip():
        raise NotDecidable(_("A statement is written once, when we have not put something right."))
    kept.statement, kept.stated_at = statement.strip(), now
    kept.save(update_fields=["statement", "stated_at"])
    audit.record(by, "correction.stated", kept)
    return kept


@transaction.atomic
def see(erasure: Erasure, *, by: User, now: datetime) -> None:
    """Somebody at the clinic knows that this patient wants to be forgotten. Pressed twice it is once."""
    if not by.may(Permission.CONTACT_EDIT):
        raise NotAllowed(_("You may not do this."))
    if Erasure.objects.filter(pk=erasure.pk, seen_at=None).update(seen_at=now, seen_by=by):
        audit.record(by, "erasure.seen", erasure)


@transaction.atomic
def set_policy(*, answer_working_days: int, kept_years: int, by: User) -> RecordPolicy:
    """How fast messages are answered, and how long records are kept."""
    if not by.may(Permission.CLINIC_SETUP):
        raise NotAllowed(_("You may not do this."))
    kept, _is_new = RecordPolicy.objects.update_or_create(
        pk=1, defaults={"answer_working_days": answer_working_days, "kept_years": kept_years}
    )
    audit.record(by, "record_policy.set", kept, answer_working_days=answer_working_days, kept_years=kept_years)
    return kept
