"""What is said on each day of a plan: exercises at the patient's own times and days, and breaks."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from clinic.appointments.rules.local_time import day_bounds, instant
from clinic.reminders.actions.plan_care import Timetable
from clinic.reminders.models import Message, SendingRule
from clinic.reminders.rules import occasions, timing
from people.models import Clinic
from programs.models import ExerciseDone, Plan, PlanExercise

Kind = Message.Kind
_BREAK_FOR: Final = timedelta(minutes=20)  # later than that the next one is nearer


def owed(clinic: Clinic, timetable: Timetable, *, now: datetime) -> Iterator[Message]:
    """Only what is due today: the patient may choose another hour for tomorrow until tomorrow."""
    if timetable[Kind.EXERCISE, ""].is_on:
        yield from _exercises(clinic, now)
    if timetable[Kind.POSTURE, ""].is_on:
        yield from _breaks(clinic, now)


def _exercises(clinic: Clinic, now: datetime) -> Iterator[Message]:
    local = timezone.localtime(now, clinic.zone)
    day = local.date()
    undone = PlanExercise.objects.on(day).exclude(Exists(ExerciseDone.objects.filter(exercise=OuterRef("pk"), on=day)))
    own = SendingRule.objects.filter(patient=OuterRef("patient"), kind=Kind.EXERCISE, times__len__gt=0)
    plans = (
        Plan.objects.active()
        .filter(Q(remind_at__lte=local.time()) | Q(Exists(own)), starts_on__lte=day, ends_on__gte=day)
        .filter(Exists(undone.filter(plan=OuterRef("pk"))), remind_at__isnull=False)
    )
    own_rules = _rules(Kind.EXERCISE, [it.patient_id for it in plans])
    told = _told(Kind.EXERCISE, plans, clinic, day)
    for plan in plans:
        rule = own_rules.get(plan.patient_id)
        times = (rule and rule.times) or [plan.remind_at or time()]
        if rule and rule.weekdays and day.weekday() not in rule.weekdays:
            continue
        for n, at in enumerate(sorted(times)):
            due = timing.reminder_of_exercises(day, at, zone=clinic.zone)
            # The first of a day keeps the plain name, which it had before there could be several.
            occasion = occasions.plan_day(plan.pk, day) + (f"#{at:%H%M}" if n else "")
            if due.at <= now < due.not_after and occasion not in told:
                yield _of_day(plan, Kind.EXERCISE, occasion, due)


def _breaks(clinic: Clinic, now: datetime) -> Iterator[Message]:
    """At the hours that the patient chose, on the days of the plan."""
    local = timezone.localtime(now, clinic.zone)
    day = local.date()
    plans = Plan.objects.active().filter(starts_on__lte=day, ends_on__gte=day, break_times__len__gt=0)
    rules = _rules(Kind.POSTURE, [it.patient_id for it in plans])
    told = _told(Kind.POSTURE, plans, clinic, day)
    for plan in plans:
        rule = rules.get(plan.patient_id)
        if rule and rule.weekdays and day.weekday() not in rule.weekdays:
            continue
        for at in plan.break_times:
            due_at = instant(day, at, clinic.zone)
            occasion = f"{occasions.plan_day(plan.pk, day)}#{at:%H%M}"
            if due_at <= now < due_at + _BREAK_FOR and occasion not in told:
                yield _of_day(plan, Kind.POSTURE, occasion, timing.Due(due_at, due_at + _BREAK_FOR))


def _rules(kind: Kind, patients: list[UUID]) -> dict[UUID | None, SendingRule]:
    if not patients:
        return {}
    return {it.patient_id: it for it in SendingRule.objects.filter(patient__in=patients, kind=kind, channel="")}


def _told(kind: Kind, plans: QuerySet[Plan], clinic: Clinic, day: date) -> set[str]:
    # By day and not by occasion, so that the database can answer from the index of the plan.
    since = day_bounds(day, clinic.zone)[0]
    told = Message.objects.filter(plan__in=plans, kind=kind, due_at__gte=since)
    return set(told.values_list("occasion", flat=True))


def _of_day(plan: Plan, kind: Kind, occasion: str, due: timing.Due) -> Message:
    return Message(
        occasion=occasion,
        kind=kind,
        patient_id=plan.patient_id,
        plan=plan,
        due_at=due.at,
        not_before=due.at,
        not_after=due.not_after,
    )
