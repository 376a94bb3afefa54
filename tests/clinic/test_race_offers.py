"""Many who wait at once: real threads, real commits. One yes wins, and nobody is left with neither."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from booking_cast import Cast, a_cast, at
from factories import NOW, a_patient
from race_cast import Deed, Race, overlaps
from waiting_cast import a_cancelled_visit, a_gap, a_wish, who_fits

from clinic.appointments.actions import booking, offers
from clinic.appointments.models import Appointment, Hold, SlotOffer, WaitlistEntry
from clinic.appointments.rules.refusals import CannotBecome, SlotTaken
from clinic.appointments.rules.status import Status
from people.rules.refusal import ChangedMeanwhile

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 20
ROUNDS = 12


@pytest.fixture
def cast() -> Cast:
    return a_cast()


def yes(offer: SlotOffer) -> Deed:
    """Somebody follows the link and says yes."""
    return partial(lambda pk: offers.accept(SlotOffer.objects.get(pk=pk), by=None, now=NOW), offer.pk)


def offered_to(cast: Cast, count: int, *, day: int = 16) -> list[SlotOffer]:
    for _ in range(count):
        a_wish(cast)
    return offers.offer_out(who_fits(a_gap(a_cancelled_visit(cast, day=day))), by=cast.rosa, now=NOW)


def with_a_later_visit(cast: Cast, *, day: int = 16) -> tuple[SlotOffer, Appointment]:
    later = cast.book(at(10, day=24))
    a_wish(cast, cast.leila, visit=later)
    (offer,) = offers.offer_out(who_fits(a_gap(a_cancelled_visit(cast, day=day))), by=cast.rosa, now=NOW)
    return offer, later


def standing_at(*, day: int) -> int:
    return Appointment.objects.standing().filter(starts_at=at(10, day=day)).count()


def test_of_twenty_who_say_yes_in_the_same_instant_one_has_the_time(cast: Cast, race: Race) -> None:
    given = offered_to(cast, CLIENTS)

    said = race.run([yes(it) for it in given])

    assert Counter(it.state for it in said) == {"taken": 1, "gone": CLIENTS - 1}
    assert (standing_at(day=16), overlaps()) == (1, 0)
    assert Counter(SlotOffer.objects.values_list("state", flat=True)) == {"taken": 1, "gone": CLIENTS - 1}
    assert WaitlistEntry.objects.waiting().count() == CLIENTS - 1


def test_twenty_taps_on_one_link_are_one_yes(cast: Cast, race: Race) -> None:
    (offer,) = offered_to(cast, 1)

    said = race.run([yes(offer)] * CLIENTS)

    assert {it.state for it in said} == {"taken"}
    assert len({it.appointment_id for it in said}) == 1
    assert (standing_at(day=16), overlaps()) == (1, 0)


def test_a_yes_and_a_desk_that_books_the_same_time(cast: Cast, race: Race) -> None:
    won = Counter[str]()
    for n in range(ROUNDS):
        day = 15 + n % 4  # Tuesday to Friday; each round in a week of its own
        Appointment.objects.filter(status=Status.CANCELLED).update(request_key=None)
        (offer,) = offered_to(cast, 1, day=day)

        said, booked = race.run([yes(offer), partial(cast.book, offer.starts_at, patient=a_patient())])

        if isinstance(booked, SlotTaken):
            assert said.state == "taken"
            won["yes"] += 1
        else:
            assert (said.state, booked.status) == ("gone", Status.BOOKED)
            won["desk"] += 1
        assert (standing_at(day=day), overlaps()) == (1, 0)
        booking.cancel(Appointment.objects.standing().get(), reason="", by=cast.rosa, now=NOW)
        WaitlistEntry.objects.waiting().update(closed_at=NOW, closed_because="withdrawn")
    assert sum(won.values()) == ROUNDS


def test_a_yes_while_the_desk_cancels_the_visit_that_would_be_given_up(cast: Cast, race: Race) -> None:
    for _ in range(ROUNDS):
        offer, later = with_a_later_visit(cast)

        said, cancelled = race.run([yes(offer), partial(booking.cancel, later, reason="", by=cast.rosa, now=NOW)])

        later.refresh_from_db()
        mine = list(Appointment.objects.standing().filter(patient=cast.leila))
        if isinstance(cancelled, ChangedMeanwhile):  # the yes was first: the later visit has moved, once
            assert (mine, later.starts_at, later.revision) == ([later], at(10, day=16), 1)
        elif isinstance(said, ChangedMeanwhile):  # called off in between: the yes is asked for again
            assert (mine, SlotOffer.objects.get(pk=offer.pk).state) == ([], "open")
        else:  # called off first: the time is a visit of its own
            assert (said.state, later.status) == ("taken", Status.CANCELLED)
            assert [it.starts_at for it in mine] == [at(10, day=16)]
        assert overlaps() == 0
        for visit in mine:
            booking.cancel(visit, reason="", by=cast.rosa, now=NOW)
        WaitlistEntry.objects.waiting().update(closed_at=NOW, closed_because="withdrawn")


def test_a_yes_in_the_instant_the_offer_lapses(cast: Cast, race: Race) -> None:
    for _ in range(ROUNDS):
        (offer,) = offered_to(cast, 1)
        over = offer.lapses_at

        said, _lapsed = race.run(
            [partial(offers.accept, offer, by=None, now=over - timedelta(seconds=1)), partial(offers.lapse, now=over)]
        )

        state = SlotOffer.objects.get(pk=offer.pk).state
        assert (said.state, standing_at(day=16)) in [("taken", 1), ("lapsed", 0)]
        assert state == said.state
        assert overlaps() == 0
        for visit in Appointment.objects.standing():
            booking.cancel(visit, reason="", by=cast.rosa, now=NOW)
        WaitlistEntry.objects.waiting().update(closed_at=NOW, closed_because="withdrawn")


def test_two_rounds_for_the_same_time_still_give_it_once(cast: Cast, race: Race) -> None:
    first = offered_to(cast, CLIENTS // 2)
    for _ in range(CLIENTS // 2):
        a_wish(cast)
    freed = Appointment.objects.filter(status=Status.CANCELLED)[0]
    second = offers.offer_out(who_fits(a_gap(freed)), by=cast.rosa, now=NOW)
    assert len(second) == CLIENTS // 2

    said = race.run([yes(it) for it in [*first, *second]])

    assert Counter(it.state for it in said) == {"taken": 1, "gone": CLIENTS - 1}
    assert (standing_at(day=16), overlaps()) == (1, 0)


def test_a_later_visit_is_given_up_exactly_once_among_twenty(cast: Cast, race: Race) -> None:
    offer, later = with_a_later_visit(cast)
    for _ in range(CLIENTS - 1):
        a_wish(cast)
    freed = Appointment.objects.filter(status=Status.CANCELLED)[0]
    others = offers.offer_out(who_fits(a_gap(freed)), by=cast.rosa, now=NOW)

    said = race.run([yes(it) for it in [offer, *others]])

    later.refresh_from_db()
    assert Counter(it.state for it in said) == {"taken": 1, "gone": CLIENTS - 1}
    assert later.revision == (1 if said[0].state == "taken" else 0)
    assert Hold.objects.filter(appointment=later).count() == 3
    assert (standing_at(day=16), overlaps()) == (1, 0)
    assert not isinstance(said[0], CannotBecome)
