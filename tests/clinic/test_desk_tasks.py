"""What there is to do: worked out from what is so, and gone when its cause is gone."""

from datetime import timedelta
from typing import Any

import pytest
from booking_cast import Cast, at
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient
from office_cast import text
from plan_cast import a_plan, an_open_flag
from tasks_cast import TASKS, a_cast_with_nothing_to_do, become
from waiting_cast import a_cancelled_visit, a_gap, a_wish, offered

from clinic.appointments.actions import attendance, follow_ups, offers, to_do
from clinic.appointments.rules.status import Status
from patients.models import Intake
from people.models import AuditEvent, Clinic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]


@pytest.fixture
def cast() -> Cast:
    return a_cast_with_nothing_to_do()


def found(cast: Cast, *, now: Any = NOW) -> list[tuple[str, str]]:
    """Each task with the hour of day group it stands in."""
    return [(it.kind.value, it.group.value) for it in to_do.tasks(cast.rosa, Clinic.objects.get(), now=now)]


def test_a_visit_until_tomorrow_to_which_nobody_said_yes(cast: Cast) -> None:
    visit = cast.book(at(10, day=15))
    cast.book(at(11, day=17))  # nobody has to say yes to that one yet

    assert found(cast) == [("unconfirmed", "tomorrow")]

    attendance.confirm(visit, by=None, now=NOW)
    assert found(cast) == []


def test_a_reminded_patient_is_left_alone_for_half_a_day(cast: Cast) -> None:
    visit = cast.book(at(16, day=15))
    follow_ups.record(visit, "unconfirmed", "wrote", by=cast.rosa, now=NOW)

    assert found(cast) == []
    assert found(cast, now=NOW + timedelta(hours=12)) == [("unconfirmed", "tomorrow")]


def test_a_form_that_a_new_patient_has_not_sent(cast: Cast) -> None:
    new = a_patient()
    become(cast.book(at(10, day=16), patient=new), Status.CONFIRMED)

    assert found(cast) == [("form", "later")]

    Intake.objects.create(patient=new, started_at=NOW, submitted_at=NOW)
    assert found(cast) == []


def test_a_form_and_a_look_are_asked_for_once_however_often_somebody_comes(cast: Cast) -> None:
    new = a_patient()
    an_open_flag(new)
    for day in (16, 17):
        become(cast.book(at(10, day=day), patient=new), Status.CONFIRMED)

    assert found(cast) == [("check", "later"), ("form", "later")]


def test_who_has_been_here_before_owes_no_form(cast: Cast) -> None:
    known = a_patient()
    become(cast.book(at(10, day=1), patient=known, now=at(9, day=1)), Status.DONE)
    become(cast.book(at(10, day=16), patient=known), Status.CONFIRMED)

    assert found(cast) == []


def test_somebody_who_did_not_come_until_they_have_another_visit(cast: Cast) -> None:
    become(cast.book(at(9)), Status.MISSED)
    now = at(9, 30)

    assert found(cast, now=now) == [("missed", "now")]

    cast.book(at(11, day=22), now=now)
    assert found(cast, now=now) == []


@pytest.mark.parametrize("how", ["called", "wrote", "settled"])
def test_a_missed_visit_that_somebody_has_seen_to(cast: Cast, how: str) -> None:
    visit = become(cast.book(at(9)), Status.MISSED)
    follow_ups.record(visit, "missed", how, by=cast.rosa, now=at(9, 20))

    assert found(cast, now=at(9, 30)) == []
    assert AuditEvent.objects.get(deed="appointment.followed_up").detail == {"task": "missed", "how": how}


def test_what_is_put_off_comes_back(cast: Cast) -> None:
    visit = become(cast.book(at(9)), Status.MISSED)
    follow_ups.record(visit, "missed", "snoozed", by=cast.rosa, now=at(9, 20))

    assert found(cast, now=at(11, 19)) == []
    assert found(cast, now=at(11, 21)) == [("missed", "now")]


def test_somebody_whose_plan_goes_on_but_who_has_no_next_visit(cast: Cast) -> None:
    a_plan(cast.leila, by=cast.sara.user)
    become(cast.book(at(9)), Status.DONE)

    assert found(cast, now=at(10)) == [("no_next", "now")]

    cast.book(at(11, day=22), now=at(10))
    assert found(cast, now=at(10)) == []


def test_a_patient_without_a_next_visit_is_one_task_however_often_they_came(cast: Cast) -> None:
    a_plan(cast.leila, by=cast.sara.user)
    become(cast.book(at(9)), Status.DONE)
    last = become(cast.book(at(10)), Status.DONE)

    assert found(cast, now=at(11)) == [("no_next", "now")]
    follow_ups.record(last, "no_next", "settled", by=cast.rosa, now=at(11))
    assert found(cast, now=at(11)) == []


def test_a_warning_sign_of_somebody_who_is_expected_and_never_which(cast: Cast, desk: Client) -> None:
    become(cast.book(at(10, day=15)), Status.CONFIRMED)
    flag = an_open_flag(cast.leila)

    assert found(cast) == [("check", "tomorrow")]
    page = text(desk.get(reverse(TASKS)))
    assert "Clinician check needed" in page
    assert "fever" not in page.lower()

    flag.cleared_at, flag.cleared_by, flag.finding = NOW, cast.sara.user, "Looked."
    flag.save()
    assert found(cast) == []


@pytest.mark.parametrize("status", [Status.ARRIVED, Status.IN_ROOM])
def test_a_warning_sign_of_somebody_who_is_here_until_the_visit_is_over(
    cast: Cast, desk: Client, status: Status
) -> None:
    visit = become(cast.book(at(9)), status)
    an_open_flag(cast.leila)

    assert found(cast, now=at(9, 20)) == [("check", "now")]
    assert "Do not book more visits yet." in text(desk.get(reverse(TASKS)))

    become(visit, Status.DONE)
    assert found(cast, now=at(9, 20)) == []


def test_an_offer_that_nobody_has_answered(cast: Cast) -> None:
    a_wish(cast)
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast)))

    assert found(cast) == [("offer", "today")]

    offers.decline(offer, by=None, now=NOW)
    assert found(cast) == []


def test_the_most_pressing_comes_first(cast: Cast) -> None:
    become(cast.book(at(9, day=11), now=at(8, day=11)), Status.MISSED)
    cast.book(at(9, 15, day=15), patient=a_patient())
    cast.book(at(9), patient=a_patient())
    a_wish(cast)
    offered(cast, a_gap(a_cancelled_visit(cast, hour=13)), now=at(8, 30))

    assert found(cast, now=at(8, 30)) == [
        ("missed", "now"),
        ("unconfirmed", "now"),
        ("form", "now"),
        ("offer", "today"),
        ("unconfirmed", "tomorrow"),
        ("form", "tomorrow"),
    ]
