"""Letting somebody use the portal for a patient, and taking that back."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from patients.actions.accounts import NotTheBirthDate
from patients.models import Helper, Patient
from patients.rules import helping
from patients.rules.helping import CannotHelp, Help
from people.actions import audit
from people.actions.wall import seen_by_the_clinic
from people.models import Clinic, User
from people.rules.permissions import Role
from people.rules.refusal import NotAllowed


@transaction.atomic
def add(
    patient: Patient,
    *,
    name: str,
    email: str,
    relation: str,
    may: Collection[str],
    until: date,
    by: User,
    now: datetime,
) -> Helper:
    """The patient lets somebody help, until the end of a day. The helper signs in with an account of their own.

    Raises `NotAllowed` for anybody but the patient: a helper names no helpers. Raises `CannotHelp`.
    """
    kept = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if kept.user_id != by.pk:
        raise NotAllowed(_("Only the patient can do this."))
    if not may:
        raise CannotHelp(_("Choose at least one thing that this person may do."))
    clinic = Clinic.objects.get()
    until = helping.last_day(relation, asked_until=until, today=Clinic.day_of(now), birth_date=kept.birth_date)
    account = _account(name, email)
    # What is over makes room, also where nobody has ended it.
    Helper.objects.filter(patient=kept, ended_at=None, ends_at__lte=now).update(ended_at=now, ended_by=by)
    helpers = Helper.objects.filter(patient=kept, ended_at=None)
    if account.pk == kept.user_id or not account.is_patient:
        raise CannotHelp(_("Please give this person’s own e-mail address."))
    if helpers.filter(user=account).exists():
        raise CannotHelp(_("This person helps you already. End that first, then add them again."))
    if helpers.count() >= helping.MOST_HELPERS:
        raise CannotHelp(_("You have several helpers already. End the help of one first."))
    made = Helper.objects.create(
        patient=kept, user=account, name=name.strip(), relation=relation, added_by=by, added_at=now,
        may=[it.value for it in Help if it in may],
        ends_at=datetime.combine(until + timedelta(days=1), time(), clinic.zone),
    )  # fmt: skip
    audit.record(by, "helper.added", made, helper=str(account.pk), may=made.may, until=until.isoformat())
    return made


@transaction.atomic
def end(helper: Helper, *, by: User, now: datetime) -> Helper:
    """The next thing the helper opens is closed to them. Who helps may also lay it down. Pressed twice it is once."""
    kept = Helper.objects.select_for_update(of=("self",)).select_related("patient").get(pk=helper.pk)
    if by.pk not in {kept.patient.user_id, kept.user_id}:
        raise NotAllowed(_("Only the patient can do this."))
    if kept.ended_at is None:
        kept.ended_at, kept.ended_by = now, by
        kept.save(update_fields=["ended_at", "ended_by"])
        audit.record(by, "helper.ended", kept, helper=str(kept.user_id))
    return kept


@transaction.atomic
def confirm(helper: Helper, *, birth_date: date, by: User, now: datetime) -> Helper:
    """The helper proves by the birth date that they know whom they help. The door limits the attempts.

    Raises `NotTheBirthDate`, and `NotAllowed` for somebody else's account.
    """
    kept = Helper.objects.select_for_update(of=("self",)).select_related("patient").get(pk=helper.pk)
    if kept.user_id != by.pk:
        raise NotAllowed(_("This is not your record."))
    if kept.patient.birth_date is None or kept.patient.birth_date != birth_date:
        raise NotTheBirthDate(_("That is not the birth date we have. Please check it, or call the clinic."))
    if kept.confirmed_at is None:
        kept.confirmed_at = now
        kept.save(update_fields=["confirmed_at"])
        audit.record(by, "helper.confirmed", kept)
    return kept


@seen_by_the_clinic()  # whom she names may have an account already
def _account(name: str, email: str) -> User:
    account: User
    account, _is_new = User.objects.get_or_create(
        email=email.strip().lower(),
        defaults={"name": name.strip()[:120], "role": Role.PATIENT, "password": make_password(None)},
    )
    return account
