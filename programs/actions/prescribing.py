"""A clinician says which exercises a patient does at home, and how much of each."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from patients.models import Patient
from people.actions import audit
from people.models import User
from people.rules.refusal import ChangedMeanwhile, Refused
from programs.actions import plan_versions, safety
from programs.actions.plans import PlanHasEnded, clinic_day
from programs.actions.safety import Contraindicated, Treatment
from programs.models import Phase, Plan, PlanExercise, PlanVersion
from programs.rules import prescription
from programs.rules.prescription import HELD, LOOK, Verdict
from programs.rules.rulebook import rulebook
from programs.rules.usual import dosage_of

PROGRAM = "exercise_program"


class NotSoMany(Refused):
    """Two to four exercises."""


class DoseCannotBe(Refused):
    """A number of the dose is beyond what can be meant."""


class MustBeLookedAt(Refused):
    """Something in the record warns of this exercise, and nobody has said that it was looked at."""


class NoPhaseLeft(Refused):
    """The plan has come to its end: there is no day left to exercise on."""


@dataclass(frozen=True, slots=True)
class Given:
    """An exercise and its dose, with the keys of a `Dosage`."""

    code: str
    dosage: Mapping[str, Any]


def verdicts(patient: Patient, codes: Iterable[str], *, on: date) -> dict[str, Verdict]:
    """How each of these exercises stands for the patient on that day. One query, however many."""
    book = rulebook()
    wanted = [book.exercises[code] for code in dict.fromkeys(codes)]
    techniques = sorted({it.modality_technique for it in wanted})
    found = safety.standings(patient, [Treatment(PROGRAM, on, technique) for technique in techniques])
    by_technique = dict(zip(techniques, found, strict=True))
    return {
        it.code: prescription.verdict(it, standing.status, standing.judgement.findings, standing.facts)
        for it in wanted
        for standing in [by_technique[it.modality_technique]]
    }


def phase_of(plan: Plan, *, on: date) -> Phase:
    """The phase a prescription is for: the one that holds, before the first day the first. Raises `NoPhaseLeft`."""
    phase = plan.phases.filter(ends_on__gte=on).order_by("ordinal").first()
    if phase is None:
        raise NoPhaseLeft(_("The plan has come to its end. Start another one to prescribe exercises."))
    return phase


def refuse_if_unsafe(patient: Patient, codes: Iterable[str], acknowledged: Collection[str], *, on: date) -> None:
    """Raises `Contraindicated` for an exercise a rule forbids, `MustBeLookedAt` for one nobody has looked at."""
    names = rulebook().exercises
    for code, verdict in verdicts(patient, codes, on=on).items():
        if verdict.status == HELD:
            words = _("%(name)s must not be given as things stand. The safety page says which rule and why.")
            raise Contraindicated([], words % {"name": names[code].name})
        if verdict.status == LOOK and code not in acknowledged:
            words = _("%(name)s: look at the precaution first, and tick that you have.")
            raise MustBeLookedAt(words % {"name": names[code].name})


@transaction.atomic
def prescribe(
    plan: Plan, given: Sequence[Given], *, acknowledged: Collection[str], version: int, by: User, now: datetime
) -> PlanVersion | None:
    """Give the patient these exercises from today on, in this order, until the phase ends. None if nothing changes.

    `acknowledged` are the codes whose precautions the clinician has looked at; `version` is the plan's as the page
    showed it. What was ticked so far stays with the dose it was done at.

    Raises `NotSoMany`, `DoseCannotBe`, `MustBeLookedAt`, `Contraindicated`, `PlanHasEnded`, `NoPhaseLeft`, and
    `ChangedMeanwhile` if somebody has revised the plan since.
    """
    kept, on = _locked(plan), clinic_day(now)
    if kept.version != version:
        raise ChangedMeanwhile(_("Somebody has changed this plan meanwhile. Nothing was saved. Look at it again."))
    if not prescription.FEWEST <= len({it.code for it in given}) == len(given) <= prescription.MOST:
        raise NotSoMany(_("Choose 2 to 4 exercises, each once. More are seldom done at home."))
    _refuse_a_dose_that_cannot_be(given)
    phase = phase_of(kept, on=on)
    refuse_if_unsafe(kept.patient, [it.code for it in given], acknowledged, on=on)
    return _revised(kept, phase, given, why=_("Exercises prescribed anew"), by=by, now=now)


@transaction.atomic
def replace(exercise: PlanExercise, given: Given, *, why: str, by: User, now: datetime) -> PlanVersion | None:
    """Another dose, or another exercise, in the place of one; the others stay. Raises as `prescribe`."""
    kept = _locked(exercise.plan)
    _refuse_a_dose_that_cannot_be([given])
    if given.code != exercise.code:
        refuse_if_unsafe(kept.patient, [given.code], [given.code], on=clinic_day(now))
    standing = kept.exercises.standing().filter(phase=exercise.phase).order_by("ordinal")
    others = [given if it.pk == exercise.pk else Given(it.code, it.dosage) for it in standing]
    # The harder one may be among them already: then it is enough to leave the easier one out.
    once = {it.code: it for it in others}
    return _revised(kept, exercise.phase, list(once.values()), why=why, by=by, now=now)


def _locked(plan: Plan) -> Plan:
    kept = Plan.objects.select_for_update(no_key=True, of=("self",)).select_related("patient").get(pk=plan.pk)
    if not kept.is_active:
        raise PlanHasEnded(_("This plan is not being followed at the moment. Nothing was changed."))
    return kept


def _refuse_a_dose_that_cannot_be(given: Iterable[Given]) -> None:
    for it in given:
        known = rulebook().exercises.get(it.code)
        if known is None or prescription.out_of_bounds(_full(it)):
            words = _("This dose cannot be right: %(name)s. Check the numbers.")
            raise DoseCannotBe(words % {"name": known.name if known else it.code})


def _revised(
    plan: Plan, phase: Phase, given: Sequence[Given], *, why: str, by: User, now: datetime
) -> PlanVersion | None:
    """The next version of the plan with these exercises in the phase. What did not change keeps its row."""
    standing = {it.code: it for it in plan.exercises.standing().filter(phase=phase)}
    same = {it.code for it in given if it.code in standing and _dosage(standing[it.code]) == _full(it)}
    dropped = [it for code, it in standing.items() if code not in same]
    added = [(n, it) for n, it in enumerate(given, start=1) if it.code not in same]
    if not dropped and not added:
        return None
    plan.version += 1
    plan.save(update_fields=["version"])
    PlanExercise.objects.filter(pk__in=[it.pk for it in dropped]).update(dropped_in=plan.version)
    new = PlanExercise.objects.bulk_create(
        PlanExercise(plan=plan, phase=phase, code=it.code, ordinal=n, dosage=_full(it)) for n, it in added
    )
    for n, it in enumerate(given, start=1):
        if it.code in same and standing[it.code].ordinal != n:
            PlanExercise.objects.filter(pk=standing[it.code].pk).update(ordinal=n)
    changes = [
        *({"what": "exercise_dropped", "exercise": it.code, "phase": phase.ordinal} for it in dropped),
        *({"what": "exercise_added", "exercise": it.code, "phase": phase.ordinal} for it in new),
    ]
    version = plan_versions.following(plan, changes=changes, why=why, by=by, now=now)
    audit.record(by, "plan.exercises_prescribed", plan, version=plan.version, codes=[it.code for it in given])
    return version


def _full(given: Given) -> dict[str, Any]:
    """A part that was not said is as the rulebook has it."""
    return asdict(dosage_of(given.code, given.dosage))


def _dosage(exercise: PlanExercise) -> dict[str, Any]:
    return _full(Given(exercise.code, exercise.dosage))
