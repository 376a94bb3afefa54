"""Derive, don't notify: look at what is so, and owe the messages that follow from it (ADR 0005)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

from clinic.appointments.models import Appointment
from clinic.appointments.models.appointment import AppointmentQuerySet
from clinic.appointments.rules.status import Status
from clinic.reminders.actions import plan_care, plan_days, reach, requested, second_ways, timetable, visit_reminders
from clinic.reminders.models import LastLook, Message
from clinic.reminders.rules import occasions, timing
from patients.models import RedFlag
from patients.models.red_flag import RedFlagQuerySet
from people.actions import audit
from people.models import Clinic, User
from people.rules.permissions import Permission

CALLS_FOR_A_CLINICIAN: Final = ("emergency_now", "same_day")  # codes of urgencies.toml
_PLANNER = 0x52454D494E44  # of the advisory lock; any number that nobody else uses

Kind = Message.Kind
State = Message.State
# What has left, or may have.
_GONE_OUT: Final = (State.HANDING, State.SENT, State.UNKNOWN)


@transaction.atomic
def plan(*, now: datetime, is_thorough: bool = True) -> int:
    """Write down every message that is owed, and say how many were new.

    Nobody has to tell us, and looking twice changes nothing: the database knows what was planned by what it
    is about. Whether a message may go is not asked here but at the last moment (`outbox.fence`), so that an
    address added tomorrow still gets the reminder planned today. Unless it is thorough, it remembers that it has
    seen the visits that were booked long ago.
    """
    clinic = Clinic.objects.first()
    if clinic is None or not _is_my_turn():
        return 0
    times, ways = timetable.current(), reach.given()
    owed = [*_what_was_done(now), *plan_care.owed(clinic, times, now=now), *plan_days.owed(clinic, times, now=now)]
    count = _owe(timetable.wanted(owed), ways)
    count += visit_reminders.plan(times, ways, now=now, is_thorough=is_thorough) + second_ways.plan(ways, now=now)
    last = LastLook(planned_at=now)
    LastLook.objects.bulk_create([last], update_conflicts=True, unique_fields=["id"], update_fields=["planned_at"])
    return _said_how_many(count, clinic)


@transaction.atomic
def plan_news(*, now: datetime) -> int:
    """The part of `plan` that answers what somebody did a moment ago: it does not wait for the next minute."""
    clinic = Clinic.objects.first()
    if clinic is None or not _is_my_turn():
        return 0
    return _said_how_many(_owe(timetable.wanted(_what_was_done(now)), reach.given()), clinic)


def _what_was_done(now: datetime) -> list[Message]:
    return [*_news(now), *_cancellations(now), *requested.letters(now), *_alerts(now)]


def _owe(owed: Iterable[Message], ways: dict[str, Any]) -> int:
    new = reach.on_their_way(owed, ways)
    Message.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)
    return len(new)


def _said_how_many(count: int, clinic: Clinic) -> int:
    if count:
        audit.record(None, "messages.planned", clinic, count=count)
    return count


def _is_my_turn() -> bool:
    # Not for safety (the unique constraint sees to that) but so that ten workers do not do the same reading.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_PLANNER])
        return bool(cursor.fetchone()[0])


def _may_be_told(now: datetime) -> Q:
    """Nobody can undo what was done last to the visit. Until then the patient hears nothing of it."""
    return Q(news_at=None) | Q(news_at__lte=now)


def _last_heard() -> Subquery:
    """When the patient, as far as we told them, is to come."""
    told = Message.objects.news().filter(appointment=OuterRef("pk"))
    return Subquery(
        told.exclude(state__in=[State.SUPPRESSED, State.EXPIRED]).order_by("-due_at").values("starts_at")[:1]
    )


def _heard(visit: Appointment) -> datetime | None:
    heard: datetime | None = vars(visit)["last_heard"]  # annotated, which the type does not know
    return heard


def untold(now: datetime) -> AppointmentQuerySet:
    """Visits that were booked or moved lately, of which nobody was told."""
    told = Message.objects.news().filter(appointment=OuterRef("pk"), due_at=OuterRef("since"))
    return (
        Appointment.objects.expected()
        .filter(_may_be_told(now), timed_at__gt=now - timing.NEWS_IS_NEW_FOR, starts_at__gt=now)
        .annotate(since=Coalesce("news_at", "timed_at"), last_heard=_last_heard())
        .exclude(Exists(told))
        # Another room at the same time is no news to her.
        .filter(Q(last_heard=None) | ~Q(last_heard=F("starts_at")))
    )


def _news(now: datetime) -> Iterator[Message]:
    for visit in untold(now):
        # Moving it there and back is two pieces of news, booking it is one.
        was_moved = visit.timed_at > visit.booked_at
        occasion = (
            occasions.visit_timed(visit.pk, visit.starts_at, timed_at=visit.timed_at)
            if was_moved
            else occasions.visit(visit.pk, visit.starts_at)
        )
        # Booked and moved in one breath: to her it is new.
        is_new = _heard(visit) is None and visit.booked_at > now - timing.NEWS_IS_NEW_FOR
        kind = Kind.MOVED if was_moved and not is_new else Kind.BOOKED
        yield visit_reminders.about(visit, kind, occasion, timing.Due(visit.news_at or visit.timed_at, visit.starts_at))


def called_off(now: datetime) -> AppointmentQuerySet:
    """Visits whose patients were told of them, and not yet that they are called off.

    Who never got the first letter needs no second one. An old visit may have been told of before there was an outbox.
    """
    of_visit = Message.objects.filter(appointment=OuterRef("pk"))
    told = of_visit.filter(kind__in=[Kind.BOOKED, Kind.MOVED, Kind.REMINDER], state__in=_GONE_OUT)
    said = of_visit.filter(kind=Kind.CANCELLED, due_at=OuterRef("since"))
    return (
        Appointment.objects.filter(
            _may_be_told(now),
            Exists(told) | Q(booked_at__lte=F("cancelled_at") - timing.NEWS_IS_NEW_FOR),
            status=Status.CANCELLED,
            cancelled_at__gt=now - timing.NEWS_IS_NEW_FOR,
            starts_at__gt=now,
        )
        .annotate(since=Coalesce("news_at", "cancelled_at"), last_heard=_last_heard())
        .exclude(Exists(said))
    )


def _cancellations(now: datetime) -> Iterator[Message]:
    for visit in called_off(now):
        # Moved and called off in one breath: she knows of the old time only.
        visit.starts_at = _heard(visit) or visit.starts_at
        since = visit.news_at or visit.cancelled_at or now  # never now: a_cancelled_visit_says_when
        occasion = occasions.visit_timed(visit.pk, visit.starts_at, timed_at=since)
        yield visit_reminders.about(visit, Kind.CANCELLED, occasion, timing.Due(since, visit.starts_at))


def _alarming(now: datetime) -> RedFlagQuerySet:
    return RedFlag.objects.open().filter(urgency__in=CALLS_FOR_A_CLINICIAN, raised_at__gt=now - timing.ALERT_FOR)


def unheard(now: datetime) -> RedFlagQuerySet:
    """Answers that call for a clinician today, of which nobody at all was told."""
    by_id, by_form = (Concat(Value(f"{it}:"), Cast(of, CharField())) for it, of in occasions.OF_A_FLAG.items())
    occasion = Case(When(intake=None, then=by_id), default=by_form, output_field=CharField())
    told = Message.objects.filter(kind=Kind.ALERT, occasion=OuterRef("occasion"))
    return _alarming(now).annotate(occasion=occasion).exclude(Exists(told))


def _alerts(now: datetime) -> Iterator[Message]:
    """Answers that call for a clinician today: to everybody who may read them, for one of them is on duty."""
    raised = {
        occasions.alert(intake_id=it.intake_id, flag_id=it.pk): it.raised_at
        for it in _alarming(now).order_by("-raised_at")
    }
    if not raised:
        return
    told = set(Message.objects.filter(kind=Kind.ALERT, occasion__in=raised).values_list("occasion", "staff_id"))
    readers = [user for user in User.objects.staff().active().order_by(F("pk")) if user.may(Permission.RECORD_VIEW)]
    for occasion, raised_at in raised.items():
        for reader in readers:
            if (occasion, reader.pk) not in told:
                yield Message(
                    occasion=occasion,
                    kind=Kind.ALERT,
                    staff=reader,
                    due_at=raised_at,
                    not_before=raised_at,
                    not_after=raised_at + timing.ALERT_FOR,
                )
