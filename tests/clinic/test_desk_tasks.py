"""What there is to do: worked out from what is so, and gone when its cause is gone."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_cast, at
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_user
from plan_cast import a_plan, an_open_flag
from pytest_django import DjangoAssertNumQueries
from waiting_cast import a_cancelled_visit, a_gap, a_wish, offered

from clinic.appointments.actions import attendance, follow_ups, offers, to_do
from clinic.appointments.actions.follow_ups import NothingToWrite, NotToDo
from clinic.appointments.models import Appointment, FollowUp
from clinic.appointments.rules.status import Status
from patients.models import Intake
from people.models import AuditEvent, Clinic
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db

TASKS = "desk:tasks"


@pytest.fixture(autouse=True)
def _monday_morning() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    cast = a_cast()
    cast.leila.email = "leila@example.org"
    cast.leila.save()
    Intake.objects.create(patient=cast.leila, started_at=NOW, submitted_at=NOW)
    return cast


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
    return client


def text(answer: Any) -> str:
    """What somebody reads on the page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def found(cast: Cast, *, now: Any = NOW) -> list[tuple[str, str]]:
    """Each task with the hour of day group it stands in."""
    return [(it.kind.value, it.group.value) for it in to_do.tasks(cast.rosa, Clinic.objects.get(), now=now)]


def become(visit: Appointment, status: str) -> Appointment:
    Appointment.objects.filter(pk=visit.pk).update(status=status)
    visit.refresh_from_db()
    return visit


# Each task, and how it closes itself


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


# What the desk does about it


@pytest.mark.parametrize(
    ("status", "task"),
    [("booked", "missed"), ("booked", "no_next"), ("confirmed", "unconfirmed"), ("done", "form")],
)
def test_what_has_no_cause_any_more_is_not_followed_up(cast: Cast, status: str, task: str) -> None:
    visit = become(cast.book(at(10)), status)

    with pytest.raises(NotToDo):
        follow_ups.record(visit, task, "called", by=cast.rosa, now=NOW)


@pytest.mark.parametrize("fields", [{"email": ""}, {"email": "x@example.org", "may_be_mailed": False}])
def test_nothing_is_written_to_whom_no_letter_reaches(cast: Cast, fields: dict[str, Any]) -> None:
    visit = become(cast.book(at(9), patient=a_patient(**fields)), Status.MISSED)

    with pytest.raises(NothingToWrite):
        follow_ups.record(visit, "missed", "wrote", by=cast.rosa, now=NOW)
    assert not FollowUp.objects.exists()


def test_one_press_calls_off_the_task_and_returns_to_where_it_stood(cast: Cast, desk: Client) -> None:
    visit = become(cast.book(at(9)), Status.MISSED)
    typed = {"task": "missed", "how": "called", "next": "/desk/day/2026-09-14/"}

    answer = desk.post(reverse("desk:follow_up", args=[visit.pk]), typed)
    elsewhere = desk.post(reverse("desk:follow_up", args=[visit.pk]), typed | {"next": "https://evil.example/"})

    assert answer.url == "/desk/day/2026-09-14/"
    assert elsewhere.url == reverse(TASKS)
    assert FollowUp.objects.filter(how="called", by=cast.rosa).count() == 2


def test_a_missed_visit_shows_what_can_be_done_and_what_was(cast: Cast, desk: Client) -> None:
    visit = become(cast.book(at(9)), Status.MISSED)
    url = reverse("desk:follow_up", args=[visit.pk])

    with time_machine.travel(at(9, 5), tick=False):
        cast_page = desk.get(visit.get_absolute_url()).content.decode()
        before = desk.get(url, headers={"HX-Request": "true"})
        desk.post(url, {"task": "missed", "how": "wrote", "next": visit.get_absolute_url()})
        after = text(desk.get(url))

    assert f'hx-get="{url}"' in cast_page
    assert "<html" not in before.content.decode()
    assert "Write Called Offer 09:15 to 09:30" in text(before)
    assert "Did not come: Message sent" in after
    assert cast.rosa.name in after


def test_a_refusal_is_shown_on_the_page(cast: Cast, desk: Client) -> None:
    visit = become(cast.book(at(9), patient=a_patient()), Status.MISSED)

    answer = desk.post(reverse("desk:follow_up", args=[visit.pk]), {"task": "missed", "how": "wrote"})

    assert answer.status_code == 409
    assert "No letter can go out" in text(answer)


def test_one_press_reminds_everybody_whom_letters_reach(cast: Cast, desk: Client) -> None:
    cast.book(at(10, day=15))
    cast.book(at(11, day=15), patient=a_patient(email=""))

    answer = desk.post(reverse("desk:remind_all"), follow=True)

    assert "1 reminder goes out. 1 person has to be called." in text(answer)
    assert FollowUp.objects.get().appointment.patient == cast.leila


def test_beside_the_day_the_unconfirmed_are_one_line(cast: Cast, desk: Client) -> None:
    for hour in (10, 11):
        cast.book(at(hour, day=15))
    become(cast.book(at(9), patient=a_patient()), Status.MISSED)

    side = desk.get(reverse(TASKS), {"part": "side"}, headers={"HX-Current-URL": "http://testserver/desk/?site=1"})
    badge = desk.get(reverse(TASKS), {"part": "badge"})

    assert "2 visits Not confirmed, today and tomorrow" in text(side)
    assert 'name="next" value="/desk/?site=1"' in side.content.decode()
    assert "<html" not in side.content.decode()
    assert text(badge).split() == ["3", "things", "to", "do"]


def test_an_empty_list_says_so(cast: Cast, desk: Client) -> None:
    assert "Nothing to do." in text(desk.get(reverse(TASKS)))
    assert text(desk.get(reverse(TASKS), {"part": "badge"})).strip() == ""


def test_what_could_be_offered_this_week_stands_on_the_page(cast: Cast, desk: Client) -> None:
    a_wish(cast)

    assert "1 person on the waitlist could come" in text(desk.get(reverse(TASKS)))


def test_a_patient_finds_no_tasks(cast: Cast, client: Client) -> None:
    visit = become(cast.book(at(9)), Status.MISSED)
    client.force_login(a_user(Role.PATIENT), backend="people.web.backends.RightsBackend")

    assert client.get(reverse(TASKS)).status_code == 404
    assert (
        client.post(reverse("desk:follow_up", args=[visit.pk]), {"task": "missed", "how": "called"}).status_code == 404
    )
    assert client.post(reverse("desk:remind_all")).status_code == 404


@pytest.mark.parametrize("many", [1, 8])
def test_the_list_asks_as_much_for_three_tasks_as_for_twenty_four(
    cast: Cast, desk: Client, many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(many):
        start = at(9 if n < 4 else 13, day=15) + timedelta(minutes=45 * (n % 4))
        cast.book(start, patient=a_patient())  # not confirmed, and no form
        become(cast.book(start - timedelta(days=4), patient=a_patient(), now=at(8, day=11)), Status.MISSED)
    desk.get(reverse(TASKS))

    with django_assert_num_queries(8):
        assert desk.get(reverse(TASKS), {"part": "side"}).context["count"] == 3 * many
