"""The form before the visit: begun, kept part by part, sent once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from patients.actions import facts, outcomes, red_flags
from patients.models import Intake, Patient
from patients.rules.rulebook import rulebook
from patients.rules.screen import Occasion, as_kept, flags_of, is_told_at_once, screen, short_questions
from patients.rules.triage import TriageResult
from people.actions import audit
from people.models import Clinic, User
from people.rules.permissions import Permission
from people.rules.refusal import Refused

_HEALTH_PAGES = frozenset({"medicines", "kinds", "recent", "recent-days", "allergies"})


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
    remembered but is no answer. A page about her health is added to `health`, its `facts` one by one (None: taken
    back). Every other page is kept as given, under its name.

    Raises `AlreadySent`, and `KeyError` for a question the rulebook does not have.
    """
    found = _locked(intake)
    if found.submitted_at is not None:
        raise AlreadySent(_("This form was sent already. Tell the clinic if something has changed."))
    before = found.answers.get("red_flags", {})
    if _is_safety(part):
        _keep_safety_answers(found, answers)
    elif part == "safety-more" or part in _HEALTH_PAGES or part.startswith("conditions-"):
        _keep_health(found, answers)
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
    _keep_scores(found, by=by, now=now)
    _raise(result, found, codes=set(flags_of(result, rulebook=rulebook())), newly=set(), by=by, now=now)
    return result


@transaction.atomic
def short_screen(
    patient: Patient,
    answers: Mapping[str, bool],
    *,
    occasion: Occasion = Occasion.CHECK,
    pain: int | None = None,
    words: str = "",
    by: User,
    now: datetime,
) -> Intake:
    """Ask the warning signs again, before a visit or at a flare, and keep what was answered, yes and no.

    A yes raises its sign, also one that was closed. A grave question left open, now or on the form before, still
    holds treatments: a short screen never answers what it did not ask. `pain` is 0 to 10 now.

    Raises `KeyError` for a question the rulebook does not have.
    """
    book = rulebook()
    told: dict[str, Any] = {"occasion": str(occasion), "red_flags": dict(answers)}
    if pain is not None:
        told["pain"] = {"now": pain}
    if words.strip():
        told["story"] = {"text": words.strip()}
    age = patient.age_on(Clinic.day_of(now))
    result = screen(told, age_years=age, rulebook=book, asked=short_questions(age, rulebook=book))
    kept = as_kept(result, rulebook=book)
    open_before = [it for it in _left_open(patient) if it not in answers and it not in kept["unanswered"]]
    kept["unanswered"] += open_before
    made = Intake.objects.create(
        patient=patient, answers=told, started_at=now, submitted_at=now, urgency=result.urgency, triage=kept,
        rulebook_version=book.version,
    )  # fmt: skip
    audit.record(by, "intake.screened", made, occasion=str(occasion), urgency=result.urgency)
    facts.take_from_form(made, by=by, now=now)
    red_flags.raise_from(result, patient=patient, intake=made, by=by, now=now)
    return made


def _left_open(patient: Patient) -> list[str]:
    """The grave questions that stand unanswered, unless a clinician has examined her since."""
    last = Intake.objects.screens().filter(patient=patient).order_by("-submitted_at").first()
    if last is None or patient.assessments.filter(signed_at__gt=last.submitted_at).exists():
        return []
    return list(last.triage.get("unanswered", ()))


def judged(intake: Intake, *, now: datetime) -> TriageResult:
    """What the rulebook makes of the answers so far, with the age on the clinic's day."""
    age = intake.patient.age_on(Clinic.day_of(now))
    asked = short_questions(age, rulebook=rulebook()) if "occasion" in intake.answers else None
    return screen(intake.answers, age_years=age, rulebook=rulebook(), asked=asked)


def _keep_scores(intake: Intake, *, by: User, now: datetime) -> None:
    """Pain and her own activities become scores, so that later visits are measured against them."""
    # A form that the desk passed on is read by a clinician first: its numbers are nobody's answer on a scale.
    if not (by.may(Permission.RECORD_EDIT) or intake.patient.user_id == by.pk):
        return
    pain, named = intake.answers.get("pain", {}), intake.answers.get("goals", {}).get("activities", ())
    day = Clinic.day_of(now)
    if pain.get("now") is not None:
        said = {"current": pain["now"], "best_24h": pain.get("best"), "worst_24h": pain.get("worst")}
        outcomes.record(intake.patient, "nprs", said, on=day, by=by, now=now)
    if named:
        rated = {"activities": [it["rating"] for it in named], "names": [it["what"] for it in named]}
        outcomes.record(intake.patient, "psfs", rated, on=day, by=by, now=now)


def _locked(intake: Intake) -> Intake:
    # Two tabs saving at once would each write the whole of `answers` and lose the other's part.
    return Intake.objects.select_for_update(of=["self"]).select_related("patient").get(pk=intake.pk)


def _is_safety(part: str) -> bool:
    return part.startswith("safety-") and part != "safety-more"


def _keep_health(intake: Intake, said: Mapping[str, Any]) -> None:
    health = dict(intake.answers.get("health", {}))
    facts = health.get("facts", {}) | said.get("facts", {})
    for code in facts:
        rulebook().facts[code]  # refuses a question nobody asked
    kept = {code: value for code, value in facts.items() if value is not None}
    intake.answers["health"] = health | dict(said) | {"facts": kept}


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
