"""Which account opens a patient's record in the portal."""

from datetime import date, datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from patients.models import Patient
from people.actions import audit
from people.models import User
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed, Refused


class NotTheBirthDate(Refused):
    """The birth date that was given is not the one on file, or there is none on file."""


@transaction.atomic
def link_account(patient: Patient, *, by: User | None, now: datetime) -> User | None:
    """Let the owner of the patient's e-mail address open this record, once they prove the birth date.

    Doing it twice changes nothing. Two patients may share one account: a mother and her child. An address of a
    member of staff is never linked: their password would open a patient's portal. Returns the account, if any.
    """
    patient = Patient.objects.select_for_update(of=("self",)).select_related("user").get(pk=patient.pk)
    if fit(patient):
        patient.save(update_fields=["user", "portal_confirmed_at"])
        audit.record(by, "patient.account_changed", patient, account=str(patient.user_id or ""))
    return patient.user


def fit(patient: Patient) -> bool:
    """Put the account that its e-mail asks for on the patient, unsaved. Returns whether anything changed."""
    account = _account_for(patient)
    if (account and account.pk) == patient.user_id:
        return False
    patient.user = account
    # Whoever reads the new address has yet to prove who they are.
    patient.portal_confirmed_at = None
    return True


@transaction.atomic
def confirm_identity(patient: Patient, *, birth_date: date, by: User, now: datetime) -> Patient:
    """The person who signed in with the patient's e-mail proves by the birth date that they know them.

    The door limits the attempts. Raises `NotAllowed` if the account is not the one of the record, and
    `NotTheBirthDate` in the same words whether the date differs or is not on file.
    """
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    if patient.user_id != by.pk:
        raise NotAllowed(_("This is not your record."))
    if patient.birth_date is None or patient.birth_date != birth_date:
        raise NotTheBirthDate(_("That is not the birth date we have. Please check it, or call the clinic."))
    if patient.portal_confirmed_at is None:
        patient.portal_confirmed_at = now
        patient.save(update_fields=["portal_confirmed_at"])
        audit.record(by, "patient.identity_confirmed", patient)
    return patient


def _account_for(patient: Patient) -> User | None:
    if not patient.email:
        return None
    account, _is_new = User.objects.get_or_create(
        email=patient.email.strip().lower(),
        defaults={"name": patient.full_name[:120], "role": Role.PATIENT, "password": make_password(None)},
    )
    return account if account.is_patient else None
