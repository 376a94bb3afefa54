"""The form before the visit: begun, kept part by part, sent once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from patients.actions import facts, red_flags
from patients.models import Intake, Patient
from patients.rules.rulebook import rulebook
from patients.rules.screen import as_kept, flags_of, is_told_at_once, screen
from patients.rules.triage import TriageResult
from people.actions import audit
from people.models import Clinic, User
from people.rules.refusal import Refused


class AlreadySent(Refused):
    """A form that was sent stays as it was sent."""


@transaction.atomic
def start(patient: Patient, *, by: User, now: datetime) -> Intake:
    """The patient's open form, begun now if there is none. Begun twice at once, it is one form."""
    intake, is_new = Intake.objects.get_or_create(patient=patient, submitted_at=None, defaults={"started_at": now})
    if is_new:
        audit.record(by, "intake.started", intake)
    return intake


@transaction.atomic
def save_part(intake: Intake, part: str, answers: Mapping[str, Any], *, by: User, now: datetime) -> TriageResult:
    """Keep one page. What must not wait is raised at this moment: she may stop here and never send the form.

    On a safety page (`safety-1`, ...) `answers` maps a red-flag code to True, False, or None for "not sure", which is
    remembered but is no answer. Every other page is kept as given, under its name.

    Raises `AlreadySent`, and `KeyError` for a question the rulebook does not have.
    """
    found = _locked(intake)
    if found.submitted_at is not None:
        raise AlreadySent(_("This form was sent already. Tell the clinic if something has changed."))
    before = found.answers.get("red_flags", {})
    if part.startswith("safety"):
        _keep_safety_answers(found, answers)
    else:
        found.answers[part] = dict(answers)
    found.save(update_fields=["answers"])
    intake.answers = found.answers
    audit.record(by, "intake.part_saved", found, part=part)

    result = judged(found, now=now)
    newly = {code for code, said in found.answers.get("red_flags", {}).items() if said and not before.get(code)}
    found_flags = flags_of(result, rulebook=rulebook())
    grave = {code for code, urgency in found_flags.items() if is_told_at_once(urgency, rulebook=rulebook())}
    _raise(result, found, codes=grave, newly=newly, by=by, now=now)
    return result


@transaction.atomic
def submit(intake: Intake, *, by: User, now: datetime) -> TriageResult:
    """Send the form: judge it, keep the judgement, raise every warning sign. Sent twice, it is sent once."""
    found = _locked(intake)
    if found.submitted_at is not None:
        return judged(found, now=found.submitted_at)
    result = judged(found, now=now)
    found.submitted_at = now
    found.urgency = result.urgency
    found.triage = as_kept(result, rulebook=rulebook())
    found.rulebook_version = rulebook().version
    found.save(update_fields=["submitted_at", "urgency", "triage", "rulebook_version"])
    intake.refresh_from_db(fields=["answers", "submitted_at", "urgency", "triage", "rulebook_version"])
    audit.record(by, "intake.submitted", found, urgency=result.urgency)
    facts.take_from_form(found, by=by, now=now)
    _raise(result, found, codes=set(flags_of(result, rulebook=rulebook())), newly=set(), by=by, now=now)
    return result


def judged(intake: Intake, *, now: datetime) -> TriageResult:
    """What the rulebook makes of the answers so far, with the age on the clinic's day."""
    clinic = Clinic.objects.first()
    day = now.astimezone(clinic.zone if clinic else UTC).date()
    return screen(intake.answers, age_years=intake.patient.age_on(day), rulebook=rulebook())


def _locked(intake: Intake) -> Intake:
    # Two tabs saving at once would each write the whole of `answers` and lose the other's part.
    return Intake.objects.select_for_update(of=["self"]).select_related("patient").get(pk=intake.pk)


def _keep_safety_answers(intake: Intake, said: Mapping[str, Any]) -> None:
    told = dict(intake.answers.get("red_flags", {}))
    not_sure = set(intake.answers.get("not_sure", ()))
    for code, answer in said.items():
        rulebook().red_flags[code]  # refuses a question nobody asked
        told.pop(code, None)
        not_sure.discard(code)
        if answer is None:
            not_sure.add(code)
        else:
            told[code] = bool(answer)
    intake.answers |= {"red_flags": told, "not_sure": sorted(not_sure)}


def _raise(result: TriageResult, intake: Intake, *, codes: set[str], newly: set[str], by: User, now: datetime) -> None:
    if not codes:
        return
    # A sign this form has raised and a clinician has closed since stays closed, unless it is answered yes anew.
    raised = set(intake.red_flags.exclude(cleared_at=None).values_list("code", flat=True))
    red_flags.raise_from(result, patient=intake.patient, intake=intake, only=codes - (raised - newly), by=by, now=now)
