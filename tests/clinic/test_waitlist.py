"""The waitlist and its offers: who waits, who is asked, and who has the time in the end."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from booking_cast import Cast, a_cast, at
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.utils import IntegrityError
from factories import MONDAY, NOW, a_clinician, a_patient, a_room, a_site
from plan_cast import a_plan, an_open_flag
from pytest_django import DjangoAssertNumQueries
from waiting_cast import a_cancelled_visit, a_gap, a_missed_visit, a_wish, offered, states, who_fits

from clinic.appointments.actions import booking, freeing, matches, offers, undo, waitlist
from clinic.appointments.models import (
    Appointment,
    BookingPolicy,
    Hold,
    SlotOffer,
    VisitChange,
    VisitPreference,
    WaitlistEntry,
)
from clinic.appointments.rules.refusals import InThePast, NotOffered, NotTreatedAnyMore, OfAnotherPlan
from clinic.appointments.rules.status import Status
from clinic.appointments.rules.waitlist_refusals import (
    AlreadyPassed,
    AlreadyWaiting,
    DaysOutOfOrder,
    HoursOutOfOrder,
    NobodyChosen,
    NoLongerWaiting,
    NothingToFree,
    NotSooner,
    NotTheirs,
)
from people.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return a_cast()


def deeds() -> list[str]:
    return list(AuditEvent.objects.filter(deed__startswith="waitlist.").order_by("pk").values_list("deed", flat=True))


# Waiting


def test_the_desk_puts_somebody_on_the_waitlist_changes_the_wish_and_takes_it_off(cast: Cast) -> None:
    entry = a_wish(cast, weekdays=[3, 1, 1], earliest=time(9), latest=time(12), note="Works nights")
    waitlist.change(entry, waitlist.CanMake(from_on=MONDAY, until_on=date(2026, 9, 18)), by=cast.rosa, on=MONDAY)
    kept = WaitlistEntry.objects.get()
    waitlist.withdraw(entry, by=cast.rosa, now=NOW)
    waitlist.withdraw(entry, by=cast.rosa, now=NOW)

    assert entry.weekdays == [1, 3]
    assert (kept.weekdays, kept.earliest, kept.until_on, kept.note) == ([], None, date(2026, 9, 18), "")
    assert WaitlistEntry.objects.get().closed_because == "withdrawn"
    assert deeds() == ["waitlist.added", "waitlist.changed", "waitlist.withdrawn"]


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"from_on": date(2026, 9, 20), "until_on": date(2026, 9, 19)}, DaysOutOfOrder),
        ({"from_on": date(2026, 9, 1), "until_on": date(2026, 9, 13)}, AlreadyPassed),
        ({"earliest": time(12), "latest": time(9)}, HoursOutOfOrder),
        ({"service_code": "no_such_thing"}, NotOffered),
    ],
)
def test_what_can_never_come_true_is_not_waited_for(cast: Cast, fields: dict[str, Any], refusal: type) -> None:
    with pytest.raises(refusal):
        a_wish(cast, **fields)


def test_nobody_waits_twice_for_the_same_kind_of_visit(cast: Cast) -> None:
    a_wish(cast, cast.leila)
    with pytest.raises(AlreadyWaiting):
        a_wish(cast, cast.leila)

    a_wish(cast, cast.leila, service_code="first_assessment")
    assert WaitlistEntry.objects.waiting().count() == 2


def test_the_database_keeps_days_in_order_and_a_reason_for_every_end(cast: Cast) -> None:
    entry = a_wish(cast)
    with pytest.raises(IntegrityError, match="a_wish_has_days_in_order"):
        WaitlistEntry.objects.filter(pk=entry.pk).update(until_on=date(2026, 9, 1))


def test_a_closed_wish_has_a_reason(cast: Cast) -> None:
    entry = a_wish(cast)
    with pytest.raises(IntegrityError, match="a_closed_wish_says_why"):
        WaitlistEntry.objects.filter(pk=entry.pk).update(closed_at=NOW)


def test_a_closed_record_waits_for_nothing(cast: Cast) -> None:
    with pytest.raises(NotTreatedAnyMore):
        a_wish(cast, a_patient(archived_at=NOW))


def test_only_the_patients_own_session_and_visit_can_be_named(cast: Cast) -> None:
    others = a_plan(by=cast.sara.user).sessions.all()[0]
    visit = cast.book(at(10, day=24))

    with pytest.raises(OfAnotherPlan):
        a_wish(cast, service_code=others.modality, session=others)
    with pytest.raises(NotTheirs):
        a_wish(cast, visit=visit)
    with pytest.raises(NotTheirs):
        a_wish(cast, cast.leila, visit=visit, service_code="first_assessment")


def test_wishes_end_with_their_last_day_or_with_the_visit_they_wanted_sooner(cast: Cast) -> None:
    short = a_wish(cast, until_on=date(2026, 9, 15))
    visit = cast.book(at(10, day=16))
    sooner = a_wish(cast, cast.leila, visit=visit)
    stays = a_wish(cast)

    assert waitlist.close_passed(on=MONDAY, now=NOW) == 0
    assert waitlist.close_passed(on=date(2026, 9, 16), now=at(10, day=16)) == 2
    assert waitlist.close_passed(on=date(2026, 9, 16), now=at(10, day=16)) == 0

    assert list(WaitlistEntry.objects.waiting()) == [stays]
    ended = WaitlistEntry.objects.filter(closed_because="passed")
    assert set(ended) == {short, sooner}


# Who fits a freed time


def test_a_freed_time_is_shown_with_whom_it_fits_best_first(cast: Cast) -> None:
    new, old = a_wish(cast), a_wish(cast, now=NOW - timedelta(days=4))
    due = a_wish(cast)
    session = a_plan(due.patient, by=cast.sara.user).sessions.all()[0]
    WaitlistEntry.objects.filter(pk=due.pk).update(session=session)
    a_wish(cast, weekdays=[0])
    knows = a_patient()
    cast.book(at(15, day=11), patient=knows, now=at(8, day=11))
    known = a_wish(cast, knows)

    found = who_fits(a_gap(a_cancelled_visit(cast)))

    assert [match.entry for match in found] == [due, old, known, new]
    assert {match.offer.starts_at for match in found} == {at(10, day=16)}
    assert [[it.value for it in match.reasons] for match in found] == [["due"], ["waiting"], ["continuity"], []]


def test_what_a_patient_prefers_decides_between_equals(cast: Cast) -> None:
    plain = a_wish(cast)
    early = a_wish(cast)
    VisitPreference.objects.create(patient=early.patient, weekdays=[2], latest=time(12))

    assert [match.entry for match in who_fits(a_gap(a_cancelled_visit(cast)))] == [early, plain]


def test_a_longer_visit_fits_only_where_there_is_room_for_all_of_it(cast: Cast) -> None:
    cast.book(at(10, 45, day=16), patient=a_patient())
    long = a_wish(cast, service_code="first_assessment")  # 45 minutes
    gap = a_gap(a_cancelled_visit(cast))

    (match,) = who_fits(gap)

    assert match.entry == long
    # It begins before the freed time: there was room next to it, and the room has to be cleaned by 10:45.
    assert match.offer.starts_at == at(9, 45, day=16)


def test_nobody_is_offered_a_time_at_which_they_have_another_visit(cast: Cast) -> None:
    other = a_clinician("João Costa", site=cast.site)
    busy = a_patient()
    cast.book(at(10, day=16), patient=busy, resources=(other, a_room("Room 2")))
    a_wish(cast, busy)

    gap = a_gap(a_cancelled_visit(cast))

    assert who_fits(gap) == []


def test_only_something_sooner_than_the_visit_they_have_fits(cast: Cast) -> None:
    later = a_patient()
    a_wish(cast, later, visit=cast.book(at(10, day=24), patient=later))
    sooner = a_patient()
    a_wish(cast, sooner, visit=cast.book(at(10, day=15), patient=sooner))

    (match,) = who_fits(a_gap(a_cancelled_visit(cast)))

    assert match.entry.patient == later
    assert match.given_up
    assert match.given_up.starts_at == at(10, day=24)


def test_who_was_asked_already_or_said_no_is_not_asked_again_for_the_same_time(cast: Cast) -> None:
    gap = a_gap(a_cancelled_visit(cast))
    a_wish(cast), a_wish(cast)
    first, _second = offered(cast, gap)
    offers.decline(first, by=None, now=NOW)

    assert who_fits(gap) == []
    assert len(who_fits(gap, now=NOW + timedelta(hours=3))) == 1  # the other one has not answered


def test_a_treatment_waits_for_a_clinician_while_a_warning_sign_is_open(cast: Cast) -> None:
    flagged = a_patient()
    an_open_flag(flagged)
    visit = a_cancelled_visit(cast)
    a_room("Gym", "room_gym")
    a_wish(cast, flagged)
    a_wish(cast, flagged, service_code="exercise_program")

    found = who_fits(a_gap(visit))

    # A review is how the sign is looked at.
    assert {match.entry.service_code: match.needs_check for match in found} == {
        "review": False,
        "exercise_program": True,
    }


def test_the_first_time_of_the_week_is_found_for_everybody(cast: Cast) -> None:
    mornings, never = a_wish(cast, earliest=time(9), latest=time(10)), a_wish(cast, weekdays=[6])
    quay = a_site("Northgate Quay")
    elsewhere = a_wish(cast, site=quay)

    found = matches.this_week([mornings, never, elsewhere], now=at(9, 31))

    assert {pk: offer.starts_at for pk, offer in found.items()} == {mornings.pk: at(9, day=15)}


@pytest.mark.parametrize("wishes", [1, 30])
def test_as_many_questions_for_one_who_waits_as_for_thirty(
    cast: Cast, wishes: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    visit = a_cancelled_visit(cast)
    for n in range(wishes):
        a_wish(cast, service_code=["review", "first_assessment"][n % 2])
    gap = a_gap(visit)

    with django_assert_num_queries(10):
        assert len(who_fits(gap)) == wishes
    with django_assert_num_queries(10):
        waiting = matches.for_pages(WaitlistEntry.objects.all(), on=MONDAY)
        assert [len(found) for found in matches.fitting_each([gap, gap], waiting, now=NOW)] == [wishes, wishes]


def test_a_clinician_whose_day_is_full_is_not_offered(cast: Cast) -> None:
    a_wish(cast)
    gap = a_gap(a_cancelled_visit(cast))
    BookingPolicy.objects.create(daily_limit=1)
    assert len(who_fits(gap)) == 1

    cast.book(at(14, day=16), patient=a_patient())

    assert who_fits(gap) == []


# Offers


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


# The rest of a missed visit


def test_the_rest_of_a_missed_visit_goes_to_somebody_who_waits(cast: Cast) -> None:
    missed, now = a_missed_visit(cast, hour=9), at(9, 5)
    a_wish(cast, service_code="first_assessment")  # 45 minutes from 09:15 on
    gap = a_gap(missed, now=now)

    (offer,) = offered(cast, gap, now=now)
    taken = offers.accept(offer, by=cast.rosa, now=now)

    assert (gap.starts_at, taken.state, offer.starts_at) == (at(9, 15), "taken", at(9, 15))
    held = Hold.objects.filter(appointment=missed)
    assert {it.during.upper for it in held} == {at(9, 15)}
    assert Appointment.objects.get(pk=missed.pk).status == Status.MISSED


def test_what_is_left_of_a_missed_visit_is_freed_once(cast: Cast) -> None:
    missed = a_missed_visit(cast)
    freeing.free_the_rest(missed, by=cast.rosa, now=at(9, 5))
    freeing.free_the_rest(missed, by=cast.rosa, now=at(9, 10))

    assert Hold.objects.get(resource=cast.sara).during == DateTimeTZRange(at(9), at(9, 15))
    assert AuditEvent.objects.filter(deed="appointment.rest_freed").count() == 1
    with pytest.raises(NothingToFree):
        freeing.free_the_rest(missed, by=cast.rosa, now=at(9, 30))


def test_a_visit_that_stands_is_not_freed(cast: Cast) -> None:
    visit = cast.book(at(9))

    with pytest.raises(NothingToFree):
        freeing.free_the_rest(visit, by=cast.rosa, now=at(9, 5))
    assert matches.gap_of(visit, now=NOW) is None
