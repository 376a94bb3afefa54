"""Doors: who is let in, who is asked to sign in, who is told there is nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.checks import run_checks
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, path, reverse
from factories import a_portal_patient, a_user

from people.models import Clinic, User
from people.rules.permissions import Role

STAFF = "/setup/staff/"
MORNING = datetime(2026, 9, 14, 9, tzinfo=UTC)


def test_a_stranger_is_asked_to_sign_in_and_comes_back(demo: Clinic) -> None:
    answer = Client().get("/setup/sites/")

    assert (answer.status_code, answer.url) == (302, "/signin/?next=/setup/sites/")


def test_a_fragment_sends_the_whole_window_to_sign_in(demo: Clinic) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/setup/sites/?q=1"}
    answer = Client().get("/setup/sites/", headers=headers)

    assert (answer.status_code, answer.content, answer["HX-Redirect"]) == (204, b"", "/signin/?next=/setup/sites/")


def test_a_wrong_role_is_told_there_is_nothing(demo: Clinic, receptionist: User, as_user: Any) -> None:
    here = as_user(receptionist).get(STAFF)
    nowhere = as_user(receptionist).get("/no/such/page/")

    assert (here.status_code, nowhere.status_code) == (404, 404)


def test_staff_set_up_a_second_factor_before_anything_else(real_clinic: Clinic, manager: User, as_user: Any) -> None:
    staff = as_user(manager)

    assert staff.get(STAFF).url == reverse("mfa_index")
    told = staff.get(reverse("mfa_index"))
    assert told.status_code == 200
    assert "Set one up to go on" in told.content.decode()


def test_the_demo_lets_staff_in_with_a_password_alone(demo: Clinic, manager: User, as_user: Any) -> None:
    assert as_user(manager).get(STAFF).status_code == 200


def test_recovery_codes_alone_are_no_second_factor(real_clinic: Clinic, manager: User, as_user: Any) -> None:
    Authenticator.objects.create(user=manager, type="recovery_codes", data={})

    assert as_user(manager).get(STAFF).url == reverse("mfa_index")


def test_a_removed_second_factor_is_missed_at_the_next_click(real_clinic: Clinic, manager: User, as_user: Any) -> None:
    factor = Authenticator.objects.create(user=manager, type="totp", data={"secret": "x"})
    staff = as_user(manager)
    assert staff.get(STAFF).status_code == 200

    factor.delete()

    assert staff.get(STAFF).url == reverse("mfa_index")


def test_a_patient_needs_no_second_factor(real_clinic: Clinic, as_user: Any) -> None:
    patient = a_portal_patient().user

    assert as_user(patient).get(reverse("people:account")).status_code == 200


@pytest.mark.parametrize("place", ["mfa_index", "mfa_activate_totp", "account_change_password", "mfa_add_webauthn"])
def test_a_patient_finds_no_password_and_no_second_factor(demo: Clinic, as_user: Any, place: str) -> None:
    patient = a_portal_patient().user

    assert as_user(patient).get(reverse(place)).status_code == 404


def test_a_forgotten_screen_signs_itself_out(demo: Clinic, manager: User, as_user: Any) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        staff = as_user(manager)
        assert staff.get(STAFF).status_code == 200
        clock.shift(timedelta(minutes=14))
        assert staff.get(STAFF).status_code == 200
        clock.shift(timedelta(minutes=15, seconds=1))

        assert staff.get(STAFF).url == f"/signin/?next={STAFF}"


def test_a_page_that_refreshes_itself_keeps_nobody_signed_in(demo: Clinic, manager: User, as_user: Any) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        staff = as_user(manager)
        staff.get(STAFF)
        for _ in range(15):
            clock.shift(timedelta(minutes=1))
            assert staff.get(STAFF, headers={"X-Unattended": "1"}).status_code == 200
        clock.shift(timedelta(seconds=1))

        assert staff.get(STAFF, headers={"X-Unattended": "1"}).status_code == 302


def test_a_patient_has_half_an_hour(demo: Clinic, as_user: Any) -> None:
    page = reverse("people:account")
    with time_machine.travel(MORNING, tick=False) as clock:
        phone = as_user(a_portal_patient().user)
        phone.get(page)
        clock.shift(timedelta(minutes=29))
        assert phone.get(page).status_code == 200
        clock.shift(timedelta(minutes=31))

        assert phone.get(page).status_code == 302


@pytest.mark.parametrize("place", ["/account/", STAFF, "/signin/", "/join/abc/"])
def test_no_page_of_a_person_stays_in_a_browsers_store(demo: Clinic, manager: User, as_user: Any, place: str) -> None:
    asked = as_user(manager).get(place, follow=True)

    assert "no-store" in asked["Cache-Control"]
    assert "private" in asked["Cache-Control"]


def unguarded(request: Any) -> HttpResponse:
    return HttpResponse("everybody's record")


class NewDoors:
    urlpatterns: list[URLPattern] = [path("oops/", unguarded, name="oops")]


def test_the_server_does_not_start_with_a_view_that_forgot_its_guard(settings: Any) -> None:
    settings.ROOT_URLCONF = NewDoors

    problems = [problem for problem in run_checks(tags=["security"]) if problem.id == "clinic.E001"]

    assert [str(problem.msg) for problem in problems] == [f"{__name__}.unguarded has no guard."]


def test_every_view_that_there_is_has_a_guard() -> None:
    assert [problem for problem in run_checks(tags=["security"]) if problem.id == "clinic.E001"] == []


def test_a_role_opens_pages_from_the_next_click_on(demo: Clinic, receptionist: User, as_user: Any) -> None:
    desk = as_user(receptionist)
    assert desk.get(STAFF).status_code == 404

    User.objects.filter(pk=receptionist.pk).update(role=Role.MANAGER)

    assert desk.get(STAFF).status_code == 200


def test_two_people_cannot_share_an_email(db: None) -> None:
    from django.db import IntegrityError, transaction

    a_user(email="Same@Example.org")
    with pytest.raises(IntegrityError, match="people_user_email"), transaction.atomic():
        a_user(email="same@example.org")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "Upper@example.org"}, "email_is_in_lower_case"),
        ({"role": "janitor"}, "role_is_known"),
        ({"role": "clinician", "profession": ""}, "a_clinician_has_a_profession"),
    ],
)
def test_the_database_keeps_what_a_user_must_be(db: None, fields: dict[str, str], sentence: str) -> None:
    from django.db import IntegrityError, transaction

    person = a_user()
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        User.objects.filter(pk=person.pk).update(**fields)
