"""A free time offered to several: who is asked, and who has it in the end."""

from datetime import timedelta

import pytest
from booking_cast import Cast, at
from django.db.utils import IntegrityError
from factories import NOW, a_patient
from waiting_cast import a_cancelled_visit, a_gap, a_wish, deeds, offered, states, who_fits

from clinic.appointments.actions import booking, offers, undo, waitlist
from clinic.appointments.models import Appointment, BookingPolicy, Hold, SlotOffer, VisitChange, WaitlistEntry
from clinic.appointments.rules.refusals import InThePast
from clinic.appointments.rules.status import Status
from clinic.appointments.rules.waitlist_refusals import NobodyChosen, NoLongerWaiting, NotSooner

pytestmark = pytest.mark.django_db


def test_the_first_yes_has_the_time_and_the_others_are_told_that_it_has_gone(cast: Cast) -> None:
    gap = a_gap(a_cancelled_visit(cast))
    for _ in range(3):
        a_wish(cast)
    first, second, third = offered(cast, gap)

    taken = offers.accept(second, by=None, now=NOW)
    late = offers.accept(first, by=None, now=NOW)
    again = offers.accept(second, by=None, now=NOW)

    visit = Appointment.objects.get(patient=second.entry.patient)
    assert (taken.state, taken.appointment, again.appointment) == ("taken", visit, visit)
    assert (visit.starts_at, visit.status, visit.holds.count()) == (at(10, day=16), Status.CONFIRMED, 3)
    assert late.state == "gone"
    assert states(first, second, third) == ["gone", "taken", "gone"]
    assert WaitlistEntry.objects.get(pk=second.entry_id).closed_because == "booked"
    assert WaitlistEntry.objects.waiting().count() == 2
    assert deeds()[-1] == "waitlist.accepted_by_link"


def test_whoever_takes_a_sooner_time_gives_up_the_later_one(cast: Cast) -> None:
    later = cast.book(at(10, day=24))
    a_wish(cast, cast.leila, visit=later)
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast, day=17)))

    offers.accept(offer, by=cast.rosa, now=NOW)

    later.refresh_from_db()
    assert (later.starts_at, later.status) == (at(10, day=17), Status.CONFIRMED)
    assert Hold.objects.filter(appointment=later).count() == 3
    assert list(Appointment.objects.standing().filter(patient=cast.leila)) == [later]


@pytest.mark.parametrize("gives_up_a_later_visit", [True, False])
def test_who_was_given_a_time_by_mistake_waits_again_once_that_is_undone(
    cast: Cast, gives_up_a_later_visit: bool
) -> None:
    later = cast.book(at(10, day=24)) if gives_up_a_later_visit else None
    entry = a_wish(cast, cast.leila, visit=later)
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast, day=17)))
    taken = offers.accept(offer, by=cast.rosa, now=NOW)
    change = VisitChange.objects.filter(appointment=taken.appointment).latest("pk")

    for _ in range(2):
        undo.undo(change, by=cast.rosa, now=NOW + timedelta(minutes=1))

    standing = Appointment.objects.standing().filter(patient=cast.leila)
    assert [it.starts_at for it in standing] == ([at(10, day=24)] if later else [])
    assert list(WaitlistEntry.objects.waiting()) == [entry]
    assert states(offer) == ["lapsed"]
    assert deeds()[-2:] == ["waitlist.accepted", "waitlist.waits_again"]
    assert [match.entry for match in who_fits(a_gap(a_cancelled_visit(cast, day=18)))] == [entry]


def test_a_later_visit_that_was_called_off_meanwhile_is_not_missed(cast: Cast) -> None:
    later = cast.book(at(10, day=24))
    a_wish(cast, cast.leila, visit=later)
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast, day=17)))
    later.refresh_from_db()
    booking.cancel(later, reason="", by=cast.rosa, now=NOW)

    taken = offers.accept(offer, by=None, now=NOW)

    assert taken.appointment != later
    assert [it.starts_at for it in Appointment.objects.standing().filter(patient=cast.leila)] == [at(10, day=17)]


def test_a_visit_moved_to_before_the_offer_is_kept(cast: Cast) -> None:
    later = cast.book(at(10, day=24))
    a_wish(cast, cast.leila, visit=later)
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast, day=17)))
    booking.move(later, starts_at=at(9, day=15), resources=cast.pieces, revision=0, by=cast.rosa, now=NOW)

    with pytest.raises(NotSooner):
        offers.accept(offer, by=None, now=NOW)

    assert states(offer) == ["open"]


def test_who_was_booked_elsewhere_meanwhile_gives_that_visit_up_and_has_one_in_the_end(cast: Cast) -> None:
    a_wish(cast, cast.leila, now=NOW - timedelta(days=1))
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast, day=17)))
    since = cast.book(at(10, day=24))

    offers.accept(offer, by=None, now=NOW)

    assert list(Appointment.objects.standing().filter(patient=cast.leila)) == [since]
    assert Appointment.objects.get(pk=since.pk).starts_at == at(10, day=17)


def test_a_time_the_desk_has_booked_meanwhile_is_gone(cast: Cast) -> None:
    a_wish(cast), a_wish(cast)
    one, two = offered(cast, a_gap(a_cancelled_visit(cast)))
    cast.book(at(10, day=16), patient=a_patient())

    assert offers.accept(one, by=None, now=NOW).state == "gone"

    assert states(one, two) == ["gone", "gone"]
    assert WaitlistEntry.objects.waiting().count() == 2


def test_a_day_that_has_filled_up_meanwhile_is_a_time_that_has_gone(cast: Cast) -> None:
    BookingPolicy.objects.create(daily_limit=1)
    a_wish(cast)
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast)))
    cast.book(at(14, day=16), patient=a_patient())

    assert offers.accept(offer, by=None, now=NOW).state == "gone"


def test_an_offer_lapses_and_cannot_be_taken_after(cast: Cast) -> None:
    BookingPolicy.objects.create(offer_lapses_minutes=60)
    a_wish(cast)
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast)))
    hour = NOW + timedelta(minutes=60)

    assert offer.lapses_at == hour
    assert offers.accept(offer, by=None, now=hour).state == "open"  # late, and nobody has swept yet
    assert offers.lapse(now=hour - timedelta(seconds=1)) == 0
    assert offers.lapse(now=hour) == 1
    assert offers.lapse(now=hour) == 0
    assert offers.accept(offer, by=None, now=hour).state == "lapsed"
    assert Appointment.objects.standing().count() == 0


def test_an_offer_never_outlives_the_time_it_is_about(cast: Cast) -> None:
    a_wish(cast)
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast, day=14, hour=9)), now=at(8, 30))

    assert offer.lapses_at == at(9)


def test_somebody_who_said_no_may_think_again_while_nobody_else_said_yes(cast: Cast) -> None:
    a_wish(cast), a_wish(cast)
    one, two = offered(cast, a_gap(a_cancelled_visit(cast)))
    offers.decline(one, by=None, now=NOW)
    offers.decline(one, by=None, now=NOW)

    assert states(one, two) == ["declined", "open"]
    assert offers.accept(one, by=None, now=NOW).state == "taken"
    assert states(two) == ["gone"]
    assert deeds().count("waitlist.declined_by_link") == 1


def test_a_wish_that_ended_takes_its_offers_with_it(cast: Cast) -> None:
    entry = a_wish(cast)
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast)))
    waitlist.withdraw(entry, by=cast.rosa, now=NOW)

    with pytest.raises(NoLongerWaiting):
        offers.accept(offer, by=None, now=NOW)

    assert offers.lapse(now=NOW) == 1


def test_the_desk_takes_an_offer_back(cast: Cast) -> None:
    a_wish(cast), a_wish(cast)
    one, two = offered(cast, a_gap(a_cancelled_visit(cast)))

    assert offers.take_back(two, by=cast.rosa, now=NOW) == 2
    assert offers.take_back(two, by=cast.rosa, now=NOW) == 0
    assert states(one, two) == ["lapsed", "lapsed"]


def test_an_offer_to_nobody_or_of_the_past_is_refused(cast: Cast) -> None:
    a_wish(cast)
    found = who_fits(a_gap(a_cancelled_visit(cast)))

    with pytest.raises(NobodyChosen):
        offers.offer_out([], by=cast.rosa, now=NOW)
    with pytest.raises(InThePast):
        offers.offer_out(found, by=cast.rosa, now=at(10, day=16))


def test_one_yes_wins_even_if_the_program_forgot(cast: Cast) -> None:
    a_wish(cast), a_wish(cast)
    one, two = offered(cast, a_gap(a_cancelled_visit(cast)))
    offers.accept(one, by=None, now=NOW)
    visit = Appointment.objects.standing().get()

    with pytest.raises(IntegrityError, match="one_yes_wins"):
        SlotOffer.objects.filter(pk=two.pk).update(state="taken", appointment=visit)
