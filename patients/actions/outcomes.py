"""Keeping what a patient answered on a scale, with its score."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from patients.models import Assessment, Outcome, Patient
from patients.rules.rulebook import rulebook
from patients.rules.scoring import CannotBeScored, score
from people.actions import audit
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import NotAllowed, Refused


class NotScorable(Refused):
    """An answer that the scale does not have."""


@transaction.atomic
def record(
    patient: Patient,
    measure: str,
    answers: Mapping[str, Any],
    *,
    on: date,
    by: User,
    now: datetime,
    assessment: Assessment | None = None,
) -> Outcome:
    """Score one filled-in scale and keep it. A correction is a newer one of the same day.

    `answers` as `patients.rules.scoring` reads them; the patient's own activities are
    `{"activities": [3, 7], "names": ["Reading", "Driving"]}`.

    Raises `NotScorable` for an answer outside the scale, `NotAllowed`, and `KeyError` for a scale there is not.
    """
    if not (by.may(Permission.RECORD_EDIT) or _is_at_home(patient, by)):
        raise NotAllowed(_("Only a clinician, or the patient, fills in a scale."))
    book = rulebook()
    scale = book.measures[measure]
    try:
        found = score(scale, answers)
    except CannotBeScored as problem:
        raise NotScorable(
            _("“%(scale)s”: one of the answers is not on the scale.") % {"scale": scale.name}
        ) from problem
    kept = Outcome.objects.create(
        patient=patient,
        measure=measure,
        answers=dict(answers),
        values=dict(found.values),
        band=found.band or "",
        answered=found.answered,
        asked=found.asked,
        on=on,
        assessment=assessment,
        rulebook_version=book.version,
        by=by,
        at=now,
    )
    audit.record(by, "outcome.recorded", kept, measure=measure, answered=found.answered)
    return kept


def _is_at_home(patient: Patient, by: User) -> bool:
    """The patient, or whom the patient lets help."""
    return patient.user_id == by.pk or Patient.objects.opened_by(by).filter(pk=patient.pk).exists()


def take_from_visit(assessment: Assessment, *, on: date, by: User, now: datetime) -> list[Outcome]:
    """Score what was answered at this visit. Part of `assessments.sign`, in its transaction."""
    filled = {code: answers for code, answers in assessment.told.get("scales", {}).items() if answers}
    pain = {
        "current": assessment.pain_now,
        "best_24h": assessment.told.get("best"),
        "worst_24h": assessment.told.get("worst"),
    }
    if any(value is not None for value in pain.values()):
        filled["nprs"] = {item: value for item, value in pain.items() if value is not None}
    patient = assessment.patient
    return [
        record(patient, measure, filled[measure], on=on, by=by, now=now, assessment=assessment)
        for measure in sorted(filled)
    ]
