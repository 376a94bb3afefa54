"""Who is on the phone: found, told apart, or registered and booked in one go."""

import re
from datetime import date
from typing import Any

import pytest
from booking_cast import Cast, at
from django.test import Client
from django.urls import reverse
from factories import a_patient
from office_cast import text
from panel_cast import chosen, link, panel

from clinic.appointments.models import Appointment
from patients.models import Patient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]


def test_a_caller_is_found_and_chosen_before_anything_else(desk: Client, cast: Cast) -> None:
    answer = desk.get(reverse("appointments:book"), {"q": "rahi", "service": "review"})

    assert "Rahimi, Leila" in text(answer)
    assert f"?patient={cast.leila.pk}&amp;service=review" in answer.content.decode()


def test_a_caller_whom_nobody_knows_can_be_added(desk: Client) -> None:
    answer = desk.get(reverse("appointments:book"), {"q": "zzzzqq"})

    assert "No one matches “zzzzqq”" in text(answer)
    assert f"{reverse('appointments:book_new')}?q=zzzzqq" in answer.content.decode()


def test_enter_takes_the_only_match_and_asks_when_there_are_several(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book")

    one = desk.get(url, {"q": "rahi 78", "first": "1", "day": "2026-09-15"})
    assert (one.status_code, one.url) == (302, f"{url}?patient={cast.leila.pk}&day=2026-09-15")

    a_patient(family_name="Rahimian", birth_date=date(1978, 5, 5))
    several = desk.get(url, {"q": "rahi 78", "first": "1"})
    assert several.status_code == 200
    assert "Choose the patient" in text(several)


def test_enter_on_somebody_nobody_knows_opens_the_form_for_a_new_patient(desk: Client) -> None:
    answer = desk.get(reverse("appointments:book"), {"q": "zzzzqq", "first": "1", "day": "2026-09-15"})

    assert answer.url == f"{reverse('appointments:book_new')}?q=zzzzqq&day=2026-09-15"


def test_matches_come_while_somebody_is_typing(desk: Client, cast: Cast) -> None:
    answer = desk.get(reverse("appointments:book"), {"q": "rahi", "first": "1"}, headers={"HX-Request": "true"})

    assert text(answer).strip().startswith("Choose the patient. Enter takes the first. 1 Rahimi, Leila")
    assert "Sign out" not in text(answer)


def test_the_panel_asks_for_the_birth_date_and_shows_enough_to_check_it(desk: Client, cast: Cast) -> None:
    seen = text(panel(desk, cast))

    assert "Ask for their date of birth RAHIMI, Leila Born 04-Mar-1978 (48y)" in seen
    assert str(cast.leila.mobile) not in seen  # the ending is enough to check, and others can see the screen


def test_visits_that_are_booked_already_are_shown_with_a_way_to_move_them(desk: Client, cast: Cast) -> None:
    visit = cast.book(at(10, day=16))

    answer = panel(desk, cast)

    assert link(answer, "Move Wed 16 Sep, 10:00") == reverse("appointments:move", args=[visit.pk])


CALLER = {
    "given_name": "Zara", "family_name": "Quillfeather", "birth_date": "1984-05-17", "mobile": "202 555 0188",
    "email": "", "reason": "first_assessment",
}  # fmt: skip


def new_fields(answer: Any, **typed: str) -> dict[str, str]:
    form = answer.content.decode().partition('id="newform"')[2]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    picked = re.search(r'name="offer" value="([^"]+)" checked', form)
    return hidden | CALLER | ({"offer": picked.group(1)} if picked else {}) | typed


def test_a_new_caller_is_registered_and_booked_in_one_go(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book_new")
    answer = desk.get(url, {"q": "zara quillfeather"})
    assert 'name="given_name" value="Zara"' in answer.content.decode()
    sent = new_fields(answer)

    for _ in range(2):  # a double click is one patient and one visit
        assert desk.post(url, sent).status_code == 302

    visit = Appointment.objects.get()
    assert (visit.patient.full_name, visit.patient.birth_date) == ("Zara Quillfeather", date(1984, 5, 17))
    assert (visit.service_code, visit.starts_at) == ("first_assessment", at(9))
    assert Patient.objects.filter(family_name="Quillfeather").count() == 1


def test_a_time_that_is_gone_leaves_no_half_known_patient_and_nothing_typed_is_lost(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book_new")
    sent = new_fields(desk.get(url))
    cast.book(at(9))

    answer = desk.post(url, sent)

    assert answer.status_code == 409
    assert "09:00 was booked by Rosa a moment ago." in text(answer)
    assert 'value="Quillfeather"' in answer.content.decode()
    assert not Patient.objects.filter(family_name="Quillfeather").exists()
    assert desk.post(url, new_fields(answer)).status_code == 302


def test_the_reason_decides_which_visit_it_is_and_is_kept_nowhere(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book_new")
    part = desk.get(url, {"reason": "review"}, headers={"HX-Request": "true"})
    assert "Review visit, 30 min" in text(part)

    desk.post(url, new_fields(desk.get(url, {"reason": "review"}), reason="review"))

    assert Appointment.objects.get().service_code == "review"


def test_somebody_much_alike_is_shown_before_a_double_is_made(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book_new")
    twin = {"given_name": "Leila", "family_name": "Rahimi", "birth_date": "1978-03-04"}
    close = desk.post(reverse("appointments:book_matches"), twin)
    assert f"?patient={cast.leila.pk}" in close.content.decode()

    asked = desk.post(url, new_fields(desk.get(url), **twin))
    assert asked.status_code == 409
    assert "This is somebody else: register and book" in text(asked)

    assert desk.post(url, new_fields(asked, **twin, even_if_known="1")).status_code == 302
    assert Patient.objects.filter(family_name="Rahimi").count() == 2


def test_a_caller_nobody_can_reach_is_asked_for_a_number(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book_new")

    answer = desk.post(url, new_fields(desk.get(url), mobile=""))

    assert "Ask for a number" in text(answer)
    assert not Appointment.objects.exists()


def test_other_times_are_shown_without_losing_what_was_typed(desk: Client, cast: Cast) -> None:
    url = reverse("appointments:book_new")

    answer = desk.post(url, new_fields(desk.get(url), show="1", say="thu after 3"))

    assert chosen(answer, form="newform") == "Thu 17 Sep, 15:00"
    assert 'value="Quillfeather"' in answer.content.decode()
    assert "There is a problem" not in text(answer)
