"""Whose record it is, the birth date, the form's link, settings, and help for everybody."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from factories import NOW, a_patient, a_portal_patient, a_user, the_clinic
from portal_cast import Portal, a_portal, it_is, signed_in

from clinic.portal.words import plain
from patients.models import Patient
from people.models import User
from people.rules.permissions import Role
from programs.models import Plan

pytestmark = pytest.mark.django_db
BORN = date(2015, 5, 6)


@pytest.fixture
def portal() -> Portal:
    return a_portal()


@pytest.fixture
def family() -> tuple[User, Patient, Patient]:
    """A mother's account with two children, neither opened here before."""
    the_clinic()
    mother = a_user(Role.PATIENT, name="Nadia Rahimi")
    children = [
        a_patient(given_name=name, family_name="Rahimi", user=mother, email=mother.email, birth_date=born)
        for name, born in [("Ari", BORN), ("Bea", date(2018, 7, 8))]
    ]
    return mother, children[0], children[1]


def test_a_mother_of_two_is_asked_who_it_is_for(family: tuple[User, Patient, Patient]) -> None:
    mother, *_children = family
    client = signed_in(mother)

    assert client.get("/me/").url == "/me/who/"
    html = client.get("/me/who/").content.decode()
    assert "Who is this for?" in html
    assert all(name in html for name in ("Ari", "Bea"))
    assert "Rahimi" not in html.split("<main", 1)[1]


def test_each_child_asks_its_own_birth_date_once(family: tuple[User, Patient, Patient]) -> None:
    mother, ari, bea = family
    client = signed_in(mother)

    asked = client.post("/me/who/", {"patient": ari.pk}).content.decode()
    client.post("/me/who/", {"patient": ari.pk, "birth_date": BORN.isoformat()})
    of_ari = client.get("/me/").content.decode()
    asked_of_bea = client.post("/me/who/", {"patient": bea.pk}).content.decode()
    still_ari = client.get("/me/").content.decode()

    assert "When was <bdi>Ari</bdi> born?" in asked
    assert "<bdi>Ari</bdi>" in of_ari
    assert "When was <bdi>Bea</bdi> born?" in asked_of_bea
    assert "<bdi>Ari</bdi>" in still_ari
    again = signed_in(mother)
    assert again.post("/me/who/", {"patient": ari.pk}).url == "/me/"


def test_a_wrong_birth_date_opens_nothing_and_five_are_enough(family: tuple[User, Patient, Patient]) -> None:
    mother, ari, _bea = family
    client = signed_in(mother)

    for day in range(1, 6):
        html = client.post("/me/who/", {"patient": ari.pk, "birth_date": f"2015-01-0{day}"}).content.decode()
        assert "That is not the birth date we have." in html
    html = client.post("/me/who/", {"patient": ari.pk, "birth_date": BORN.isoformat()}).content.decode()

    assert "tried too often" in html
    assert client.get("/me/").url == "/me/who/"
    assert Patient.objects.get(pk=ari.pk).portal_confirmed_at is None


def test_a_stranger_cannot_choose_somebody_elses_child(family: tuple[User, Patient, Patient]) -> None:
    _mother, ari, _bea = family
    stranger = a_portal_patient(given_name="Mara")
    client = signed_in(stranger.user)

    client.post("/me/who/", {"patient": ari.pk, "birth_date": BORN.isoformat()})
    session = client.session
    session["patient_id"] = str(ari.pk)
    session.save()

    assert "<bdi>Mara</bdi>" in client.get("/me/").content.decode()


def test_the_only_record_of_an_account_opens_by_itself(portal: Portal) -> None:
    assert portal.client.get("/me/").status_code == 200
    assert portal.client.get("/me/who/").url == "/me/"


def test_an_account_whose_record_was_archived_finds_nothing(portal: Portal) -> None:
    portal.leila.archived_at = NOW
    portal.leila.save()

    assert [portal.client.get(url).status_code for url in ("/me/", "/me/who/", "/me/plan/")] == [404] * 3


# The link to a form


def test_the_form_link_asks_the_birth_date_and_then_for_a_code(portal: Portal) -> None:
    client = Client()
    url = reverse("portal:form", args=[portal.visit.link_token])
    assert portal.leila.birth_date

    with it_is(NOW):
        asked = client.get(url).content.decode()
        answer = client.post(url, {"birth_date": portal.leila.birth_date.isoformat()})
        code_page = client.get(answer.url).content.decode()

    assert portal.leila.email not in asked
    assert "8 digits" in code_page
    assert answer.url.startswith(reverse("account_confirm_login_code"))
    assert [letter.to for letter in mail.outbox] == [[portal.leila.email]]
    assert "_auth_user_id" not in client.session


def test_a_wrong_birth_date_sends_no_code_and_five_are_enough(portal: Portal) -> None:
    client = Client()
    url = reverse("portal:form", args=[portal.visit.link_token])
    assert portal.leila.birth_date

    with it_is(NOW):
        for day in range(1, 6):
            html = client.post(url, {"birth_date": f"1990-01-0{day}"}).content.decode()
            assert "That is not the birth date we have." in html
        html = Client().post(url, {"birth_date": portal.leila.birth_date.isoformat()}).content.decode()

    assert "tried too often" in html
    assert mail.outbox == []


def test_who_gave_the_birth_date_on_the_way_in_is_not_asked_again(portal: Portal) -> None:
    Patient.objects.filter(pk=portal.leila.pk).update(portal_confirmed_at=None)
    client = portal.client
    url = reverse("portal:form", args=[portal.visit.link_token])
    assert portal.leila.birth_date

    with it_is(NOW):
        answer = client.post(url, {"birth_date": portal.leila.birth_date.isoformat()}, follow=True)

    assert answer.redirect_chain[-1][0] == reverse("patients:forms")
    assert Patient.objects.get(pk=portal.leila.pk).portal_confirmed_at == NOW


def test_a_patient_without_an_account_is_asked_to_call(portal: Portal) -> None:
    Patient.objects.filter(pk=portal.leila.pk).update(user=None)
    assert portal.leila.birth_date

    with it_is(NOW):
        url = reverse("portal:form", args=[portal.visit.link_token])
        html = Client().post(url, {"birth_date": portal.leila.birth_date.isoformat()}).content.decode()

    assert "Please call us" in html
    assert mail.outbox == []


# Settings


def test_a_patient_chooses_when_to_be_reminded_or_never(portal: Portal) -> None:
    client = portal.client

    client.post("/me/settings/", {"form": "reminder", "remind_at": "08:30"})
    chosen = Plan.objects.get().remind_at
    client.post("/me/settings/", {"form": "reminder", "remind_at": ""})

    assert chosen is not None
    assert chosen.isoformat() == "08:30:00"
    assert Plan.objects.get().remind_at is None


def test_a_time_that_is_none_is_said_and_nothing_changes(portal: Portal) -> None:
    html = portal.client.post("/me/settings/", {"form": "reminder", "remind_at": "soon"}).content.decode()

    assert "Enter a valid time" in html
    assert Plan.objects.get().remind_at is not None


# Help for everybody


def test_anybody_may_read_when_to_get_help_fast() -> None:
    the_clinic(emergency_number="112")

    html = Client().get("/help/urgent/").content.decode()

    assert "Call 112 now" in html
    assert "Is your speech slurred or are words hard to say?" in html
    assert "(Examination)" not in html
    assert "Not yet confirmed by a clinician" in html


@pytest.mark.parametrize(
    ("shorthand", "said"),
    [("NPRS down 2", "Pain from 0 to 10 down 2"), ("no NSAID", "No anti-inflammatory medicine")],
)
def test_goals_are_read_without_shorthand(shorthand: str, said: str) -> None:
    assert plain(shorthand) == said


def test_staff_have_no_portal_of_their_own(portal: Portal) -> None:
    client = signed_in(portal.rosa)

    assert [client.get(url).status_code for url in ("/me/", "/me/who/", "/me/visits/", "/me/settings/")] == [404] * 4


def test_a_link_lives_until_a_day_after_the_visit(portal: Portal) -> None:
    url = reverse("portal:form", args=[portal.visit.link_token])

    with it_is(portal.visit.ends_at + timedelta(hours=23)):
        assert Client().get(url).status_code == 200
