"""Registering and correcting a patient at the desk, as the desk sees it."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from factories import a_patient, a_portal_patient, a_user, the_clinic

from patients.models import Patient, RedFlag
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


def signed_in(role: str = Role.FRONT_DESK) -> Client:
    the_clinic()
    client = Client()
    client.force_login(a_user(role))
    return client


@pytest.fixture
def desk(db: None) -> Client:
    return signed_in()


def deeds() -> list[str]:
    return list(AuditEvent.objects.order_by("at", "pk").values_list("deed", flat=True))


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


def test_an_archived_patient_is_taken_back(desk: Client) -> None:
    patient = a_patient()

    desk.post(reverse("patients:archive", args=[patient.pk]))
    assert not Patient.objects.current().exists()
    assert "This patient is archived" in desk.get(reverse("patients:patient", args=[patient.pk])).content.decode()

    desk.post(reverse("patients:restore", args=[patient.pk]))
    assert Patient.objects.current().exists()
    assert [deed for deed in deeds() if deed != "patient.opened"] == ["patient.archived", "patient.restored"]


def test_a_death_is_recorded_said_on_the_page_and_taken_back(desk: Client) -> None:
    patient = a_patient(birth_date=date(1950, 1, 1))

    desk.post(reverse("patients:death", args=[patient.pk]), {"died_on": "2026-02-03"})
    page = desk.get(reverse("patients:patient", args=[patient.pk])).content.decode()

    assert "Deceased" in page
    assert "(76y)" in page
    assert f"{reverse('appointments:book')}?patient=" not in page

    desk.post(reverse("patients:death", args=[patient.pk]), {"alive": "1"})
    patient.refresh_from_db()
    assert patient.died_on is None
    assert deeds().count("patient.death_recorded") == deeds().count("patient.death_taken_back") == 1


@pytest.mark.parametrize(
    ("day", "said"), [("1900-01-01", "before the birth date"), ("2999-01-01", "in the future"), ("", "required")]
)
def test_a_death_that_cannot_be_is_refused(desk: Client, day: str, said: str) -> None:
    patient = a_patient()

    page = desk.post(reverse("patients:death", args=[patient.pk]), {"died_on": day}).content.decode()

    assert said in page
    assert not Patient.objects.exclude(died_on=None).exists()


def test_the_front_desk_learns_that_a_check_is_needed_and_never_why(desk: Client) -> None:
    patient = a_patient()
    RedFlag.objects.create(patient=patient, code="rf_fever", urgency="same_day", raised_at=patient.registered_at)

    for_desk = desk.get(reverse("patients:patient", args=[patient.pk])).content.decode()
    for_clinician = signed_in(Role.CLINICIAN).get(reverse("patients:patient", args=[patient.pk])).content.decode()

    assert "Clinician check needed" in for_desk
    assert "fever" not in for_desk
    assert reverse("patients:record", args=[patient.pk]) not in for_desk
    assert reverse("patients:record", args=[patient.pk]) in for_clinician


def test_the_page_says_how_the_portal_stands(desk: Client) -> None:
    staff = User.objects.filter(role=Role.FRONT_DESK)[0]
    said = {
        "There is no e-mail": a_patient(email=""),
        "belongs to somebody who works here": a_patient(email=staff.email.upper()),
        "cannot sign in yet": a_patient(email="imported@example.org"),
        "Open since 14-Sep-2026": a_portal_patient(),
        "asks for the birth date once": a_portal_patient(birth_date=None),
    }
    Patient.objects.filter(birth_date=None).update(portal_confirmed_at=None)

    for words, patient in said.items():
        assert words in desk.get(reverse("patients:patient", args=[patient.pk])).content.decode()


def test_an_imported_patient_is_given_portal_access(desk: Client) -> None:
    patient = a_patient(email="imported@example.org")

    desk.post(reverse("patients:portal_access", args=[patient.pk]))
    desk.post(reverse("patients:portal_access", args=[patient.pk]))

    patient.refresh_from_db()
    assert User.objects.get(patients=patient).email == "imported@example.org"
    assert deeds().count("patient.account_changed") == 1


def test_a_mother_and_her_child_share_an_account_and_see_each_other_on_the_page(desk: Client) -> None:
    mother, child = (
        a_patient(given_name="Leila", email="home@example.org"),
        a_patient(given_name="Ava", email="Home@example.org"),
    )

    for each in (mother, child):
        desk.post(reverse("patients:portal_access", args=[each.pk]))
    page = desk.get(reverse("patients:patient", args=[mother.pk])).content.decode()

    assert set(User.objects.get(email="home@example.org").patients.all()) == {mother, child}
    assert child.clinic_number in page


def test_every_opening_leaves_a_line(desk: Client) -> None:
    patient = a_patient()

    desk.get(reverse("patients:patient", args=[patient.pk]))

    event = AuditEvent.objects.get()
    assert (event.deed, event.patient_id, event.detail) == ("patient.opened", patient.pk, {"page": "patients:patient"})


@pytest.mark.parametrize("name", ["list", "register", "matches"])
def test_patients_are_told_that_the_desks_pages_do_not_exist(db: None, name: str) -> None:
    client = signed_in(Role.PATIENT)

    assert [
        client.get(reverse(f"patients:{name}")).status_code,
        client.post(reverse(f"patients:{name}")).status_code,
    ] == [404, 404]


@pytest.mark.parametrize("name", ["patient", "edit", "archive", "restore", "death", "portal_access"])
def test_patients_cannot_reach_even_their_own_admin_page(db: None, name: str) -> None:
    the_clinic()
    patient = a_portal_patient()
    client = Client()
    client.force_login(patient.user)

    assert client.get(reverse(f"patients:{name}", args=[patient.pk])).status_code == 404
    assert client.post(reverse(f"patients:{name}", args=[patient.pk])).status_code == 404
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("name", ["matches", "archive", "restore", "death", "portal_access"])
def test_nothing_changes_by_following_a_link(desk: Client, name: str) -> None:
    args = [] if name == "matches" else [a_patient().pk]

    assert desk.get(reverse(f"patients:{name}", args=args)).status_code == 405


def test_the_page_costs_the_same_for_a_household_of_one_and_of_ten(
    desk: Client, django_assert_num_queries: Any
) -> None:
    patient = a_patient(email="home@example.org")
    desk.get(reverse("patients:patient", args=[patient.pk]))  # the session's first write

    for _household in (1, 10):
        with django_assert_num_queries(10):
            desk.get(reverse("patients:patient", args=[patient.pk]))
        for _n in range(9):
            a_patient(email="home@example.org")
