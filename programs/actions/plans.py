"""A patient begins, ends or leaves a program."""

from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from patients.models import Patient, RedFlag
from people.actions import audit
from people.models import Clinic, User
from people.rules.refusal import Refused
from programs.actions import plan_making, plan_templates, safety
from programs.actions.safety import Treatment
from programs.models import Plan, PlanPause, SafetyDecision
from programs.rules import course
from programs.rules.rulebook import rulebook
from programs.rules.templates import ProgramTemplate

# A plan written down after its first days is usual; one from last month is a slip of the date field.
LATEST_START = timedelta(days=14)
FARTHEST_START = timedelta(days=365)  # beyond it the year was mistyped
GRAVE = frozenset({"emergency_now", "same_day"})


class CannotFollowAPlan(Refused):
    """The patient has died, or the record is archived."""


class FollowsAPlanAlready(Refused):
    """One plan at a time."""


class TemplateNotOffered(Refused):
    """The clinic does not offer this program."""


class RedFlagOpen(Refused):
    """A grave warning sign must be cleared before any program begins."""


class StartsTooLongAgo(Refused):
    """The first day lies too far back."""


class StartsTooFarAhead(Refused):
    """The first day is in another year."""


class PlanHasEnded(Refused):
    """Nothing about a plan changes once it has ended."""


def clinic_day(now: datetime) -> date:
    """Which day it is at the clinic: a tick at half past eleven in the evening belongs to that evening."""
    return Clinic.day_of(now)


@transaction.atomic
def start(
    patient: Patient, *, template_code: str, starts_on: date, remind_at: time | None, by: User, now: datetime
) -> Plan:
    """Give the patient a plan: its phases, the sessions to book, the exercises, the posture items, the checkpoints.

    Sessions, exercises and their doses are written down as the program has them today; a later one changes no
    running plan. What the clinic has switched off is left out, and its first version says so. `remind_at` is on the
    clinic's clock, None for no reminders of exercises.

    Raises `CannotFollowAPlan`, `FollowsAPlanAlready`, `TemplateNotOffered`, `RedFlagOpen`, `StartsTooLongAgo`,
    `StartsTooFarAhead`, and `HeldByRedFlag` or `Contraindicated` if one of its treatments must not be given as
    things stand.
    """
    template = plan_templates.current().get(template_code)
    if template is None:
        raise TemplateNotOffered(_("This program is not offered. Choose another one."))
    on = clinic_day(now)
    _refuse_if_unfit(patient, starts_on=starts_on, on=on)
    for past in Plan.objects.active().filter(patient=patient, ends_on__lt=on):
        _end(past, Plan.Status.COMPLETED, by=by, now=now)
    _refuse_if_unsafe(patient, template, starts_on=starts_on, by=by, now=now)
    plan = _write(patient, template, starts_on=starts_on, remind_at=remind_at, by=by, now=now)
    plan_making.fill(plan, template, by=by, now=now)
    return plan


@transaction.atomic
def stop(plan: Plan, *, by: User, now: datetime, reason: str = "") -> None:
    """End the plan. One that has run its full length is completed, any other is stopped.

    `reason` is one of `Plan.EndReason`. Raises `PlanHasEnded`.
    """
    kept = locked(plan)
    PlanPause.objects.filter(plan=kept, resumed_at=None).update(
        resumed_on=clinic_day(now), resumed_by=by, resumed_at=now
    )
    is_past = kept.ends_on < clinic_day(now)
    _end(kept, Plan.Status.COMPLETED if is_past else Plan.Status.STOPPED, by=by, now=now, reason=reason)
    plan.refresh_from_db()


@transaction.atomic
def set_reminder(plan: Plan, *, remind_at: time | None, by: User, now: datetime) -> None:
    """When to remind of the day's exercises, on the clinic's clock; None switches it off. Raises `PlanHasEnded`."""
    kept = locked(plan)
    if kept.remind_at != remind_at:
        kept.remind_at = remind_at
        kept.save(update_fields=["remind_at"])
        audit.record(by, "plan.reminder_set", kept, is_on=remind_at is not None)
    plan.remind_at = remind_at


def locked(plan: Plan) -> Plan:
    """The plan as it is now, and nobody else changes it meanwhile. Raises `PlanHasEnded`."""
    kept = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    if kept.status not in Plan.UNFINISHED:
        raise PlanHasEnded(_("This plan has already ended. Nothing was changed."))
    return kept


def _refuse_if_unfit(patient: Patient, *, starts_on: date, on: date) -> None:
    # The row as it is now, not as the page that asked remembers it.
    current = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if current.is_dead:
        raise CannotFollowAPlan(_("This patient has died. No plan can be started."))
    if current.is_archived:
        raise CannotFollowAPlan(_("This record is archived. Restore it before starting a plan."))
    if starts_on < on - LATEST_START:
        raise StartsTooLongAgo(_("The first day is more than 2 weeks ago. Check the date."))
    if starts_on > on + FARTHEST_START:
        raise StartsTooFarAhead(_("The first day is more than a year away. Check the date."))
    if RedFlag.objects.open().filter(patient=patient, urgency__in=GRAVE).exists():
        raise RedFlagOpen(_("A warning sign is open. Clear the red flag first."))


def _refuse_if_unsafe(patient: Patient, template: ProgramTemplate, *, starts_on: date, by: User, now: datetime) -> None:
    planned = course.planned_sessions(template, starts_on=starts_on)
    asked = {(it.modality, it.technique) for it in planned if not it.is_optional}
    treatments = [Treatment(modality, starts_on, technique) for modality, technique in sorted(asked)]
    words = _("A treatment of this program must not be given as things stand. The safety page says which and why.")
    safety.decide(patient, treatments, SafetyDecision.Moment.PLANNED, by=by, now=now, words=words)


def _end(plan: Plan, status: str, *, by: User, now: datetime, reason: str = "") -> None:
    plan.status, plan.ended_at, plan.end_reason = status, now, reason
    plan.save(update_fields=["status", "ended_at", "end_reason"])
    audit.record(by, f"plan.{status}", plan)


def _write(
    patient: Patient, template: ProgramTemplate, *, starts_on: date, remind_at: time | None, by: User, now: datetime
) -> Plan:
    try:
        with transaction.atomic():
            return Plan.objects.create(
                patient=patient,
                template_code=template.code,
                rulebook_version=rulebook().version,
                template_version=plan_templates.version_of(template.code),
                name=template.name,
                starts_on=starts_on,
                ends_on=starts_on + timedelta(days=template.phases[-1].day_end),
                started_by=by,
                started_at=now,
                remind_at=remind_at,
            )
    except IntegrityError as clash:
        # The database is the judge: two clinicians at two screens cannot both start one.
        if "a_patient_follows_one_plan_at_a_time" not in str(clash):
            raise
        raise FollowsAPlanAlready(_("This patient already follows a plan. Stop it before starting another.")) from clash
