"""Whether a patient has agreed to a treatment in writing."""

from datetime import date

from patients.actions import consents
from patients.models import Patient
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
