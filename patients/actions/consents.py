"""Signing a consent, withdrawing it, and whether what is signed is enough."""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext as _

from patients.actions import facts
from patients.models import Consent, Patient
from patients.rules.consent_texts import (
    AnotherFirst,
    ConsentMissing,
    Signature,
    days_of,
    refuse_unless_complete,
    with_required,
    wording,
)
from patients.rules.entries import Consent as Document
from patients.rules.rulebook import rulebook
from people.actions import audit
from people.models import Clinic, User
from people.rules.permissions import Permission
from people.rules.refusal import ChangedMeanwhile, NotAllowed


@transaction.atomic
def sign(
    patient: Patient, code: str, signature: Signature, *, slip: UUID, by: User, now: datetime, modality: str = ""
) -> Consent:
    """Keep one signed document with the exact words it was signed under.

    `slip` names the sheet that was handed out: signed twice, or by two taps at once, it is one consent. `by` is who
    took the signature: the clinician who handed over the tablet, or the patient at home.

    Raises `CannotBeSigned`, `AnotherFirst`, `ChangedMeanwhile` and `NotAllowed`, and `KeyError` for a document
    nobody has.
    """
    document = rulebook().consents[code]
    if not may_take(by, patient):
        raise NotAllowed(_("Only a clinician, or the patient at home, may do this."))
    # One signature after the other: a second tap waits here and then finds the first.
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    key = uuid5(patient.pk, f"{slip}:{code}")
    signed = Consent.objects.filter(pk=key).first()
    if signed is not None:
        return signed
    if signature.version and signature.version != rulebook().version:
        raise ChangedMeanwhile(_("The text was changed a moment ago. Please read it again before you sign."))
    clinic, day = _clinic_day(now)
    refuse_unless_complete(document, signature, age_years=patient.age_on(day))
    # Its days of thinking again may still be running: that it is signed is enough here.
    rests_on = Consent.objects.filter(patient=patient, code__in=document.requires, withdrawn_at=None)
    lacking = set(document.requires) - set(rests_on.filter(valid_until__gte=day).values_list("code", flat=True))
    if lacking:
        titles = ", ".join(_(rulebook().consents[it].title) for it in sorted(lacking))
        raise AnotherFirst(_("Another document is read and signed first: %(titles)s.") % {"titles": titles})
    area = signature.area.strip()
    words = wording(document, clinic=clinic.name if clinic else "", area=area, rulebook=rulebook())
    valid_from, valid_until = days_of(document, day)
    made = Consent.objects.create(
        id=key,
        patient=patient,
        code=code,
        modality=modality,
        area=area,
        text=words.text,
        text_version=words.version,
        language=signature.language,
        interpreter=signature.interpreter.strip(),
        signed_name=signature.signed_name.strip(),
        drawn=signature.drawn,
        signed_for=signature.signed_for.strip(),
        witness=signature.witness.strip(),
        signed_at=now,
        valid_from=valid_from,
        valid_until=valid_until,
        taken_by=by,
    )
    facts.lift_refusal(patient, code, by=by, now=now)
    audit.record(by, "consent.signed", made, code=code, version=words.version)
    return made


@transaction.atomic
def withdraw(consent: Consent, *, by: User, now: datetime) -> Consent:
    """It counts no more from now on; the paper stays. Withdrawing twice changes nothing."""
    found = Consent.objects.select_for_update(of=["self"]).select_related("patient").get(pk=consent.pk)
    if not may_take(by, found.patient):
        raise NotAllowed(_("Only a clinician, or the patient, may do this."))
    if found.withdrawn_at is None:
        found.withdrawn_at, found.withdrawn_by = now, by
        found.save(update_fields=["withdrawn_at", "withdrawn_by"])
        audit.record(by, "consent.withdrawn", found, code=found.code)
    return found


@transaction.atomic
def decline(patient: Patient, code: str, *, by: User, now: datetime) -> None:
    """Write down that she does not want to sign. The rules hold the treatment until she does.

    Raises `NotAllowed`, and `KeyError` for a document nobody has.
    """
    document = rulebook().consents[code]
    if not may_take(by, patient):
        raise NotAllowed(_("Only a clinician, or the patient at home, may do this."))
    facts.refuse_consent(patient, document.code, by=by, now=now)
    audit.record(by, "consent.declined", patient, code=document.code)


def may_take(user: User, patient: Patient) -> bool:
    """Whether this person may take this patient's signature, or take it back."""
    return user.may(Permission.RECORD_EDIT) or (user.may(Permission.OWN_RECORD) and patient.user_id == user.pk)


def missing_of(patient: Patient, codes: Iterable[str], *, on: date) -> list[Document]:
    """Of these documents, and of those they rest on, what is not in force on that day. One query."""
    needed = with_required(codes, age_years=patient.age_on(on), rulebook=rulebook())
    given = set(Consent.objects.in_force(on).filter(patient=patient).values_list("code", flat=True))
    return [document for document in needed if document.code not in given]


def refuse_unless_signed(patient: Patient, codes: Collection[str], *, on: date) -> None:
    """Raises `ConsentMissing`."""
    missing = missing_of(patient, codes, on=on)
    if missing:
        raise ConsentMissing(missing)


def _clinic_day(now: datetime) -> tuple[Clinic | None, date]:
    clinic = Clinic.objects.first()
    return clinic, now.astimezone(clinic.zone if clinic else UTC).date()
