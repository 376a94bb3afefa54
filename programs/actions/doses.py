"""The next dose: proposed by rule from what the patient reports, and confirmed or declined by a clinician."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from people.actions import audit
from people.models import User
from people.rules.refusal import Refused
from programs.actions import prescribing
from programs.actions.prescribing import Given
from programs.models import DoseChange, ExerciseDone, PlanExercise
from programs.rules import next_dose
from programs.rules.next_dose import Proposal, Report
from programs.rules.rulebook import rulebook
from programs.rules.usual import dosage_of


class DecidedAlready(Refused):
    """Somebody has confirmed or declined it, or what the patient said since has taken it back."""


@transaction.atomic
def propose_by_rule(exercise: PlanExercise, *, now: datetime) -> DoseChange | None:
    """Write down the next dose that follows from the reports, in the place of an older proposal; the system acts.

    A proposal that no longer follows is taken back. What was reported before the last decision has been decided on.
    """
    known = rulebook().exercises.get(exercise.code)
    waiting = exercise.dose_changes.select_for_update(of=("self",)).filter(decided_at=None).first()
    found = None
    if known is not None and exercise.dropped_in is None:
        usual = dosage_of(exercise.code, exercise.dosage)
        found = next_dose.proposal(known, usual, _reports(exercise), exercises=rulebook().exercises)
    if found is None:
        if waiting is not None:
            audit.record(None, "dose.proposal_withdrawn", waiting, exercise=str(exercise.pk))
            waiting.delete()
        return None
    return _kept(exercise, found, waiting, now=now)


@transaction.atomic
def confirm(change: DoseChange, *, by: User, now: datetime) -> None:
    """The next dose counts from now on. Raises `DecidedAlready`, and what `prescribing.replace` raises."""
    kept = _undecided(change)
    dosage = dict(kept.becomes)
    code = dosage.pop("exercise", kept.exercise.code)
    why = str(next_dose.BECAUSE.get(kept.because, kept.because))
    _decide(kept, is_accepted=True, by=by, now=now)
    prescribing.replace(kept.exercise, Given(code, dosage), why=why, by=by, now=now)


@transaction.atomic
def decline(change: DoseChange, *, by: User, now: datetime) -> None:
    """The dose stays. It is proposed again only if new reports say so. Raises `DecidedAlready`."""
    _decide(_undecided(change), is_accepted=False, by=by, now=now)


def _reports(exercise: PlanExercise) -> list[Report]:
    rows = ExerciseDone.objects.filter(exercise=exercise)
    decided = exercise.dose_changes.exclude(decided_at=None).order_by("-decided_at").first()
    if decided is not None:
        rows = rows.filter(done_at__gt=decided.decided_at)
    return [Report(it.on, it.feeling, it.pain) for it in rows.order_by("on")]


def _kept(exercise: PlanExercise, found: Proposal, waiting: DoseChange | None, *, now: datetime) -> DoseChange:
    becomes: dict[str, Any] = asdict(found.dosage)
    if found.exercise:
        becomes["exercise"] = found.exercise
    if waiting is not None and (waiting.because, waiting.becomes) == (found.because, becomes):
        return waiting
    change = waiting or DoseChange(exercise=exercise)
    change.direction, change.because, change.becomes = found.direction, found.because, becomes
    change.was, change.proposed_at = asdict(dosage_of(exercise.code, exercise.dosage)), now
    change.save()
    audit.record(None, "dose.proposed", change, direction=found.direction, because=found.because)
    return change


def _undecided(change: DoseChange) -> DoseChange:
    rows = DoseChange.objects.select_for_update(of=("self",)).select_related("exercise__plan", "exercise__phase")
    kept = rows.filter(pk=change.pk, decided_at=None, exercise__dropped_in=None).first()
    if kept is None:
        raise DecidedAlready(_("This has been decided already, or the exercise has changed. Nothing was changed."))
    return kept


def _decide(change: DoseChange, *, is_accepted: bool, by: User, now: datetime) -> None:
    change.is_accepted, change.decided_by, change.decided_at = is_accepted, by, now
    change.save(update_fields=["is_accepted", "decided_by", "decided_at"])
    audit.record(by, "dose.confirmed" if is_accepted else "dose.declined", change, direction=change.direction)
