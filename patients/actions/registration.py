"""Taking a patient on, correcting what we know of them, and putting them aside."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypedDict, Unpack

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from phonenumber_field.phonenumber import to_python

from patients.actions import accounts
from patients.actions.accounts import confirm_identity, link_account
from patients.actions.twins import Match, close_matches
from patients.models import Identifier, Patient
from patients.rules import lifetime, names
from people.actions import audit
from people.models import User
from people.rules.refusal import ChangedMeanwhile, Refused

__all__ = ["archive", "confirm_identity", "correct", "link_account", "record_death", "register", "restore"]

FORM = "form"  # the identifier under which a registration form is remembered


class Details(TypedDict, total=False):
    """What may be said and corrected about a patient. Nothing else of a request ever reaches the record."""

    title: str
    given_name: str
    family_name: str
    preferred_name: str
    birth_date: date | None
    sex: str
    mobile: str
    phone: str
    email: str
    address: str
    city: str
    region: str
    postal_code: str
    country: str
    desk_note: str
    may_be_mailed: bool


DETAILS = tuple(Details.__annotations__)
NAMES = ("given_name", "family_name", "preferred_name")
PHONES = ("mobile", "phone")
LONG = ("desk_note",)  # the only text of several lines


class NotAPhone(Refused):
    """Nobody can be reached there."""


class PerhapsKnown(Refused):
    """Somebody very like this patient is registered. The desk looks, and may register anyway."""

    def __init__(self, matches: Sequence[Match]) -> None:
        super().__init__(_("This may be somebody we already know. Look at the matches, then choose."))
        self.matches = matches


@transaction.atomic
def register(
    *, by: User, now: datetime, request_key: str = "", even_if_known: bool = False, **fields: Unpack[Details]
) -> Patient:
    """Take on a new patient, and let the owner of their e-mail into the portal once they prove the birth date.

    The same form sent twice (same `request_key`, same words) makes one patient: the first is returned.
    Raises `PerhapsKnown` if somebody much alike is registered and nobody said `even_if_known`, and
    `Refused` for names and dates that cannot be.
    """
    told = _checked(fields, now)
    key = _key(request_key, told)
    if first := _from_form(key):
        return first
    patient = Patient(registered_at=now, **told)
    matches = [] if even_if_known else close_matches(patient)
    if any(match.likeness.is_strong for match in matches):
        # Perhaps the very patient that another click has just made.
        if first := _from_form(key):
            return first
        raise PerhapsKnown(matches)
    try:
        with transaction.atomic():
            accounts.fit(patient)
            patient.save()
            if key:
                Identifier.objects.create(patient=patient, system=FORM, value=key)
    except IntegrityError:
        # The database kept the other click's patient and refused ours.
        if first := _from_form(key):
            return first
        raise
    patient.refresh_from_db()  # the database gave the clinic number
    audit.record(
        by, "patient.registered", patient, has_account=patient.user_id is not None, even_if_known=even_if_known
    )
    return patient


@transaction.atomic
def correct(patient: Patient, *, by: User, now: datetime, seen: str = "", **fields: Unpack[Details]) -> Patient:
    """Change what we know of a patient. A new e-mail moves portal access to its owner, to be proved again.

    `seen` is the fingerprint of what was on the screen. Raises `ChangedMeanwhile` if somebody else has changed it
    since, and `Refused` for names and dates that cannot be.
    """
    patient = _locked(patient)
    if seen and seen != fingerprint(patient):
        raise ChangedMeanwhile(_("Somebody else changed this patient after you opened the page. Nothing was saved."))
    before = _details(patient)
    told = _checked({**before, **fields}, now, died_on=patient.died_on)
    changed = sorted(name for name, value in told.items() if value != before[name])
    for name in changed:
        setattr(patient, name, told[name])
    # Who asked to be forgotten is let in again only at an address that somebody has typed since.
    stays_out = patient.user_id is None and "email" not in changed and patient.erasures.exists()
    if (not stays_out and accounts.fit(patient)) or changed:
        patient.save(update_fields=[*changed, "user", "portal_confirmed_at"])
        patient.refresh_from_db()
        audit.record(by, "patient.corrected", patient, changed=changed)
    return patient


@transaction.atomic
def archive(patient: Patient, *, by: User, now: datetime) -> Patient:
    """Put a patient aside: not found unless asked for, no new bookings, no portal. Nothing is lost."""
    patient = _locked(patient)
    if patient.archived_at is None:
        patient.archived_at = now
        patient.save(update_fields=["archived_at"])
        audit.record(by, "patient.archived", patient)
    return patient


@transaction.atomic
def restore(patient: Patient, *, by: User, now: datetime) -> Patient:
    """Take an archived patient back into the list."""
    patient = _locked(patient)
    if patient.archived_at is not None:
        patient.archived_at = None
        patient.save(update_fields=["archived_at"])
        audit.record(by, "patient.restored", patient)
    return patient


@transaction.atomic
def record_death(patient: Patient, *, died_on: date | None, by: User, now: datetime) -> Patient:
    """Note that the patient has died: no reminders and no bookings from now on. None takes a mistake back.

    Raises `Refused` for a day to come or before the birth.
    """
    patient = _locked(patient)
    lifetime.refuse_impossible(patient.birth_date, died_on, on=_day(now))
    if patient.died_on != died_on:
        patient.died_on = died_on
        patient.save(update_fields=["died_on"])
        audit.record(by, "patient.death_recorded" if died_on else "patient.death_taken_back", patient)
    return patient


def fingerprint(patient: Patient) -> str:
    """A short sign for exactly these details: a form that carries it cannot overwrite what it has not seen."""
    return _digest(_details(patient))


def _details(patient: Patient) -> dict[str, Any]:
    told = {name: getattr(patient, name) for name in DETAILS}
    return told | {name: str(told[name] or "") for name in PHONES}


def _checked(fields: Mapping[str, Any], now: datetime, *, died_on: date | None = None) -> dict[str, Any]:
    told = {name: _cleaned(name, value) for name, value in fields.items()}
    if not (told.get("given_name") or told.get("family_name")):
        raise names.NotAName(_("Write a name. One word is enough."))
    lifetime.refuse_impossible(told.get("birth_date"), died_on, on=_day(now))
    return told


def _cleaned(name: str, value: Any) -> Any:
    if name in PHONES:
        return _phone(value)
    if name in NAMES:
        return names.clean(value)
    return names.plain(value) if isinstance(value, str) and name not in LONG else value


def _phone(typed: object) -> str:
    number = to_python(str(typed or ""))
    if number and not number.is_valid():
        raise NotAPhone(
            _("%(typed)s is not a phone number. For another country begin with + and its code.") % {"typed": typed}
        )
    return str(number) if number else ""


def _day(now: datetime) -> date:
    return timezone.localtime(now).date()


def _locked(patient: Patient) -> Patient:
    return Patient.objects.select_for_update(of=("self",)).select_related("user").get(pk=patient.pk)


def _key(request_key: str, told: Mapping[str, Any]) -> str:
    # With the details in it: going back in the browser and typing another patient is not the same form.
    return _digest([request_key, told]) if request_key else ""


def _from_form(key: str) -> Patient | None:
    return Patient.objects.filter(identifiers__system=FORM, identifiers__value=key).first() if key else None


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, default=str, sort_keys=True).encode()).hexdigest()
