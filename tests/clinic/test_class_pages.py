"""Classes at the desk: set up, filled, ticked off, changed and called off, page by page."""

from typing import Any

import pytest
import time_machine
from booking_cast import at
from class_cast import CLASS, ClassCast, a_class_cast
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_portal_patient, a_user
from office_cast import as_user, said

from clinic.appointments.models import Appointment, GroupSession, WaitlistEntry
from clinic.appointments.rules.status import Status
from clinic.appointments.web.forms import REASONS
from patients.models import RedFlag
from people.rules.permissions import Role


@pytest.fixture(autouse=True)
def _a_monday(db: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> ClassCast:
    return a_class_cast()


@pytest.fixture
def desk(cast: ClassCast) -> Client:
    return as_user(cast.usual.rosa)


def url(page: str, *ids: Any, query: str = "") -> str:
    return reverse(f"appointments:{page}", args=ids) + query


def new_class(cast: ClassCast, **changes: Any) -> dict[str, Any]:
    typed = {
        "name": "Neck group",
        "day": "2026-09-15",
        "at": "10:00",
        "clinician": cast.usual.sara.pk,
        "room": cast.gym.pk,
        "places": "6",
        "weeks": "1",
    }
    return typed | changes


def which(cast: ClassCast) -> str:
    return url("group_new", query=f"?service={CLASS}&site={cast.usual.site.pk}")


def test_a_weekly_class_is_set_up_from_the_desk(desk: Client, cast: ClassCast) -> None:
    assert "Exercise class" in said(desk.get(url("group_new")))

    answer = desk.post(which(cast), new_class(cast, weeks="3"))

    series = list(GroupSession.objects.all())
    assert [it.starts_at for it in series] == [at(10, day=15), at(10, day=22), at(10, day=29)]
    assert answer.url == url("group", series[0].pk)
    text = said(desk.get(url("groups")))
    assert text.count("Neck group Sara Haddad Northgate Main 0 of 6") == 3


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"at": "12:15"}, "On Tuesday 15 September the clinic is closed, or somebody is away at that time."),
        ({"at": "10:05"}, "Visits start on the quarter hour."),
        ({"places": "1"}, "Places: Ensure this value is greater than or equal to 2."),
        ({"day": ""}, "Day: This field is required."),
    ],
)
def test_a_class_that_cannot_be_is_refused_and_what_was_typed_stays(
    desk: Client, cast: ClassCast, changes: dict[str, str], answer: str
) -> None:
    shown = desk.post(which(cast), new_class(cast, name="Backs", **changes))

    assert answer in said(shown)
    assert 'value="Backs"' in shown.content.decode()
    assert not GroupSession.objects.exists()


def test_a_patient_is_found_put_into_the_class_and_ticked_off(desk: Client, cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    page = url("group", group.pk)
    assert "0 of 0 came · 6 places are free" in said(desk.get(page))
    assert "Rahimi, Leila" in said(desk.get(page + "?q=rahi 78"))

    desk.post(url("group_seat", group.pk), {"patient": cast.usual.leila.pk, "request_key": group.pk})
    desk.post(url("group_seat", group.pk), {"patient": cast.usual.leila.pk, "request_key": group.pk})

    visit = Appointment.objects.get()
    assert (visit.group, visit.seat) == (group, 1)
    came = desk.post(url("status", visit.pk), {"status": "arrived", "was": "booked", "next": page})
    assert came.url == page
    assert "1 of 1 came · 5 places are free" in said(desk.get(page))


def test_everybody_is_ticked_at_once_and_the_class_is_done(desk: Client, cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    for _ in range(3):
        cast.seat(group)

    desk.post(url("group_everybody", group.pk), {"status": "arrived"})
    assert "3 of 3 came" in said(desk.get(url("group", group.pk)))
    desk.post(url("group_everybody", group.pk), {"status": "done"})

    assert set(group.seats.values_list("status", flat=True)) == {Status.DONE}


def test_a_full_class_offers_to_wait_and_a_freed_place_goes_to_who_waits(desk: Client, cast: ClassCast) -> None:
    [group] = cast.create(at(10), places=2)
    first, _second = cast.seat(group), cast.seat(group)
    page, seat = url("group", group.pk), url("group_seat", group.pk)

    refused = desk.post(seat, {"patient": cast.usual.leila.pk})
    assert refused.status_code == 409
    assert "The class is full: all 2 places are taken." in said(refused)
    assert "Wait for a place" in said(desk.get(page + "?q=rahi 78"))
    desk.post(seat, {"patient": cast.usual.leila.pk, "wait": "1"})
    assert "Waiting for a place Rahimi, Leila" in said(desk.get(page))

    desk.post(url("cancel", first.pk), {"why": "patient", "note": "", "revision": "0"})
    assert "Give the place" in said(desk.get(page))
    desk.post(seat, {"patient": cast.usual.leila.pk})

    assert group.seats.standing().filter(patient=cast.usual.leila).get().seat == 1
    assert WaitlistEntry.objects.get().closed_because == "booked"


def test_somebody_goes_to_another_class(desk: Client, cast: ClassCast) -> None:
    [early], [late] = cast.create(at(9)), cast.create(at(9, day=15))
    visit = cast.seat(early, cast.usual.leila)
    page = url("reseat", visit.pk)
    assert "Tuesday 15 September, 09:00 Neck group, Sara Haddad, Northgate Main 6 free" in said(desk.get(page))

    assert "Choose a time first." in said(desk.post(page, {"revision": "0"}))
    answer = desk.post(page, {"group": late.pk, "revision": "0"})

    assert answer.url == url("group", late.pk)
    assert "Somebody else changed this visit first." in said(desk.post(page, {"group": early.pk, "revision": "0"}))


def test_a_class_is_changed_and_who_is_in_it_comes_along(desk: Client, cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    visit = cast.seat(group)
    page = url("group_change", group.pk)
    assert "1 person comes along." in said(desk.get(page))

    typed = new_class(cast, day="2026-09-14", at="10:00", name="Backs") | {"revision": "0"}
    desk.post(page, typed)

    visit.refresh_from_db()
    assert visit.starts_at == at(10)
    assert "Somebody else changed this visit first." in said(desk.post(page, typed))


def test_a_class_is_called_off_with_a_reason(desk: Client, cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    visit = cast.seat(group)
    page = url("group_cancel", group.pk)
    assert "1 person is in it." in said(desk.get(page))

    desk.post(page, {"why": "clinic", "note": "", "revision": "0"})

    visit.refresh_from_db()
    why = str(dict(REASONS)["clinic"])
    assert (visit.status, visit.cancel_reason) == (Status.CANCELLED, why)
    text = said(desk.get(url("group", group.pk)))
    assert f"Cancelled {why}" in text
    assert "Add somebody" not in text
    assert desk.get(page).status_code == 404


def test_the_desk_sees_that_a_check_is_needed_in_a_class_and_never_why(desk: Client, cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    cast.seat(group, cast.usual.leila)
    RedFlag.objects.create(patient=cast.usual.leila, code="rf_fever", urgency="same_day", raised_at=NOW)

    text = said(desk.get(url("group", group.pk)))

    assert "Rahimi, Leila Clinician check needed" in text
    assert "ever" not in text.split("Clinician check needed")[1][:40]
    refused = desk.post(url("group_seat", cast.create(at(11))[0].pk), {"patient": cast.usual.leila.pk})
    assert "Clinician check needed before this visit can be booked." in said(refused)


def test_patients_and_strangers_see_no_class(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    patient = a_portal_patient(family_name="Other")
    assert patient.user

    for client, status in ((as_user(patient.user), 404), (Client(), 302)):
        assert client.get(url("group", group.pk)).status_code == status
        assert client.post(url("group_seat", group.pk), {"patient": patient.pk}).status_code == status


@pytest.mark.parametrize("people", [1, 6])
def test_a_class_page_costs_the_same_for_one_person_and_for_six(
    desk: Client, cast: ClassCast, people: int, django_assert_num_queries: Any
) -> None:
    [group] = cast.create(at(9))
    for _ in range(people):
        cast.seat(group)
    desk.get(url("group", group.pk))

    with django_assert_num_queries(10):
        desk.get(url("group", group.pk))


@pytest.mark.parametrize("weeks", [1, 20])
def test_the_list_of_classes_costs_the_same_for_one_and_for_twenty(
    desk: Client, cast: ClassCast, weeks: int, django_assert_num_queries: Any
) -> None:
    cast.create(at(9), weeks=weeks)
    desk.get(url("groups"))

    with django_assert_num_queries(6):
        desk.get(url("groups"))


def test_a_long_list_of_classes_has_pages(desk: Client, cast: ClassCast) -> None:
    cast.create(at(9), weeks=20)
    cast.create(at(11), weeks=20)

    assert "Later" in said(desk.get(url("groups")))
    assert "Earlier" in said(desk.get(url("groups", query="?page=2")))


def test_a_clinician_sees_the_class_too(cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    cast.seat(group, a_patient(family_name="Zeller"))

    assert "Zeller" in said(as_user(a_user(Role.CLINICIAN)).get(url("group", group.pk)))


def test_a_visit_in_a_class_leads_to_the_class_and_to_another_one(desk: Client, cast: ClassCast) -> None:
    [group] = cast.create(at(9))
    visit = cast.seat(group, cast.usual.leila)

    page = desk.get(url("visit", visit.pk)).content.decode()

    assert url("group", group.pk) in page
    assert url("reseat", visit.pk) in page
    assert url("move", visit.pk) not in page


def test_a_patient_is_offered_no_time_of_her_own_in_place_of_her_class(cast: ClassCast) -> None:
    patient = a_portal_patient(family_name="Okafor")
    assert patient.user
    visit = cast.seat(cast.create(at(9, day=21))[0], patient)

    text = said(as_user(patient.user).get(reverse("portal:visit_change", args=[visit.pk])))

    assert "No other class has a free place in the next six weeks." in text
