"""A freed time is offered to the best of those who wait. The first yes has it; the database decides who was first.

The time is not held back meanwhile: whoever stands at the desk may have it too.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from clinic.appointments.actions import attendance, availability, booking, freeing, matches, places, seats, waitlist
from clinic.appointments.actions.contention import tried_again
from clinic.appointments.actions.matches import Match
from clinic.appointments.actions.wanted import Wanted
from clinic.appointments.models import Appointment, BookingPolicy, GroupSession, SlotOffer, WaitlistEntry
from clinic.appointments.rules.class_refusals import ClassFull, ClassIsOver
from clinic.appointments.rules.refusals import DayIsFull, InThePast, OutsideHours, SlotTaken, TooSoon, Unfit
from clinic.appointments.rules.status import Status
from clinic.appointments.rules.waitlist_refusals import NobodyChosen, NoLongerWaiting, NotSooner, TooManyChosen
from people.actions import audit
from people.models import User
from programs.actions import offering

State = SlotOffer.State
MOST_AT_ONCE = 20  # as the booking policy allows at most
# Somebody who said no may think again, as long as nobody else has said yes.
MAY_BE_TAKEN = (State.OPEN, State.DECLINED)
# What a time that was free can have become meanwhile, whoever asks for it.
NOT_FREE = (SlotTaken, OutsideHours, Unfit, DayIsFull, TooSoon, ClassFull, ClassIsOver)


@tried_again
@transaction.atomic
def offer_out(
    chosen: Sequence[Match], *, by: User, now: datetime, missed: Appointment | None = None
) -> list[SlotOffer]:
    """Offer each of them the time that fits them; one yes wins. The rest of a `missed` visit is freed for it.

    Raises `NobodyChosen`, `TooManyChosen`, `InThePast`, and `NoLongerWaiting` if somebody's wish has ended.
    """
    if not chosen:
        raise NobodyChosen
    if len(chosen) > MOST_AT_ONCE:
        raise TooManyChosen
    if any(match.offer.starts_at <= now for match in chosen):
        raise InThePast
    entries = WaitlistEntry.objects.waiting().filter(pk__in=[match.entry.pk for match in chosen])
    if len(entries.order_by("pk").select_for_update(no_key=True)) < len(chosen):
        raise NoLongerWaiting
    if missed:
        freeing.free_the_rest(missed, by=by, now=now)
    lapses_at = now + timedelta(minutes=BookingPolicy.current().offer_lapses_minutes)
    together = uuid4()
    made = SlotOffer.objects.bulk_create(
        SlotOffer(
            entry=match.entry,
            round=together,
            offer=match.offer.code,
            starts_at=match.offer.starts_at,
            offered_by=by,
            offered_at=now,
            lapses_at=min(lapses_at, match.offer.starts_at),
        )
        for match in chosen
    )
    audit.record_all(by, "waitlist.offered", [(it.entry, {"offer": str(it.pk)}) for it in made])
    return made


@tried_again
@transaction.atomic
def accept(offer: SlotOffer, *, by: User | None, now: datetime) -> SlotOffer:
    """Yes. The first one has the time, and gives up the later visit if there was one; the others are told it has gone.

    Gives the offer as it stands then: taken, with its visit; gone, if somebody was quicker or the desk has booked
    the time; lapsed. Saying yes twice is one yes. `by` is None through the link in a message.

    Raises `NoLongerWaiting`, `NotSooner`, `ChangedMeanwhile`, and what the clinic refuses of every booking.
    """
    # In this order everywhere: the class, the offers of the round, the wish, the later visit, what the visit holds.
    group = places.kept(offer)
    together = _of_round(offer)
    mine = next(it for it in together if it.pk == offer.pk)
    if mine.state not in MAY_BE_TAKEN or mine.lapses_at <= now:
        return mine
    entry = waitlist.waiting(mine.entry)
    try:
        with transaction.atomic():
            visit = _given(mine, entry, group, by=by, now=now)
    except NOT_FREE:
        _gone(together, now=now)
        mine.state = State.GONE
        audit.record(by, "waitlist.offer_gone", entry, offer=str(mine.pk))
        return mine
    mine.state, mine.answered_at, mine.appointment = State.TAKEN, now, visit
    mine.save(update_fields=["state", "answered_at", "appointment"])
    _gone([it for it in together if it.pk != mine.pk], now=now)
    waitlist.close(entry, WaitlistEntry.End.BOOKED, now=now)
    audit.record(by, "waitlist.accepted" if by else "waitlist.accepted_by_link", entry, offer=str(mine.pk))
    return mine


def _of_round(offer: SlotOffer) -> list[SlotOffer]:
    rows = SlotOffer.objects.filter(round=offer.round).order_by("pk").select_related("entry")
    return list(rows.select_for_update(of=("self",), no_key=True))


def _given(
    offer: SlotOffer, entry: WaitlistEntry, group: GroupSession | None, *, by: User | None, now: datetime
) -> Appointment:
    """The later visit moved to the time, or a new one booked there; and they have said that they will come."""
    service = offering.current()[entry.service_code]
    if service.is_class:
        if group is None or group.starts_at <= now:  # called off, moved or begun
            raise ClassIsOver
        visit = seats.seat(group, patient=entry.patient, by=by, now=now, session=entry.session, request_key=offer.pk)
        return attendance.confirm(visit, by=by, now=now)
    choice = availability.chosen(offer.offer)
    if choice is None:  # a room or a clinician of it is no more
        raise SlotTaken
    later = _to_give_up(entry, now)
    if later:
        if later.starts_at <= offer.starts_at:
            raise NotSooner
        visit = booking.move(
            later,
            starts_at=choice.starts_at,
            resources=choice.resources,
            revision=later.revision,
            by=by,
            now=now,
        )
    else:
        wanted = Wanted(
            service=service,
            site=choice.site,
            starts_at=choice.starts_at,
            resource_ids=[piece.pk for piece in choice.resources],
            session=entry.session,
            request_key=offer.pk,
        )
        visit = booking.book_all(entry.patient, [wanted], by=by, now=now)[0]
    return attendance.confirm(visit, by=by, now=now)


def _to_give_up(entry: WaitlistEntry, now: datetime) -> Appointment | None:
    """The visit that is moved. Raises `NoLongerWaiting` when what they waited for has begun or is done."""
    visit = entry.visit
    if visit and visit.status in {Status.ARRIVED, Status.IN_ROOM, Status.DONE}:
        raise NoLongerWaiting
    return matches.later_visits([entry], now=now).get(entry.pk)


def _gone(offers: Sequence[SlotOffer], *, now: datetime) -> None:
    left = SlotOffer.objects.filter(pk__in=[it.pk for it in offers], state__in=MAY_BE_TAKEN)
    left.update(state=State.GONE, answered_at=now)


@transaction.atomic
def decline(offer: SlotOffer, *, by: User | None, now: datetime) -> SlotOffer:
    """No. They stay on the waitlist. Saying so twice, or too late, changes nothing."""
    if SlotOffer.objects.filter(pk=offer.pk, state=State.OPEN).update(state=State.DECLINED, answered_at=now):
        audit.record(by, "waitlist.declined" if by else "waitlist.declined_by_link", offer.entry, offer=str(offer.pk))
    offer.refresh_from_db()
    return offer


@transaction.atomic
def take_back(offer: SlotOffer, *, by: User, now: datetime) -> int:
    """The desk offered it by mistake: what nobody of the round has answered yet lapses now, and is not sent."""
    still_open = [it for it in _of_round(offer) if it.state == State.OPEN]
    SlotOffer.objects.filter(pk__in=[it.pk for it in still_open]).update(state=State.LAPSED, lapses_at=now)
    audit.record_all(by, "waitlist.offer_taken_back", [(it.entry, {"offer": str(it.pk)}) for it in still_open])
    return len(still_open)


@transaction.atomic
def lapse(*, now: datetime) -> int:
    """Close what nobody answered in time, or what was offered to somebody who no longer waits. The system does it."""
    over = Q(lapses_at__lte=now) | Q(entry__closed_at__isnull=False)
    rows = SlotOffer.objects.filter(over, state=State.OPEN).order_by("pk").select_related("entry")
    found = list(rows.select_for_update(of=("self",), no_key=True, skip_locked=True))
    if found:
        SlotOffer.objects.filter(pk__in=[it.pk for it in found]).update(state=State.LAPSED)
        audit.record_all(None, "waitlist.offer_lapsed", [(it.entry, {"offer": str(it.pk)}) for it in found])
    return len(found)
