"""The waitlist at the desk's screen: waiting, offering a freed time, and what is said on the phone."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_cast, at
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_user
from office_cast import text
from plan_cast import a_plan, an_open_flag
from pytest_django import DjangoAssertNumQueries
from waiting_cast import a_cancelled_visit, a_gap, a_missed_visit, a_wish, offered, states, who_fits

from clinic.appointments.models import Appointment, SlotOffer, WaitlistEntry
from clinic.appointments.rules.status import Status
from people.models import AuditEvent
from people.rules.permissions import Role

pytestmark = pytest.mark.django_db

WAITLIST, ADD, OFFER = "appointments:waitlist", "appointments:waitlist_add", "appointments:waitlist_offer"


@pytest.fixture(autouse=True)
def _monday_morning() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    return a_cast()


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.rosa, backend="people.web.backends.RightsBackend")
    return client


def ticked(answer: Any) -> list[str]:
    return re.findall(r'name="entry" value="([^"]+)" checked', answer.content.decode())


def a_form(**changes: Any) -> dict[str, Any]:
    return {"from_on": "2026-09-14", "until_on": "2026-09-30"} | changes


def test_somebody_is_put_on_the_waitlist_for_a_sooner_visit(cast: Cast, desk: Client) -> None:
    visit = cast.book(at(10, day=24))
    url = f"{reverse(ADD)}?patient={cast.leila.pk}&visit={visit.pk}"

    page = desk.get(url)
    desk.post(url, a_form(weekdays=["1", "3"], earliest="09:00", note="Rings back"))

    assert "The visit on Thursday 24 September, 10:00 would be given up." in text(page)
    assert 'value="2026-09-24"' in page.content.decode()
    entry = WaitlistEntry.objects.get()
    assert (entry.visit, entry.service_code, entry.weekdays, entry.note) == (visit, "review", [1, 3], "Rings back")
    said = text(desk.get(reverse(WAITLIST)))
    assert "Tue, Thu, from 09:00" in said
    assert "gives up Thu 24 Sep, 10:00" in said
    assert "Tue 15 Sep, 09:00" in said


def test_who_waits_is_no_name_while_names_are_hidden(cast: Cast, desk: Client) -> None:
    a_wish(cast, cast.leila)
    assert cast.leila.list_name in text(desk.get(reverse(WAITLIST)))

    desk.post(reverse("desk:names"), {"next": reverse(WAITLIST)})

    for page in (WAITLIST, "appointments:walk_in"):
        assert cast.leila.family_name not in text(desk.get(reverse(page)))
    assert f"{cast.leila.number:05d}" in text(desk.get(reverse(WAITLIST)))


def test_the_window_of_a_planned_session_is_filled_in(cast: Cast, desk: Client) -> None:
    session = a_plan(cast.leila, by=cast.sara.user).sessions.order_by("due_from").last()
    assert session

    page = desk.get(reverse(ADD), {"patient": cast.leila.pk, "session": session.pk})

    assert f'value="{session.due_from.isoformat()}"' in page.content.decode()
    assert f'value="{session.due_until.isoformat()}"' in page.content.decode()


def test_what_was_typed_is_kept_when_the_clinic_says_no(cast: Cast, desk: Client) -> None:
    url = f"{reverse(ADD)}?patient={cast.leila.pk}"

    answer = desk.post(url, a_form(service="review", until_on="2026-09-13", note="Rings back"))

    assert answer.status_code == 409
    assert "The last day lies before the first." in text(answer)
    assert 'value="Rings back"' in answer.content.decode()
    assert not WaitlistEntry.objects.exists()


def test_a_patient_is_found_by_name_first(cast: Cast, desk: Client) -> None:
    answer = desk.get(reverse(ADD), {"q": "rahimi", "service": "review"})

    assert f"?patient={cast.leila.pk}&amp;service=review" in answer.content.decode()
    assert "No one matches nobody." in text(desk.get(reverse(ADD), {"q": "nobody"}))


def test_a_wish_is_changed_and_taken_off(cast: Cast, desk: Client) -> None:
    entry = a_wish(cast, cast.leila)

    desk.post(reverse("appointments:waitlist_change", args=[entry.pk]), a_form(until_on="2026-09-20"))
    changed = WaitlistEntry.objects.get()
    desk.post(reverse("appointments:waitlist_withdraw", args=[entry.pk]))

    assert changed.until_on.isoformat() == "2026-09-20"
    assert WaitlistEntry.objects.get().closed_because == "withdrawn"
    assert "Nobody is on the waitlist." in text(desk.get(reverse(WAITLIST)))


def test_a_freed_time_is_offered_to_the_best_three_with_one_press(cast: Cast, desk: Client) -> None:
    visit = a_cancelled_visit(cast)
    for _ in range(4):
        a_wish(cast)
    by_phone = a_wish(cast, a_patient(email=""), now=NOW - timedelta(days=9))
    url = f"{reverse(OFFER)}?visit={visit.pk}"

    page = desk.get(url)
    answer = desk.post(url, {"entry": ticked(page)}, follow=True)

    assert "Wednesday 16 September, 10:00 to 10:30" in text(page)
    assert "No letter reaches them: call" in text(page)
    assert len(ticked(page)) == 3
    assert str(by_phone.pk) not in ticked(page)
    assert "Offered to 3 people." in text(answer)
    assert SlotOffer.objects.filter(state="open").count() == 3


def test_a_yes_on_the_phone_books_at_once(cast: Cast, desk: Client) -> None:
    visit = a_cancelled_visit(cast)
    entry = a_wish(cast)

    answer = desk.post(f"{reverse(OFFER)}?visit={visit.pk}", {"yes": str(entry.pk)}, follow=True)

    assert "Booked: " in text(answer)
    booked = Appointment.objects.get(patient=entry.patient)
    assert (booked.starts_at, booked.status) == (visit.starts_at, Status.CONFIRMED)


def test_sending_to_nobody_is_refused_and_nothing_is_lost(cast: Cast, desk: Client) -> None:
    visit = a_cancelled_visit(cast)
    a_wish(cast)

    answer = desk.post(f"{reverse(OFFER)}?visit={visit.pk}", {})

    assert answer.status_code == 409
    assert "Choose at least one person" in text(answer)
    assert ticked(answer) == []


def test_a_time_that_nobody_wants_says_so(cast: Cast, desk: Client) -> None:
    visit = a_cancelled_visit(cast)

    assert "Nobody on the waitlist can make this time." in text(desk.get(reverse(OFFER), {"visit": visit.pk}))


def test_a_standing_visit_is_not_offered(cast: Cast, desk: Client) -> None:
    visit = cast.book(at(10))

    assert "This time has passed, or is not free." in text(desk.get(reverse(OFFER), {"visit": visit.pk}))


@pytest.mark.parametrize(
    "query",
    [{}, {"visit": "7"}, {"offer": "rubbish"}, {"clinician": "x", "site": "y", "from": "z", "until": ""}],
)
def test_an_address_that_names_no_time_is_not_found(desk: Client, query: dict[str, str]) -> None:
    assert desk.get(reverse(OFFER), query).status_code == 404


def test_a_free_card_of_the_board_names_its_time_by_clinician_and_hours(cast: Cast, desk: Client) -> None:
    a_wish(cast)
    query = {"clinician": cast.sara.pk, "site": cast.site.pk, "from": at(14, day=15).isoformat()}

    page = desk.get(reverse(OFFER), query | {"until": at(15, day=15).isoformat()})

    assert "Tuesday 15 September, 14:00 to 15:00" in text(page)
    assert len(ticked(page)) == 1


def test_the_time_found_for_one_is_offered_by_its_code(cast: Cast, desk: Client) -> None:
    a_wish(cast)
    code = re.search(r"\?offer=([^\"]+)", desk.get(reverse(WAITLIST)).content.decode())
    assert code

    page = desk.get(reverse(OFFER), {"offer": code[1]})

    assert "Monday 14 September, 09:00" in text(page)
    assert len(ticked(page)) == 1


def test_the_rest_of_a_missed_visit_is_offered(cast: Cast, desk: Client) -> None:
    visit = a_missed_visit(cast)
    entry = a_wish(cast)

    with time_machine.travel(at(9, 5), tick=False):
        a_page = desk.get(reverse(OFFER), {"visit": visit.pk})
        desk.post(f"{reverse(OFFER)}?visit={visit.pk}", {"yes": str(entry.pk)})

    assert "09:15 to 09:30" in text(a_page)
    assert Appointment.objects.get(patient=entry.patient).starts_at == at(9, 15)


def test_what_is_said_on_the_phone_to_an_offer_is_written_down(cast: Cast, desk: Client) -> None:
    for _ in range(3):
        a_wish(cast)
    one, two, three = offered(cast, a_gap(a_cancelled_visit(cast)))

    assert text(desk.get(reverse(WAITLIST))).count("Said yes") == 3
    desk.post(reverse("appointments:waitlist_answer", args=[one.pk]), {"do": "no"})
    desk.post(reverse("appointments:waitlist_answer", args=[two.pk]), {"do": "yes"})
    late = desk.post(reverse("appointments:waitlist_answer", args=[three.pk]), {"do": "yes"}, follow=True)

    assert states(one, two, three) == ["gone", "taken", "gone"]
    assert "That time has gone." in text(late)
    assert AuditEvent.objects.get(deed="waitlist.accepted").by == cast.rosa


def test_an_offer_is_taken_back_in_one_press(cast: Cast, desk: Client) -> None:
    a_wish(cast)
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast)))

    desk.post(reverse("appointments:waitlist_answer", args=[offer.pk]), {"do": "back"})

    assert states(offer) == ["lapsed"]


def test_the_desk_learns_only_that_a_clinician_has_to_look(cast: Cast, desk: Client) -> None:
    flagged = a_patient(email="f@example.org")
    an_open_flag(flagged)
    visit = a_cancelled_visit(cast)
    a_wish(cast, flagged)

    listed = text(desk.get(reverse(WAITLIST)))
    offer_page = desk.get(reverse(OFFER), {"visit": visit.pk})

    assert "Clinician check needed" in listed
    assert "fever" not in listed.lower() + text(offer_page).lower()
    assert len(ticked(offer_page)) == 1  # a review is how the sign is looked at


def test_a_patient_finds_no_waitlist_and_cannot_answer_for_another(cast: Cast, client: Client) -> None:
    a_wish(cast)
    (offer,) = offered(cast, a_gap(a_cancelled_visit(cast)))
    client.force_login(a_user(Role.PATIENT), backend="people.web.backends.RightsBackend")

    for url in (reverse(WAITLIST), reverse(ADD), reverse(OFFER)):
        assert client.get(url).status_code == 404
    assert client.post(reverse("appointments:waitlist_answer", args=[offer.pk]), {"do": "yes"}).status_code == 404
    assert states(offer) == ["open"]


@pytest.mark.parametrize("wishes", [1, 20])
def test_the_pages_ask_as_much_for_one_who_waits_as_for_twenty(
    cast: Cast, desk: Client, wishes: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    visit = a_cancelled_visit(cast)
    for _ in range(wishes):
        a_wish(cast)
    offered(cast, a_gap(a_cancelled_visit(cast, hour=14)))
    desk.get(reverse(WAITLIST))

    with django_assert_num_queries(16):
        desk.get(reverse(WAITLIST))
    with django_assert_num_queries(16):
        page = desk.get(reverse(OFFER), {"visit": visit.pk})
    assert len(who_fits(a_gap(visit))) == wishes
    assert len(ticked(page)) == min(wishes, 3)
