"""Keeping what is known of a patient."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from patients.models import Fact, Intake, Patient, RedFlag
from patients.rules.facts import REFUSES, Statement, Value, from_form, is_possible, known_on, refusal_of
from patients.rules.facts import declined as declined_of
from patients.rules.rulebook import rulebook
from people.actions import audit
from people.models import Clinic, User
from people.rules.permissions import Permission
from people.rules.refusal import NotAllowed, Refused


class NotAnAnswer(Refused):
    """A number where yes or no is asked, or one that cannot be."""


@transaction.atomic
def state(patient: Patient, said: Mapping[str, Value | None], *, by: User, now: datetime) -> list[Fact]:
    """Write down what a clinician asked or examined, by the codes of patient_facts.toml; None: not known any more.

    Raises `KeyError` for a fact the rulebook does not have, `NotAnAnswer` and `NotAllowed`.
    """
    if not by.may(Permission.RECORD_EDIT):
        raise NotAllowed(_("Only a clinician writes in a record."))
    book = rulebook()
    for code, value in said.items():
        if value is not None and not is_possible(book.facts[code], value):
            raise NotAnAnswer(_("“%(label)s” cannot be answered like this.") % {"label": book.facts[code].label})
    return _kept(patient, said, Fact.Origin.CLINICIAN, by=by, now=now)


def take_from_form(intake: Intake, *, by: User, now: datetime) -> list[Fact]:
    """Write down the facts that follow from a form that is being sent. Part of `intake.submit`, in its transaction."""
    said = from_form(intake.answers, book=rulebook())
    return _kept(intake.patient, said, Fact.Origin.FORM, by=by, now=now, intake=intake)


def follow_sign(flag: RedFlag, *, by: User, now: datetime) -> list[Fact]:
    """Write down what a warning sign says of the patient: yes when it opens, no once a clinician has closed it.

    Only what the triage alone decides: that she takes a blood thinner stays true when the sign is closed. A fact that
    another open sign sets stays too. Part of raising and closing, in their transaction.
    """
    book = rulebook()
    rule = book.red_flags.get(flag.code)
    own = {code for code in rule.sets_facts if book.facts[code].set_by == "triage"} if rule else set()
    if flag.cleared_at is not None:
        others = RedFlag.objects.open().filter(patient=flag.patient_id).exclude(pk=flag.pk)
        own -= {
            code
            for other in others.values_list("code", flat=True)
            if other in book.red_flags
            for code in book.red_flags[other].sets_facts
        }
    said = dict.fromkeys(own, flag.cleared_at is None)
    return _kept(flag.patient, said, Fact.Origin.CLINICIAN, by=by, now=now) if said else []


def refuse_consent(patient: Patient, document: str, *, by: User, now: datetime) -> list[Fact]:
    """Write down that she does not want to sign: the rules hold every treatment that needs this document.

    Part of `consents.decline`, in its transaction.
    """
    return _kept(patient, {refusal_of(document): True}, _origin(by), by=by, now=now)


def lift_refusal(patient: Patient, document: str, *, by: User, now: datetime) -> list[Fact]:
    """She has signed after all: nothing is refused any more. Part of `consents.sign`. One query if nothing was."""
    rows = Fact.objects.filter(patient=patient, code__in=[REFUSES, refusal_of(document)]).last_words()
    refused = [code for code, value in rows.values_list("code", "value") if value is True]
    return _kept(patient, dict.fromkeys(refused, False), _origin(by), by=by, now=now)


def declined(patient: Patient) -> dict[str, date]:
    """The documents she did not want to sign and has not signed since, each with the day. One query."""
    rows = Fact.objects.filter(patient=patient, code__startswith=refusal_of("")).last_words()
    said = [Statement(code, value, day) for code, value, day in rows.values_list("code", "value", "on")]
    days = {it.code: it.on for it in said}
    return {document: days[refusal_of(document)] for document in declined_of(said)}


def _origin(by: User) -> str:
    return Fact.Origin.CLINICIAN if by.may(Permission.RECORD_EDIT) else Fact.Origin.FORM


def known(patient: Patient, *, on: date) -> dict[str, Value]:
    """Every fact that is known of the patient on that day. One query."""
    return known_of(patient, statements(patient), on=on)


def statements(patient: Patient) -> list[Statement]:
    """The last word on every fact. One query."""
    rows = Fact.objects.filter(patient=patient).last_words().values_list("code", "value", "on")
    return [Statement(code, value, day) for code, value, day in rows]


def known_of(patient: Patient, said: Iterable[Statement], *, on: date) -> dict[str, Value]:
    """What these statements and the birth date say of a day. No query."""
    return known_on(on, said, birth_date=patient.birth_date, facts=rulebook().facts)


def _kept(
    patient: Patient,
    said: Mapping[str, Value | None],
    origin: str,
    *,
    by: User,
    now: datetime,
    intake: Intake | None = None,
) -> list[Fact]:
    day = Clinic.day_of(now)
    facts = Fact.objects.bulk_create(
        Fact(patient=patient, code=code, value=value, on=day, origin=origin, by=by, at=now, intake=intake)
        for code, value in said.items()
    )
    if facts:
        audit.record(by, "facts.stated", patient, origin=origin, count=len(facts))
    return facts
