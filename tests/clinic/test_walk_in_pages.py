"""Somebody stands at the desk: three interactions for a known patient, and what can be done when nobody is free."""

from typing import Any

import pytest
import time_machine
from booking_cast import Cast, a_cast, at
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_portal_patient, a_user, the_clinic
from office_cast import as_user, said

from clinic.appointments.models import Appointment, WaitlistEntry
from clinic.appointments.rules.status import Status
from people.rules.permissions import Role


@pytest.fixture(autouse=True)
def _ten_past_ten(db: None) -> Any:
    with time_machine.travel(at(10, 10), tick=False):
        yield


@pytest.fixture
def cast() -> Cast:
    return a_cast()


@pytest.fixture
def desk(cast: Cast) -> Client:
    return as_user(cast.rosa)


def url(cast: Cast | None = None, query: str = "") -> str:
    asked = f"?patient={cast.leila.pk}&site={cast.site.pk}" if cast else ""
    return reverse("appointments:walk_in") + asked + query


def form(cast: Cast, **more: Any) -> dict[str, Any]:
    return {"patient": cast.leila.pk, "service": "review", "site": cast.site.pk, **more}


def test_a_known_patient_is_checked_in_with_a_name_and_enter(desk: Client, cast: Cast) -> None:
    found = desk.get(url(query="?q=rahi 78"))
    shown = desk.get(found.url)
    assert "First gap today 10:15 Sara Haddad, Room 1" in said(shown)

    answer = desk.post(url(), form(cast, service="first_assessment"))

    visit = Appointment.objects.get()
    assert (visit.starts_at, visit.status, visit.is_walk_in) == (at(10, 15), Status.ARRIVED, True)
    assert answer.url.startswith(reverse("desk:today"))


def test_of_several_with_the_same_name_one_is_chosen(desk: Client, cast: Cast) -> None:
    a_patient(given_name="Layla", family_name="Rahimi")

    text = said(desk.get(url(query="?q=rahimi")))

    assert "Choose the patient 1 Rahimi, Layla" in text
    assert "New patient" in said(desk.get(url(query="?q=quillfeather")))


def test_who_is_expected_today_anyway_is_not_booked_twice_unseen(desk: Client, cast: Cast) -> None:
    assert "Has a visit today already" not in said(desk.get(url(cast)))
    cast.book(at(15))

    assert "Has a visit today already: 15:00, Review visit with Sara Haddad" in said(desk.get(url(cast)))


def test_when_nobody_is_free_today_the_next_times_and_waiting_are_offered(desk: Client, cast: Cast) -> None:
    cast.sara.shifts.filter(weekday=0).delete()

    shown = desk.get(url(cast))
    assert "Nobody is free for it today any more." in said(shown)
    assert "Tuesday 15 September" in said(shown)
    assert "Two patients at one time" not in said(shown)

    refused = desk.post(url(), form(cast))
    assert refused.status_code == 409
    assert "Nobody is free today any more. The next free time is Tuesday 15 September, 09:00." in said(refused)

    desk.post(url(), form(cast, wait="1"))
    assert "Waiting for a gap today, in order 1. Rahimi, Leila Review visit" in said(desk.get(url()))


def test_who_waits_is_fitted_in_from_the_list(desk: Client, cast: Cast) -> None:
    desk.post(url(), form(cast, wait="1"))

    desk.post(url(), form(cast))

    assert Appointment.objects.get().is_walk_in
    assert WaitlistEntry.objects.get().closed_because == "booked"
    assert "Nobody waits." in said(desk.get(url()))


def test_who_may_overbook_squeezes_somebody_in_with_a_reason(cast: Cast) -> None:
    office = as_user(a_user(Role.MANAGER))
    cast.book(at(10, 15), patient=a_patient(), now=NOW)
    assert "Two patients at one time" in said(office.get(url(cast)))

    asked = form(cast, squeeze="1", clinician=cast.sara.pk)
    assert "Say why two patients come at one time." in said(office.post(url(), asked))
    office.post(url(), asked | {"because": "Acute pain"})

    visit = Appointment.objects.get(patient=cast.leila)
    assert (visit.starts_at, visit.overbooked_because) == (at(10, 15), "Acute pain")
    assert office.post(url(), asked | {"because": "x", "clinician": "nobody"}).status_code == 404


def test_the_front_desk_may_not_squeeze_in_whatever_it_sends(desk: Client, cast: Cast) -> None:
    refused = desk.post(url(), form(cast, squeeze="1", clinician=cast.sara.pk, because="x"))

    assert refused.status_code == 409
    assert "You may not book two patients at the same time." in said(refused)
    assert not Appointment.objects.exists()


def test_a_form_without_a_patient_and_another_site_are_answered(desk: Client, cast: Cast) -> None:
    assert desk.post(url(), {}).status_code == 404
    assert desk.get(url(query="?site=nowhere")).status_code == 200


def test_a_clinic_without_a_site_says_so() -> None:
    the_clinic()

    assert "site" in said(as_user(a_user(Role.FRONT_DESK)).get(url()))


def test_a_patient_does_not_check_herself_in_here(cast: Cast) -> None:
    patient = a_portal_patient(family_name="Other")
    assert patient.user

    assert as_user(patient.user).post(url(), form(cast)).status_code == 404


@pytest.mark.parametrize("waiting", [1, 12])
def test_the_waiting_order_costs_the_same_for_one_and_for_twelve(
    desk: Client, cast: Cast, waiting: int, django_assert_num_queries: Any
) -> None:
    for _ in range(waiting):
        desk.post(url(), form(cast, patient=a_patient().pk, wait="1"))

    with django_assert_num_queries(7):
        desk.get(url())
