"""What follows from a plan and from what a visit was for. Said without a word of either."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from clinic.appointments.models import Appointment, BookingPolicy
from clinic.appointments.rules.local_time import instant
from clinic.appointments.rules.status import Status
from clinic.reminders.models import Message
from clinic.reminders.rules import occasions
from clinic.reminders.rules.schedule import Key, Timing
from patients.models import Intake, Post
from people.models import Clinic
from programs.models import Checkpoint, Plan, PlannedSession, PlanVersion
from programs.rules.rulebook import rulebook

Kind = Message.Kind
Timetable = Mapping[Key, Timing]
_HELPS_FOR: Final = timedelta(days=3)  # after that the next look says it anew, or nobody needs it any more
_RECALLED_FOR: Final = timedelta(days=14)  # who left long before this was switched on is not written to
_CAME: Final = [Status.ARRIVED, Status.IN_ROOM, Status.DONE]
_DAYS_BEFORE: Final = re.compile(r"(\d+)\s+days\s+before")
_MOST_AHEAD: Final = 30  # days


def owed(clinic: Clinic, timetable: Timetable, *, now: datetime) -> Iterator[Message]:
    """All of it. Which kinds are off is seen to here, one by one; patients who switched one off are left out last."""
    makers = {
        Kind.FORM: _forms,
        Kind.PREPARATION: _preparations,
        Kind.AFTERCARE: _aftercare,
        Kind.MEASURES_DUE: _measures,
        Kind.REASSESSMENT: _reassessments,
        Kind.NEXT_DUE: _next_due,
        Kind.RECALL: _recalls,
        Kind.PLAN_CHANGED: _changes,
        Kind.ANSWER: _answers,
    }
    for kind, make in makers.items():
        rule = timetable[kind, ""]
        if rule.is_on:
            yield from make(clinic, rule, now)


def occasion_of(prefix: str) -> Concat:
    """For a query: the occasion of a row by its id."""
    return Concat(Value(prefix), Cast("pk", CharField()), output_field=CharField())


def _untold(kind: Kind) -> Q:
    return Q(~Exists(Message.objects.filter(kind=kind, occasion=OuterRef("occasion"))))


def _forms(clinic: Clinic, rule: Timing, now: datetime) -> Iterator[Message]:
    """To whoever comes for the first time and has sent no form."""
    sent = Intake.objects.submitted().filter(patient=OuterRef("patient"))
    asked = Message.objects.filter(appointment=OuterRef("pk"), kind=Kind.FORM)
    visits = Appointment.objects.expected().starting_between(now, now + timedelta(days=rule.days + 1))
    known = Q(news_at=None) | Q(news_at__lte=now)
    for visit in visits.filter(known, ~Exists(sent), ~Exists(asked)).select_related("site"):
        due_at = instant(visit.local_start.date() - timedelta(days=rule.days), rule.at, visit.site.zone)
        if visit.timed_at + timedelta(hours=12) <= due_at <= now:
            yield _of_visit(visit, Kind.FORM, "form", due_at, visit.starts_at)


@cache
def _days_ahead(service_code: str, last: int) -> tuple[int, ...]:
    """How many days before a visit of this kind there is something to be done, by what the rulebook asks."""
    modality = rulebook().modalities.get(service_code)
    if modality is None or not modality.pre_instructions:
        return ()
    named = {int(days) for words in modality.pre_instructions for days in _DAYS_BEFORE.findall(words)}
    return tuple(sorted({last} | {days for days in named if days <= _MOST_AHEAD}))


@cache
def _by_how_far_ahead(last: int) -> Mapping[int, list[str]]:
    """Services by the first day on which something is said before: most need be looked at only the day before."""
    found: dict[int, list[str]] = {}
    for code in rulebook().modalities:
        if days := _days_ahead(code, last):
            found.setdefault(days[-1], []).append(code)
    return found


def _preparations(clinic: Clinic, rule: Timing, now: datetime) -> Iterator[Message]:
    near = Q(pk=None)
    for days, services in _by_how_far_ahead(rule.days).items():
        # Two days more than that: one until the end of the day, and one for the zones and their clocks.
        near |= Q(service_code__in=services, starts_at__lt=now + timedelta(days=days + 2))
    visits = Appointment.objects.expected().filter(Q(news_at=None) | Q(news_at__lte=now), near, starts_at__gte=now)
    coming = visits.select_related("site")
    told = _told(Kind.PREPARATION, coming)
    for visit in coming:
        ends, passed = visit.starts_at, False
        for days in _days_ahead(visit.service_code, rule.days):
            due_at = instant(visit.local_start.date() - timedelta(days=days), rule.at, visit.site.zone)
            # Booked after the day has passed: whoever booked said it then, and the next one says it again.
            passed = due_at < visit.timed_at
            if passed or due_at > now:
                ends = due_at
                continue
            if occasions.visit(visit.pk, visit.starts_at, which=f"ready-{days}") not in told:
                yield _of_visit(visit, Kind.PREPARATION, f"ready-{days}", due_at, ends)
            break


def _aftercare(clinic: Clinic, rule: Timing, now: datetime) -> Iterator[Message]:
    """On the evening of the day, to whoever came."""
    services = [code for code, it in rulebook().modalities.items() if it.post_instructions]
    visits = Appointment.objects.filter(service_code__in=services, status__in=_CAME, ends_at__lte=now)
    recent = visits.filter(starts_at__gt=now - timedelta(days=rule.days + 2)).select_related("site")
    told = Message.objects.filter(kind=Kind.AFTERCARE, appointment=OuterRef("pk"), starts_at=OuterRef("starts_at"))
    for visit in recent.exclude(Exists(told)):
        due_at = instant(visit.local_start.date() + timedelta(days=rule.days), rule.at, visit.site.zone)
        due_at = max(due_at, visit.ends_at)
        if due_at <= now < due_at + timedelta(hours=24):
            yield _of_visit(visit, Kind.AFTERCARE, "after", due_at, due_at + timedelta(hours=24))


def _measures(clinic: Clinic, rule: Timing, now: datetime) -> Iterator[Message]:
    for it in _checkpoints(Kind.MEASURES_DUE, clinic, now, ahead=0).exclude(measures=[]):
        yield from _of_plan(it.plan, Kind.MEASURES_DUE, f"checkpoint:{it.pk}", it.due_on, clinic, rule, now)


def _reassessments(clinic: Clinic, rule: Timing, now: datetime) -> Iterator[Message]:
    """To book a visit for it, where none is booked around that day."""
    until = now + timedelta(days=rule.days + 7)
    around = Appointment.objects.expected().filter(patient=OuterRef("plan__patient"), starts_at__range=(now, until))
    for it in _checkpoints(Kind.REASSESSMENT, clinic, now, ahead=rule.days).exclude(Exists(around)):
        day = it.due_on - timedelta(days=rule.days)
        yield from _of_plan(it.plan, Kind.REASSESSMENT, f"checkpoint:{it.pk}", day, clinic, rule, now)


def _checkpoints(kind: Kind, clinic: Clinic, now: datetime, *, ahead: int) -> QuerySet[Checkpoint]:
    today = now.astimezone(clinic.zone).date() + timedelta(days=ahead)
    open_now = Checkpoint.objects.undecided().filter(
        plan__status=Plan.Status.ACTIVE, due_on__lte=today, due_on__gt=today - _HELPS_FOR
    )
    return open_now.annotate(occasion=occasion_of("checkpoint:")).filter(_untold(kind)).select_related("plan")


def _next_due(clinic: Clinic, rule: Timing, now: datetime) -> Iterator[Message]:
    """The first session of a plan that nobody has booked; not again within a week."""
    today = now.astimezone(clinic.zone).date()
    booked = Appointment.objects.filter(session=OuterRef("pk")).exclude(status__in=[Status.CANCELLED, Status.MISSED])
    told = Message.objects.filter(plan=OuterRef("plan"), kind=Kind.NEXT_DUE, due_at__gt=now - timedelta(days=7))
    due = PlannedSession.objects.of_active_plans().filter(
        ~Exists(booked), ~Exists(told), is_optional=False,
        due_from__lte=today + timedelta(days=rule.days), due_until__gte=today,
    )  # fmt: skip
    seen: set[object] = set()
    for it in due.annotate(occasion=occasion_of("session:")).filter(_untold(Kind.NEXT_DUE)).select_related("plan"):
        if it.plan_id not in seen:
            seen.add(it.plan_id)
            day = max(it.due_from - timedelta(days=rule.days), today)
            yield from _of_plan(it.plan, Kind.NEXT_DUE, f"session:{it.pk}", day, clinic, rule, now)


def _recalls(clinic: Clinic, rule: Timing, now: datetime) -> Iterator[Message]:
    """Months after a plan, to whoever neither came since nor is going to."""
    since = now - timedelta(days=rule.days)
    later = Appointment.objects.standing().filter(patient=OuterRef("patient"), starts_at__gt=OuterRef("ended_at"))
    newer = Plan.objects.filter(patient=OuterRef("patient"), started_at__gt=OuterRef("started_at"))
    ended = Plan.objects.filter(ended_at__lte=since, ended_at__gt=since - _RECALLED_FOR)
    ended = ended.filter(status__in=[Plan.Status.COMPLETED, Plan.Status.STOPPED])
    plans = ended.filter(~Exists(later), ~Exists(newer)).annotate(occasion=occasion_of("recall:"))
    for plan in plans.filter(_untold(Kind.RECALL)):
        today = now.astimezone(clinic.zone).date()
        yield from _of_plan(plan, Kind.RECALL, f"recall:{plan.pk}", today, clinic, rule, now)


def _changes(clinic: Clinic, rule: Timing, now: datetime) -> Iterator[Message]:
    """A plan that was changed and has not been looked at since."""
    waits = BookingPolicy.current().undo_window
    new = PlanVersion.objects.filter(number__gt=1, seen_at=None, at__gt=now - _HELPS_FOR, at__lte=now - waits)
    mine = new.filter(plan__status=Plan.Status.ACTIVE).annotate(occasion=occasion_of("version:"))
    for it in mine.filter(_untold(Kind.PLAN_CHANGED)).select_related("plan"):
        yield _about_plan(it.plan, Kind.PLAN_CHANGED, f"version:{it.pk}", it.at + waits, it.at + _HELPS_FOR)


def _answers(clinic: Clinic, rule: Timing, now: datetime) -> Iterator[Message]:
    """Somebody at the clinic has written to a patient with a sign-in: told once, however much there is to read."""
    new = Post.objects.filter(is_ours=True, read_at=None, at__gt=now - _HELPS_FOR, at__lte=now)
    before = Post.objects.filter(is_ours=True, read_at=None, thread=OuterRef("thread"), at__lt=OuterRef("at"))
    mine = new.filter(~Exists(before), thread__patient__user__isnull=False).annotate(occasion=occasion_of("post:"))
    for it in mine.filter(_untold(Kind.ANSWER)).select_related("thread"):
        yield Message(
            occasion=f"post:{it.pk}",
            kind=Kind.ANSWER,
            patient_id=it.thread.patient_id,
            due_at=it.at,
            not_before=it.at,
            not_after=it.at + _HELPS_FOR,
        )


def _told(kind: Kind, visits: QuerySet[Appointment]) -> set[str]:
    told = Message.objects.filter(kind=kind, appointment__in=visits)
    return set(told.values_list("occasion", flat=True))


def _of_visit(visit: Appointment, kind: Kind, which: str, due_at: datetime, ends: datetime) -> Message:
    return Message(
        occasion=occasions.visit(visit.pk, visit.starts_at, which=which),
        kind=kind,
        patient_id=visit.patient_id,
        appointment=visit,
        starts_at=visit.starts_at,
        due_at=due_at,
        not_before=due_at,
        not_after=ends,
    )


def _of_plan(
    plan: Plan, kind: Kind, occasion: str, day: date, clinic: Clinic, rule: Timing, now: datetime
) -> Iterator[Message]:
    due_at = instant(day, rule.at, clinic.zone)
    if due_at <= now < due_at + _HELPS_FOR:
        yield _about_plan(plan, kind, occasion, due_at, due_at + _HELPS_FOR)


def _about_plan(plan: Plan, kind: Kind, occasion: str, due_at: datetime, ends: datetime) -> Message:
    return Message(
        occasion=occasion,
        kind=kind,
        patient_id=plan.patient_id,
        plan=plan,
        due_at=due_at,
        not_before=due_at,
        not_after=ends,
    )
