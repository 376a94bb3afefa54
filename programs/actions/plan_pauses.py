"""Putting a plan on hold, and going on with it."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from people.actions import audit
from people.models import User
from people.rules.permissions import Permission
from people.rules.refusal import NotAllowed, Refused
from programs.actions import plan_revising, plan_versions, plans, safety
from programs.actions.safety import Standing, Treatment
from programs.models import Phase, Plan, PlanPause
from programs.rules import revising


class PausedAlready(Refused):
    """It is on hold."""


class NotPaused(Refused):
    """There is nothing to go on with."""


@transaction.atomic
def pause(plan: Plan, *, reason: str, by: User, now: datetime, until: date | None = None, note: str = "") -> PlanPause:
    """From today nothing of the plan is due: no session is booked, no exercise is asked for or reminded of.

    Visits that are booked stay booked; the desk sees them listed. Raises `PausedAlready`, `PlanHasEnded`, `NotAllowed`.
    """
    _refuse_unless_may(by)
    kept = plans.locked(plan)
    if kept.status == Plan.Status.PAUSED:
        raise PausedAlready(_("This plan is paused already."))
    on = plans.clinic_day(now)
    if until is not None and until < on:
        raise PausedAlready(_("A pause cannot end before it begins."))
    try:
        with transaction.atomic():
            made = PlanPause.objects.create(
                plan=kept, since=on, until=until, reason=reason, note=note.strip(), by=by, at=now
            )
    except IntegrityError as clash:
        raise PausedAlready(_("This plan is paused already.")) from clash
    kept.status = Plan.Status.PAUSED
    kept.save(update_fields=["status"])
    audit.record(by, "plan.paused", kept, reason=reason)
    plan.refresh_from_db()
    return made


@transaction.atomic
def resume(plan: Plan, *, by: User, now: datetime) -> list[Standing]:
    """Go on with the plan: what is left comes as many days later as the pause was long, and is judged anew.

    Gives back every treatment that must not be given as things stand: it stays in the plan and is held, as every
    booking asks again. Raises `NotPaused`, `PlanHasEnded`, `NotAllowed`.
    """
    _refuse_unless_may(by)
    kept = plans.locked(plan)
    ended = PlanPause.objects.filter(plan=kept, resumed_at=None).first()
    if kept.status != Plan.Status.PAUSED or ended is None:
        raise NotPaused(_("This plan is not paused."))
    on = plans.clinic_day(now)
    ended.resumed_on, ended.resumed_by, ended.resumed_at = max(on, ended.since), by, now
    ended.save(update_fields=["resumed_on", "resumed_by", "resumed_at"])
    days = max((on - ended.since).days, 0)
    kept.status, kept.version = Plan.Status.ACTIVE, kept.version + 1
    kept.ends_on += timedelta(days=days)
    kept.save(update_fields=["status", "version", "ends_on"])
    _shift(kept, days, since=ended.since)
    held = _held(kept, on=on)
    changes: list[dict[str, Any]] = [{"what": "resumed", "days": days}]
    changes += [{"what": "held", "modality": it.treatment.modality, "technique": it.treatment.technique} for it in held]
    why = str(PlanPause.Reason(ended.reason).label)
    plan_versions.following(kept, changes=changes, why=why, by=by, now=now)
    audit.record(by, "plan.resumed", kept, days=days, held=len(held))
    plan.refresh_from_db()
    return held


def _shift(plan: Plan, days: int, *, since: date) -> None:
    later = timedelta(days=days)
    if not days:
        return
    # From the last phase to the first, so that no two ever lie on the same days.
    coming = Phase.objects.filter(plan=plan, starts_on__gt=since).order_by("-ordinal")
    coming.update(starts_on=F("starts_on") + later, ends_on=F("ends_on") + later)
    Phase.objects.filter(plan=plan, starts_on__lte=since, ends_on__gte=since).update(ends_on=F("ends_on") + later)
    plan.checkpoints.undecided().filter(due_on__gte=since).update(due_on=F("due_on") + later)
    rows = {it.pk: it for it in plan.sessions.standing()}
    left = [it for it in plan_revising.slots_of(plan) if it.given_on is None and it.due_until >= since]
    plan_revising.write_days(rows, [revising.shifted(it, days) for it in left])


def _held(plan: Plan, *, on: date) -> list[Standing]:
    given = {it.key for it in plan_revising.slots_of(plan) if it.key and it.given_on}
    first: dict[tuple[str, str], date] = {}
    for it in plan.sessions.standing().filter(due_until__gte=on).exclude(pk__in=given):
        first.setdefault((it.modality, it.technique), max(it.due_on, on))
    wanted = [Treatment(modality, day, technique) for (modality, technique), day in sorted(first.items())]
    return [it for it in safety.standings(plan.patient, wanted) if not it.may_be_given]


def _refuse_unless_may(by: User) -> None:
    if not by.may(Permission.PLAN_EDIT):
        raise NotAllowed(_("Only a clinician pauses a plan, or goes on with it."))
