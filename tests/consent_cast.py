"""Somebody who reads and signs. Everybody in here is made up."""

from uuid import uuid4

from django.test import Client
from factories import NOW

from patients.actions import consents
from patients.models import Consent, Patient
from patients.rules.consent_texts import Signature, id_of
from patients.rules.rulebook import rulebook
from people.models import User


def signed_in(user: User | None) -> Client:
    assert user
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def document(code: str) -> str:
    return str(id_of(rulebook().consents[code]))


def sign(patient: Patient, code: str, by: User | None, **said: str) -> Consent:
    assert by
    return consents.sign(patient, code, Signature(signed_name="Leila Rahimi", **said), slip=uuid4(), by=by, now=NOW)


def agreed(**said: str) -> dict[str, str]:
    return {"signed_name": "Leila Rahimi", "version": rulebook().version} | said
