"""Whether a message may still be said: asked in the database, in the statement that lets it go."""

from datetime import datetime
from typing import Final

from django.db.models import BooleanField, Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from clinic.reminders.actions import contact, offer_truth
from clinic.reminders.actions.plan_care import occasion_of
from clinic.reminders.models import Message
from clinic.reminders.rules import occasions
from clinic.reminders.rules.schedule import EVE
from patients.models import Intake, Post, RedFlag
from people.models import Clinic
from people.rules.permissions import Permission, Role, rights_of
from programs.models import Checkpoint, ExerciseDone, Plan, PlanExercise, PlannedSession, PlanVersion

Kind = Message.Kind
Conditions = dict[str, Q | Exists]

# By the reason that is given when the condition does not hold. The first that fails is the one we tell.
_SAME_TIME: Final[Conditions] = {"moved": Q(appointment__starts_at=F("starts_at"))}
_STANDS: Final[Conditions] = {
    "cancelled": Q(appointment__cancelled_at__isnull=True),
    **_SAME_TIME,
    "over": Q(appointment__status__in=[Status.BOOKED, Status.CONFIRMED]),
}
# Moved away and back while the first mail waited: only the last is news. One of another time will not be sent.
_NEWER = Message.objects.news().filter(
    appointment=OuterRef("appointment"), starts_at=OuterRef("starts_at"), due_at__gt=OuterRef("due_at")
)
_NEWS: Final[Conditions] = {**_STANDS, "said_anew": Q(~Exists(_NEWER))}
# Of the time that the patient knew, which need not be the last one it had.
_CANCELLED: Final[Conditions] = {"stands_again": Q(appointment__cancelled_at__isnull=False)}
_UNCONFIRMED: Final[Conditions] = {"confirmed": Q(appointment__status=Status.BOOKED)}

_ANOTHER = Appointment.objects.standing().filter(patient=OuterRef("patient"), starts_at__gt=OuterRef("starts_at"))
_MISSED: Final[Conditions] = {
    "not_missed": Q(appointment__status=Status.MISSED),
    **_SAME_TIME,
    "booked_anew": Q(~Exists(_ANOTHER)),
}
_SENT = Intake.objects.submitted().filter(patient=OuterRef("patient"))
_FORM: Final[Conditions] = {"form_sent": Q(~Exists(_SENT))}

_FOLLOWED: Final[Conditions] = {
    "paused": ~Q(plan__status=Plan.Status.PAUSED),
    "plan_ended": Q(plan__status=Plan.Status.ACTIVE),
}
_UNDECIDED = Checkpoint.objects.undecided().annotate(occasion=occasion_of("checkpoint:"))
_DECIDES: Final[Conditions] = {
    "decided": Exists(_UNDECIDED.filter(plan=OuterRef("plan"), occasion=OuterRef("occasion")))
}
_COMING = Appointment.objects.expected().filter(patient=OuterRef("patient"), starts_at__gte=OuterRef("due_at"))
_UNBOOKED: Final[Conditions] = {"booked": Q(~Exists(_COMING))}
_SESSION = (
    PlannedSession.objects.standing()
    .annotate(occasion=occasion_of("session:"))
    .exclude(appointments__status__in=[it for it in Status if it not in (Status.CANCELLED, Status.MISSED)])
)
_NEXT: Final[Conditions] = {"booked": Exists(_SESSION.filter(plan=OuterRef("plan"), occasion=OuterRef("occasion")))}
_UNSEEN = PlanVersion.objects.filter(seen_at=None).annotate(occasion=occasion_of("version:"))
_CHANGED: Final[Conditions] = {"read": Exists(_UNSEEN.filter(plan=OuterRef("plan"), occasion=OuterRef("occasion")))}
_UNREAD = Post.objects.filter(is_ours=True, read_at=None).annotate(occasion=occasion_of("post:"))
_ANSWER: Final[Conditions] = {
    "read": Exists(_UNREAD.filter(thread__patient=OuterRef("patient"), occasion=OuterRef("occasion")))
}
_NEWER_PLAN = Plan.objects.unfinished().filter(patient=OuterRef("patient"))
_RECALL: Final[Conditions] = {**_UNBOOKED, "plan_started": Q(~Exists(_NEWER_PLAN))}
_GIVEN: Final[Conditions] = {
    **_SAME_TIME,
    "not_given": Q(appointment__status__in=[Status.ARRIVED, Status.IN_ROOM, Status.DONE]),
}

_BY_KIND: Final = {
    Kind.CANCELLED: _CANCELLED,
    Kind.MISSED: _MISSED,
    Kind.FORM: _STANDS | _FORM,
    Kind.PREPARATION: _STANDS,
    Kind.AFTERCARE: _GIVEN,
    Kind.MEASURES_DUE: _FOLLOWED | _DECIDES,
    Kind.REASSESSMENT: _FOLLOWED | _DECIDES | _UNBOOKED,
    Kind.NEXT_DUE: _FOLLOWED | _NEXT,
    Kind.PLAN_CHANGED: _FOLLOWED | _CHANGED,
    Kind.ANSWER: _ANSWER,
    Kind.RECALL: _RECALL,
    Kind.POSTURE: {**_FOLLOWED, "reminder_off": Q(plan__break_times__len__gt=0)},
}

_READERS = [role for role in Role if Permission.RECORD_VIEW in rights_of(role)]
_READERS_IF_TREATING = [role for role in Role if Permission.RECORD_VIEW in rights_of(role, profession="any")]


def of(message: Message) -> Conditions:
    """What must hold for this message to be said, by the reason to give when it does not."""
    if message.kind == Kind.ALERT:
        return _alert(message)
    if message.kind == Kind.EXERCISE:
        return contact.of(message.kind, message.channel) | _exercise(message)
    if message.kind == Kind.OFFER:
        return contact.of(message.kind, message.channel) | offer_truth.conditions(message)
    if message.kind == Kind.REMINDER:
        is_asking = message.occasion.endswith((EVE, occasions.ASKED))
        return contact.of(message.kind, message.channel) | _STANDS | (_UNCONFIRMED if is_asking else {})
    return contact.of(message.kind, message.channel) | _BY_KIND.get(Kind(message.kind), _NEWS)


def holds(message: Message) -> Exists:
    """As one condition for an UPDATE of `message`: everything is still true."""
    return Exists(Message.objects.filter(*of(message).values(), pk=OuterRef("pk")))


def why_not(message: Message) -> str:
    """The first reason not to say it, or "" if there is none."""
    conditions = of(message)
    # Told apart by what holds, not by what does not: NOT of an unknown would be unknown.
    holding = {
        f"holds_{reason}": Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())
        for reason, condition in conditions.items()
    }
    row = Message.objects.filter(pk=message.pk).annotate(**holding).values(*holding).get()
    return next((reason for reason in conditions if not row[f"holds_{reason}"]), "")


def undecided_until(message: Message, *, now: datetime) -> datetime | None:
    """When the last change of its visit can no longer be undone, if that is still to come."""
    if message.appointment_id is None:
        return None
    waiting = Appointment.objects.filter(pk=message.appointment_id, news_at__gt=now)
    return waiting.values_list("news_at", flat=True).first()


def _exercise(message: Message) -> Conditions:
    clinic = Clinic.objects.get()
    day = timezone.localtime(message.due_at, clinic.zone).date()
    done = Exists(ExerciseDone.objects.filter(exercise=OuterRef("pk"), on=day))
    undone = PlanExercise.objects.on(day).filter(plan=OuterRef("plan")).exclude(done)
    return {
        **_FOLLOWED,
        "reminder_off": Q(plan__remind_at__isnull=False),
        "all_done": Exists(undone),
    }


def _alert(message: Message) -> Conditions:
    return {
        "left": Q(staff__is_active=True)
        & (Q(staff__role__in=_READERS) | Q(staff__role__in=_READERS_IF_TREATING) & ~Q(staff__profession="")),
        "cleared": Exists(RedFlag.objects.open().filter(**occasions.flags_of(message.occasion))),
    }
