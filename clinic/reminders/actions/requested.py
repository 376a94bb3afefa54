"""Letters that somebody at the desk asked for: an offered time, a missed visit, a form, a yes that is not here yet.

Like all others they are derived: from the offer, or from the line that the desk left (ADR 0005).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from clinic.appointments.models import BookingPolicy, FollowUp, SlotOffer
from clinic.reminders.actions.plan_care import occasion_of
from clinic.reminders.models import Message
from clinic.reminders.rules import occasions, timing

Kind, Task = Message.Kind, FollowUp.Task
KINDS: Final = {Task.MISSED: Kind.MISSED, Task.FORM: Kind.FORM, Task.UNCONFIRMED: Kind.REMINDER}
MISSED_FOR = timedelta(days=2)  # later than that nobody thinks of the visit any more


def letters(now: datetime) -> list[Message]:
    """Every letter of these kinds that is owed and not written down yet. Two queries while there is none."""
    found = [*_follow_ups(now), *_offers(now)]
    if not found:
        return []
    told = set(Message.objects.filter(occasion__in=[it.occasion for it in found]).values_list("occasion", "kind"))
    new = [it for it in found if (it.occasion, it.kind) not in told]
    if new:
        _wait(new, BookingPolicy.current().undo_window)
    return new


def _wait(owed: Iterable[Message], undo_window: timedelta) -> None:
    """Nothing leaves before the slip of a hand can be taken back."""
    for message in owed:
        message.due_at = message.not_before = message.due_at + undo_window


def _asked(now: datetime) -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(how=FollowUp.How.WROTE, task__in=KINDS, at__gt=now - timing.NEWS_IS_NEW_FOR)


def unwritten(now: datetime) -> QuerySet[FollowUp]:
    """Asked for lately, and no letter about that visit since."""
    about = Message.objects.filter(appointment=OuterRef("appointment"), due_at__gte=OuterRef("at"))
    return _asked(now).exclude(Exists(about.filter(kind__in=KINDS.values(), occasion__endswith=occasions.ASKED)))


def _offered(now: datetime) -> QuerySet[SlotOffer]:
    return SlotOffer.objects.open_at(now).filter(entry__closed_at=None)


def unsaid(now: datetime) -> QuerySet[SlotOffer]:
    """Times that were offered to somebody who was not told."""
    told = Message.objects.filter(kind=Kind.OFFER, occasion=OuterRef("occasion"))
    return _offered(now).annotate(occasion=occasion_of(f"{occasions.OFFER}:")).exclude(Exists(told))


def _follow_ups(now: datetime) -> Iterator[Message]:
    seen = set()
    for it in _asked(now).select_related("appointment"):
        visit, kind = it.appointment, KINDS[Task(it.task)]
        # Asked for twice on one day it is one letter.
        occasion = occasions.visit_asked(visit.pk, visit.starts_at, on=it.at.date())
        if (occasion, kind) in seen:
            continue
        seen.add((occasion, kind))
        yield Message(
            occasion=occasion,
            kind=kind,
            patient_id=visit.patient_id,
            appointment=visit,
            starts_at=visit.starts_at,
            due_at=it.at,
            not_before=it.at,
            not_after=it.at + MISSED_FOR if kind == Kind.MISSED else visit.starts_at,
        )


def _offers(now: datetime) -> Iterator[Message]:
    for offer in _offered(now).select_related("entry"):
        yield Message(
            occasion=occasions.offer(offer.pk),
            kind=Kind.OFFER,
            patient_id=offer.entry.patient_id,
            starts_at=offer.starts_at,
            due_at=offer.offered_at,
            not_before=offer.offered_at,
            not_after=offer.lapses_at,
        )
