"""The rows of a plan, out of a program and a first day."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from people.actions import audit
from people.models import User
from programs.actions import plan_versions
from programs.models import Checkpoint, Phase, Plan, PlanExercise, PlannedSession, PlanPostureItem
from programs.rules import course
from programs.rules.rulebook import rulebook
from programs.rules.templates import ProgramTemplate


def fill(plan: Plan, template: ProgramTemplate, *, by: User, now: datetime) -> None:
    """Give a new plan its phases, sessions, exercises, posture items and checkpoints, and write its first version.

    Part of `plans.start`, in its transaction.
    """
    phases = {phase.code: phase for phase in _phases(plan, template)}
    Phase.objects.bulk_create(phases.values())
    PlannedSession.objects.bulk_create(_sessions(plan, template, phases))
    PlanExercise.objects.bulk_create(_exercises(plan, template, phases))
    PlanPostureItem.objects.bulk_create(_posture_items(plan, template, phases))
    Checkpoint.objects.bulk_create(_checkpoints(plan, template))
    plan_versions.first(plan, template, by=by, now=now)
    audit.record(by, "plan.started", plan, template=template.code, rulebook=plan.rulebook_version)


def _phases(plan: Plan, template: ProgramTemplate) -> Iterator[Phase]:
    for phase in template.phases:
        yield Phase(
            plan=plan,
            ordinal=phase.ordinal,
            code=phase.code,
            name=phase.name,
            goals=list(phase.goals),
            starts_on=plan.starts_on + timedelta(days=phase.day_start),
            ends_on=plan.starts_on + timedelta(days=phase.day_end),
        )


def _sessions(plan: Plan, template: ProgramTemplate, phases: Mapping[str, Phase]) -> Iterator[PlannedSession]:
    planned = course.planned_sessions(template, starts_on=plan.starts_on)
    lengths: dict[str, int] = {}
    for it in planned:
        lengths[it.modality] = max(lengths.get(it.modality, 0), it.number)
    by_ordinal = {phase.ordinal: phase for phase in phases.values()}
    for it in planned:
        yield PlannedSession(
            plan=plan,
            phase=by_ordinal[it.phase],
            modality=it.modality,
            technique=it.technique,
            ordinal=it.number,
            course_length=lengths[it.modality],
            due_from=it.due_from,
            due_on=it.due_on,
            due_until=it.due_until,
            is_optional=it.is_optional,
            gap_days_min=it.gap_days_min,
            gap_days_target=it.gap_days_target,
            gap_days_max=it.gap_days_max,
            hold_loading_days=it.hold_loading_days,
        )


def _exercises(plan: Plan, template: ProgramTemplate, phases: Mapping[str, Phase]) -> Iterator[PlanExercise]:
    for phase in template.phases:
        for ordinal, code in enumerate(phase.exercises, start=1):
            dosage = asdict(rulebook().exercises[code].dosage)
            yield PlanExercise(plan=plan, phase=phases[phase.code], code=code, ordinal=ordinal, dosage=dosage)


def _posture_items(plan: Plan, template: ProgramTemplate, phases: Mapping[str, Phase]) -> Iterator[PlanPostureItem]:
    for phase in template.phases:
        for code in phase.posture_items:
            yield PlanPostureItem(plan=plan, phase=phases[phase.code], code=code)


def _checkpoints(plan: Plan, template: ProgramTemplate) -> Iterator[Checkpoint]:
    # Day 0 is when the first scores are taken: there is nothing to compare yet, and nothing to decide.
    days = [day for day in template.reassess_days if day > 0]
    for ordinal, day in enumerate(days, start=1):
        reached = [phase for phase in template.phases if phase.day_start <= day]
        measures = list((reached or template.phases)[-1 if reached else 0].measures)
        yield Checkpoint(plan=plan, ordinal=ordinal, due_on=plan.starts_on + timedelta(days=day), measures=measures)
