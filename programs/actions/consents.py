"""Whether a patient has agreed to a treatment in writing, and where."""

from collections.abc import Iterable
from datetime import date

from patients.actions import consents
from patients.models import Consent, Patient
from patients.rules.entries import Consent as Document
from programs.rules.rulebook import rulebook


def missing(patient: Patient, modality: str, *, on: date) -> list[Document]:
    """The documents this treatment needs that are not in force on that day, in the order they are signed. One query.

    Raises `KeyError` for a treatment the rulebook does not have.
    """
    return consents.missing_of(patient, rulebook().modalities[modality].consents, on=on)


def refuse_unless_given(patient: Patient, modality: str, *, on: date) -> None:
    """Let a session of this treatment start only with every signature. A booking never asks for it.

    Raises `ConsentMissing` with words for the clinician.
    """
    consents.refuse_unless_signed(patient, rulebook().modalities[modality].consents, on=on)


def areas(patient: Patient, modalities: Iterable[str], *, on: date) -> dict[str, list[Consent]]:
    """By treatment the signatures in force that name a side or a level. One query.

    A signature for the same document without an area covers every place, so then there is nothing to compare.
    """
    asked = {code: rulebook().modalities[code].consents for code in modalities}
    codes = {document for documents in asked.values() for document in documents}
    rows = list(Consent.objects.in_force(on).filter(patient=patient, code__in=codes))
    anywhere = {it.code for it in rows if not it.area.strip()}
    limited = [it for it in rows if it.code not in anywhere]
    return {code: [it for it in limited if it.code in documents] for code, documents in asked.items()}
