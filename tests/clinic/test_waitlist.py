"""Who waits for a sooner or a free time, until when, and what is never waited for."""

from datetime import date, time
from typing import Any

import pytest
from booking_cast import Cast, at
from django.db.utils import IntegrityError
from factories import MONDAY, NOW, a_patient
from plan_cast import a_plan
from waiting_cast import a_wish, deeds

from clinic.appointments.actions import waitlist
from clinic.appointments.models import WaitlistEntry
from clinic.appointments.rules.refusals import NotOffered, NotTreatedAnyMore, OfAnotherPlan
from clinic.appointments.rules.waitlist_refusals import (
    AlreadyPassed,
    AlreadyWaiting,
    DaysOutOfOrder,
    HoursOutOfOrder,
    NotTheirs,
)

pytestmark = pytest.mark.django_db


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
