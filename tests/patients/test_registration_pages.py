"""Registering and correcting a patient at the desk, as the desk sees it."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from factories import a_patient, a_portal_patient
from registration_cast import deeds

from patients.models import Patient
from people.models import AuditEvent, User
from people.rules.permissions import Role

TYPED = {
    "given_name": "Leila",
    "family_name": "Rahimi",
    "birth_date": "1978-03-04",
    "mobile": "(202) 555-0144",
    "email": "Leila@Example.org",
    "sex": "unknown",
    "may_be_mailed": "on",
    "request_key": "one-form",
}


def as_typed(patient: Patient, **changes: Any) -> dict[str, Any]:
    names = ["title", "given_name", "family_name", "preferred_name", "sex", "email", "address", "city", "desk_note"]
    shown = {name: getattr(patient, name) for name in names}
    return (
        shown | {"birth_date": patient.birth_date or "", "mobile": str(patient.mobile), "may_be_mailed": "on"} | changes
    )


def test_a_caller_is_registered_and_goes_straight_to_the_first_visit(desk: Client) -> None:
    answer = desk.post(reverse("patients:register"), TYPED)

    patient = Patient.objects.get()
    assert answer.url == f"{reverse('appointments:book')}?patient={patient.pk}&service=first_assessment"
    assert (patient.banner_name, str(patient.mobile), patient.email) == (
        "RAHIMI, Leila",
        "+12025550144",
        "Leila@Example.org",
    )
    account = User.objects.get(patients=patient)
    assert (account.email, account.role, account.has_usable_password()) == ("leila@example.org", Role.PATIENT, False)
    assert deeds() == ["patient.registered"]


def test_the_same_form_sent_twice_makes_one_patient(desk: Client) -> None:
    first = desk.post(reverse("patients:register"), TYPED)
    second = desk.post(reverse("patients:register"), TYPED)

    assert first.url == second.url
    assert Patient.objects.count() == 1
    assert deeds() == ["patient.registered"]


def test_going_back_and_typing_somebody_else_makes_a_second_patient(desk: Client) -> None:
    desk.post(reverse("patients:register"), TYPED)
    desk.post(
        reverse("patients:register"),
        TYPED | {"given_name": "Omar", "mobile": "", "email": "", "birth_date": "1990-01-02"},
    )

    assert set(Patient.objects.values_list("given_name", flat=True)) == {"Leila", "Omar"}


def test_somebody_known_is_shown_and_registered_only_after_a_second_press(desk: Client) -> None:
    known = a_patient(given_name="Leyla", family_name="Rahimi", birth_date=date(1978, 3, 4), mobile="")

    asked = desk.post(reverse("patients:register"), TYPED).content.decode()

    assert Patient.objects.count() == 1
    assert known.clinic_number in asked
    assert "Register anyway" in asked
    assert 'value="(202) 555-0144"' in asked  # nothing typed is lost

    desk.post(reverse("patients:register"), TYPED | {"even_if_known": "1"})

    assert Patient.objects.count() == 2


def test_a_twin_is_shown_while_typing_and_registered_at_once(desk: Client) -> None:
    twin = a_patient(given_name="Dariush", family_name="Rahimi", birth_date=date(1978, 3, 4), mobile="")

    shown = desk.post(reverse("patients:matches"), TYPED).content.decode()
    desk.post(reverse("patients:register"), TYPED)

    assert twin.clinic_number in shown
    assert "a twin?" in shown
    assert "<html" not in shown
    assert Patient.objects.count() == 2


@pytest.mark.parametrize(
    ("given", "family"),
    [
        ("小龍", "李"),
        ("Оксана", "Шевченко"),
        ("محمد", "حسینی"),
        ("Sukarno", ""),
        ("Sinéad", "O’Brien-D'Arcy"),
        ("", "Björk"),
    ],
)
def test_names_of_any_script_are_kept_as_they_are_written(desk: Client, given: str, family: str) -> None:
    desk.post(reverse("patients:register"), TYPED | {"given_name": given, "family_name": family})

    assert (Patient.objects.get().given_name, Patient.objects.get().family_name) == (given, family)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("given_name", "Leila 😀", "Please use letters"),
        ("given_name", "<script>", "Please use letters"),
        ("given_name", "123", "at least one letter"),
        ("given_name", "x" * 101, "at most 100 characters"),
        ("given_name", "Le\x00ila", "Null characters"),
        ("mobile", "12", "This is not a phone number"),
        ("birth_date", "2999-01-01", "in the future"),
        ("birth_date", "1700-01-01", "130 years ago"),
        ("birth_date", "30.02.1978", "Enter a valid date"),
        ("email", "nobody", "valid email"),
    ],
)
def test_what_cannot_be_is_refused_politely_and_stays_on_the_screen(
    desk: Client, field: str, typed: str, said: str
) -> None:
    page = desk.post(reverse("patients:register"), TYPED | {field: typed}).content.decode()

    assert said in page
    assert "There is a problem" in page
    assert 'value="Rahimi"' in page
    assert not Patient.objects.exists()


def test_a_patient_without_any_name_is_refused(desk: Client) -> None:
    page = desk.post(
        reverse("patients:register"), TYPED | {"given_name": " ", "family_name": "\u200f"}
    ).content.decode()

    assert "One word is enough" in page


def test_what_was_searched_for_is_already_in_the_form(desk: Client) -> None:
    page = desk.get(reverse("patients:register"), {"q": "o'brien, pat 4 Mar 1978 202 555 0123"}).content.decode()

    for value in ["Pat", "O&#x27;brien", "1978-03-04", "(202) 555-0123"]:
        assert f'value="{value}"' in page


def test_the_desk_corrects_a_patient_and_the_portal_follows_the_new_email(desk: Client) -> None:
    patient = a_portal_patient(given_name="Leila")
    page = desk.get(reverse("patients:edit", args=[patient.pk]))

    desk.post(
        reverse("patients:edit", args=[patient.pk]),
        as_typed(patient, email="new@example.org", preferred_name="Lili", seen=page.context["seen"]),
    )

    patient.refresh_from_db()
    assert (patient.preferred_name, patient.email, patient.user and patient.user.email) == (
        "Lili",
        "new@example.org",
        "new@example.org",
    )
    assert patient.portal_confirmed_at is None
    event = AuditEvent.objects.get(deed="patient.corrected")
    assert event.detail == {"changed": ["email", "preferred_name"]}


def test_somebody_elses_change_is_shown_beside_mine_and_nothing_is_lost(desk: Client) -> None:
    patient = a_patient(given_name="Leila", city="Albany")
    page = desk.get(reverse("patients:edit", args=[patient.pk]))
    Patient.objects.filter(pk=patient.pk).update(city="Boston")

    mine = as_typed(patient, city="Buffalo", seen=page.context["seen"])
    refused = desk.post(reverse("patients:edit", args=[patient.pk]), mine)

    patient.refresh_from_db()
    assert patient.city == "Boston"
    assert refused.context["differences"] == [("City", "Boston", "Buffalo")]

    desk.post(reverse("patients:edit", args=[patient.pk]), mine | {"seen": refused.context["seen"]})

    patient.refresh_from_db()
    assert patient.city == "Buffalo"


def test_a_mistyped_field_does_not_hide_somebody_elses_change(desk: Client) -> None:
    patient = a_patient(city="Albany")
    seen = desk.get(reverse("patients:edit", args=[patient.pk])).context["seen"]
    Patient.objects.filter(pk=patient.pk).update(city="Boston")

    mistyped = desk.post(reverse("patients:edit", args=[patient.pk]), as_typed(patient, mobile="1", seen=seen))
    refused = desk.post(reverse("patients:edit", args=[patient.pk]), as_typed(patient, seen=mistyped.context["seen"]))

    assert refused.context["differences"]
