"""What somebody at the desk has to see to. Worked out from what is so and never stored: it closes by itself.

What the desk did about it (`follow_ups`) is stored, and keeps a task away for a while or for good.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.appointments.actions.follow_ups import may_be_written_to
from clinic.appointments.models import Appointment, FollowUp, SlotOffer
from clinic.appointments.models.appointment import AppointmentQuerySet
from clinic.appointments.models.waitlist import SlotOfferQuerySet
from clinic.appointments.rules.local_time import day_bounds
from clinic.appointments.rules.status import MAY_BE_MOVED, Status
from patients.models import Intake, Patient, RedFlag
from people.models import Clinic, User
from programs.models import PlannedSession

MISSED_FOR, DONE_FOR, FORM_BEFORE = timedelta(days=7), timedelta(days=14), timedelta(days=3)
# Who was reminded and has not answered for this long is reminded of again.
ANSWERS_WITHIN = timedelta(hours=12)
MOST = 50  # of a kind; the most pressing are shown
SOON = timedelta(hours=1)
HERE_FOR = timedelta(hours=12)  # nobody is here longer; a visit that was never closed is no task

Task, How = FollowUp.Task, FollowUp.How


class Kind(TextChoices):
    MISSED = Task.MISSED.value, _("Did not come")
    CHECK = "check", _("Clinician check needed")
    OFFER = "offer", _("Offered, not answered")
    UNCONFIRMED = Task.UNCONFIRMED.value, _("Not confirmed")
    FORM = Task.FORM.value, _("Form not filled in")
    NO_NEXT = Task.NO_NEXT.value, _("No next visit")


class Group(TextChoices):
    NOW = "now", _("Now")
    TODAY = "today", _("Today")
    TOMORROW = "tomorrow", _("Tomorrow")
    LATER = "later", _("Later")


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to see to, by when, and about which visit or offer."""

    kind: Kind
    patient: Patient
    due_at: datetime
    group: Group
    visit: Appointment | None = None
    offer: SlotOffer | None = None

    @property
    def may_be_written_to(self) -> bool:
        """Whether a letter would reach them."""
        return self.visit is not None and may_be_written_to(self.visit, self.kind)


def tasks(user: User, clinic: Clinic, *, now: datetime) -> list[ToDo]:
    """Everything this user may see that has to be seen to, most pressing first. Four queries, however much it is."""
    clock = _Clock(clinic, now)
    coming = _coming(user, clock).select_related("patient", "clinician", "site", "session")[: 3 * MOST]
    found = _once_each(task for visit in coming for task in _of_coming(visit, clock))
    for kind, rows in ((Kind.MISSED, _missed(user, now)), (Kind.NO_NEXT, _without_next(user, clock))):
        visits = rows.select_related("patient", "clinician", "site", "session")[:MOST]
        found += [ToDo(kind, it.patient, it.ends_at, clock.group(it.ends_at), visit=it) for it in visits]
    for offer in _offers(user, now).select_related("entry__patient", "entry__site")[:MOST]:
        group = clock.group(offer.lapses_at)
        found.append(ToDo(Kind.OFFER, offer.entry.patient, offer.lapses_at, group, offer=offer))
    order = list(Kind)
    return sorted(found, key=lambda it: (list(Group).index(it.group), order.index(it.kind), it.due_at))


def count(user: User, clinic: Clinic, *, now: datetime) -> int:
    """How many there are, for the mark in the rail."""
    return len(tasks(user, clinic, now=now))


def unconfirmed(user: User, clinic: Clinic, *, now: datetime) -> list[Appointment]:
    """The visits until tomorrow night to which nobody has said yes, and of which nobody was reminded lately."""
    found = tasks(user, clinic, now=now)
    return [task.visit for task in found if task.kind == Kind.UNCONFIRMED and task.visit]


class _Clock:
    """Now, and where today and tomorrow end on the clinic's calendar."""

    def __init__(self, clinic: Clinic, now: datetime) -> None:
        self.now = now
        self.day = timezone.localtime(now, clinic.zone).date()
        self.today_ends = day_bounds(self.day, clinic.zone)[1]
        self.tomorrow_ends = day_bounds(self.day + timedelta(days=1), clinic.zone)[1]

    def group(self, due_at: datetime) -> Group:
        if due_at <= self.now + SOON:
            return Group.NOW
        if due_at < self.today_ends:
            return Group.TODAY
        return Group.TOMORROW if due_at < self.tomorrow_ends else Group.LATER


def _coming(user: User, clock: _Clock) -> AppointmentQuerySet:
    """The next visits of which something is missing: a yes, a form, or a clinician's look. Also of who is here."""
    sent = Intake.objects.submitted().filter(patient=OuterRef("patient"))
    before = Appointment.objects.filter(patient=OuterRef("patient"), status=Status.DONE)
    flags = RedFlag.objects.open().filter(patient=OuterRef("patient"))
    to_come = Q(status__in=MAY_BE_MOVED, arrived_at=None, starts_at__gte=clock.now)
    # Somebody sits there, or lies in a room, until a clinician has looked.
    is_here = Q(status__in=MAY_BE_MOVED, arrived_at__isnull=False) | Q(status__in=[Status.ARRIVED, Status.IN_ROOM])
    visits = Appointment.objects.visible_to(user).filter(to_come | is_here)
    return (
        visits.starting_between(clock.now - HERE_FOR, clock.now + FORM_BEFORE)
        .filter(_TREATED)
        .annotate(
            needs_clinician_check=Exists(flags),
            owes_form=to_come & ~Exists(sent) & ~Exists(before) & ~_dealt_with(Task.FORM, clock.now),
            owes_yes=to_come
            & Q(status=Status.BOOKED, starts_at__lt=clock.tomorrow_ends)
            & ~_dealt_with(Task.UNCONFIRMED, clock.now),
        )
        .filter(Q(needs_clinician_check=True) | Q(owes_form=True) | Q(owes_yes=True))
        .order_by("starts_at")
    )


def _of_coming(visit: Appointment, clock: _Clock) -> Iterator[ToDo]:
    owed = {Kind.CHECK: "needs_clinician_check", Kind.FORM: "owes_form", Kind.UNCONFIRMED: "owes_yes"}
    for kind, name in owed.items():
        if getattr(visit, name):  # annotated by `_coming`
            yield ToDo(kind, visit.patient, visit.starts_at, clock.group(visit.starts_at), visit=visit)


def _once_each(found: Iterable[ToDo]) -> list[ToDo]:
    """What is asked of a patient, not of a visit, stands there once: with the first of the visits it is needed for."""
    seen: dict[tuple[Kind, UUID, UUID | None], ToDo] = {}
    for task in found:
        visit_id = task.visit.pk if task.visit and task.kind == Kind.UNCONFIRMED else None
        seen.setdefault((task.kind, task.patient.pk, visit_id), task)
    return list(seen.values())


def _missed(user: User, now: datetime) -> AppointmentQuerySet:
    """Those who did not come and have no other visit yet."""
    missed = Appointment.objects.visible_to(user).filter(status=Status.MISSED, starts_at__gt=now - MISSED_FOR)
    return missed.filter(_TREATED, ~_comes_again(), ~_dealt_with(Task.MISSED, now)).order_by("-starts_at")


def _without_next(user: User, clock: _Clock) -> AppointmentQuerySet:
    """The last visits of those whose plan asks for another one soon, and who have none booked."""
    booked = Appointment.objects.filter(session=OuterRef("pk")).exclude(status__in=[Status.CANCELLED, Status.MISSED])
    due = PlannedSession.objects.of_active_plans().filter(
        ~Exists(booked), plan__patient=OuterRef("patient"), is_optional=False, due_from__lte=clock.day + DONE_FOR
    )
    done = Appointment.objects.visible_to(user).filter(
        _TREATED, ~_comes_again(), Exists(due), status=Status.DONE, ends_at__gt=clock.now - DONE_FOR
    )
    # The last visit of each, and only then whether it was seen to: an older one must not take its place.
    last = done.order_by("patient", "-starts_at").distinct("patient").values("pk")
    return Appointment.objects.filter(~_dealt_with(Task.NO_NEXT, clock.now), pk__in=last).order_by("starts_at")


def _offers(user: User, now: datetime) -> SlotOfferQuerySet:
    seen = SlotOffer.objects.filter(entry__patient__in=Patient.objects.visible_to(user), entry__closed_at=None)
    return seen.open_at(now).order_by("lapses_at")


_TREATED = Q(patient__archived_at=None, patient__died_on=None)


def _comes_again() -> Exists:
    later = Appointment.objects.standing().filter(patient=OuterRef("patient"), starts_at__gt=OuterRef("starts_at"))
    return Exists(later)


def _dealt_with(task: str, now: datetime) -> Exists:
    """Somebody has seen to it, since the visit got the time it has."""
    is_done = Q(how=How.SETTLED) | Q(how=How.SNOOZED, until__gt=now)
    if task in {Task.UNCONFIRMED, Task.FORM}:
        is_done |= Q(how__in=[How.CALLED, How.WROTE], at__gt=now - ANSWERS_WITHIN)
    else:
        is_done |= Q(how__in=[How.CALLED, How.WROTE])
    since = FollowUp.objects.filter(appointment=OuterRef("pk"), task=task, at__gte=OuterRef("timed_at"))
    return Exists(since.filter(is_done))
